package manager

import (
	"net/http"
	"runtime"
	"strings"
	"sync"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	coreinformers "k8s.io/client-go/informers/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
)

// tainting is while the pass of nodelifecycle that adds NoExecute taints waits for the
// API server. It holds the mutex of its queue meanwhile (nodelifecycle/scheduler:
// RateLimitedTimedQueue.Try), which the pass that watches over nodes needs too, and in
// a bubble time cannot pass while a goroutine waits for a mutex. So the latter waits
// here, where it lists the nodes, and not a little later, at the mutex.
type tainting struct {
	mu sync.Mutex
	// done is closed when the request has its answer; nil: there is no request.
	done chan struct{}
}

// over is a layer of nodelifecycle's connection.
func (t *tainting) over(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if !calledBy("nodelifecycle.(*Controller).doNoExecuteTaintingPass") {
			return next.RoundTrip(req)
		}
		done := make(chan struct{})
		t.set(done)
		defer close(done)
		defer t.set(nil)
		return next.RoundTrip(req)
	})
}

func (t *tainting) set(done chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done = done
}

// wait returns when there is no request.
func (t *tainting) wait() {
	for {
		t.mu.Lock()
		done := t.done
		t.mu.Unlock()
		if done == nil {
			return
		}
		<-done
	}
}

// calledBy says whether the function is on the stack.
func calledBy(function string) bool {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		frame, more := frames.Next()
		if strings.Contains(frame.Function, function) {
			return true
		}
		if !more {
			return false
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// nodes are an informer whose lister waits.
func (t *tainting) nodes(of coreinformers.NodeInformer) coreinformers.NodeInformer {
	return patientInformer{of, t}
}

type patientInformer struct {
	coreinformers.NodeInformer
	tainting *tainting
}

func (i patientInformer) Lister() corelisters.NodeLister {
	return patientLister{i.NodeInformer.Lister(), i.tainting}
}

type patientLister struct {
	corelisters.NodeLister
	tainting *tainting
}

func (l patientLister) List(selector labels.Selector) ([]*v1.Node, error) {
	l.tainting.wait()
	return l.NodeLister.List(selector)
}
