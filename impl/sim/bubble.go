package sim

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/go-logr/logr"
	utilrand "k8s.io/apimachinery/pkg/util/rand"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
)

// A TB is what Run needs of a test: *testing.T, *testing.B and *rapid.T are ones.
type TB interface {
	Helper()
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Run opens a bubble of virtual time with one cluster in it and calls f there. It
// returns when f has, every process has stopped, and every goroutine has ended; a
// goroutine that does not end fails the test.
//
// A panic of f, and a FailNow of any test, come out of Run in the caller's
// goroutine, after the same clean-up, so that f may use the *testing.T or the
// *rapid.T of its surroundings. A Failure fails the test.
func Run(t TB, o Options, f func(*Cluster)) {
	t.Helper()
	if t, ok := t.(interface{ Context() context.Context }); ok {
		t.Context().Done() // made in the bubble, its channel could not be closed outside
	}
	var c *Cluster
	end := open(o, func(cluster *Cluster) {
		c = cluster
		f(cluster)
	})
	if end.failed() && c != nil {
		t.Logf("sim: the last steps were\n%s", c.history.String())
	}
	if end.stack != "" {
		t.Logf("sim: panic: %v\n%s", end.panicked, end.stack)
	}
	if failure, ok := end.panicked.(Failure); ok {
		t.Fatalf("%v", failure) // a panic would keep the tests that follow from running
	}
	if err := end.resume(); err != nil {
		t.Fatalf("sim: %v", err)
	}
}

// Open is Run without a test: it returns what Run fails the test with.
//
// The bubbles of a process run one after the other, those of parallel tests too:
// client-go draws from the random numbers of the process, and what is drawn must
// not depend on another bubble.
func Open(o Options, f func(*Cluster)) error {
	end := open(o, f)
	return end.resume()
}

func open(o Options, f func(*Cluster)) (end ending) {
	if bubbleName() != "" {
		panic("sim: a bubble cannot be opened in a bubble")
	}
	oneBubble.Lock()
	defer oneBubble.Unlock()
	prepareProcess.Do(quietProcess)
	done := make(chan struct{})
	go func() {
		// synctest takes a panic of the bubble for one of the test, and ends this
		// goroutine if a test has failed: a test of its own keeps both away from the caller.
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				end.err = errors.Join(end.err, fmt.Errorf("%v\n%s", p, leaked(end.bubble)))
			}
		}()
		synctest.Test(new(testing.T), func(*testing.T) { inBubble(o, f, &end) })
	}()
	whileWatched(done)
	return end
}

var (
	oneBubble      sync.Mutex
	prepareProcess sync.Once
)

// An ending is how a function ended: it returned, panicked, or ended its goroutine.
type ending struct {
	panicked any
	where    uint64 // hash of the stack of the panic
	stack    string // of a panic that no test library has made
	exited   bool   // runtime.Goexit, as FailNow does
	err      error
	bubble   string // as stack traces name it
}

func (e *ending) failed() bool { return e.panicked != nil || e.exited || e.err != nil }

// resume lets the caller's goroutine end in the same way.
func (e *ending) resume() error {
	if e.panicked != nil {
		panicAgain(e.panicked, e.where, 8)
	}
	if e.exited {
		runtime.Goexit()
	}
	return e.err
}

// panicAgain panics with p in a stack that depends on where: two bits of it a frame,
// in the line numbers. rapid takes two panics for the same failure if their stacks
// are the same, and would else shrink a violation to any other, or to a lack of
// random numbers, which is a panic too.
func panicAgain(p any, where uint64, frames int) {
	if frames == 0 {
		panic(p)
	}
	switch where % 4 {
	case 0:
		panicAgain(p, where/4, frames-1)
	case 1:
		panicAgain(p, where/4, frames-1)
	case 2:
		panicAgain(p, where/4, frames-1)
	case 3:
		panicAgain(p, where/4, frames-1)
	}
}

// apart calls f in a goroutine of its own, for Goexit ends that.
func apart(f func()) ending {
	finished := make(chan ending, 1)
	go func() {
		e := ending{exited: true}
		defer func() {
			if p := recover(); p != nil {
				e = caught(p)
			}
			finished <- e
		}()
		f()
		e.exited = false
	}()
	return <-finished
}

// caught is called by the function that recovers p.
func caught(p any) ending {
	e := ending{panicked: p}
	callers := make([]uintptr, 32)
	h := fnv.New64a()
	fmt.Fprint(h, callers[:runtime.Callers(3, callers)])
	e.where = h.Sum64()
	if reflect.TypeOf(p).PkgPath() != "pgregory.net/rapid" {
		e.stack = string(debug.Stack())
	}
	return e
}

func inBubble(o Options, f func(*Cluster), end *ending) {
	seed(o.Seed)
	bubble := bubbleName()
	end.bubble = bubble // leaked needs it if this function never returns
	c, err := newCluster(o)
	if err != nil {
		end.err = err
		return
	}
	opened.Store(c)
	defer opened.Store(nil)
	e := apart(func() { f(c) })
	e.bubble, e.err = bubble, c.close()
	if p := c.panicked.Load(); p != nil && !errors.As(e.err, new(*PanicError)) {
		e.err = errors.Join(p, e.err)
	}
	*end = e
}

// quietProcess changes what client-go keeps in global variables and a bubble cannot
// stand. It is done once and not undone, since other goroutines may read them.
func quietProcess() {
	// The second handler remembers real time: in a bubble, which begins in 2000, its
	// first call would sleep for decades. The first would write to the standard error
	// of every test.
	utilruntime.ErrorHandlers = utilruntime.ErrorHandlers[:1]
	// A panic would end the program, and nobody would hear of the schedule.
	utilruntime.PanicHandlers = append(utilruntime.PanicHandlers, notePanic)
	utilruntime.ReallyCrash = false
	klog.SetLogger(logr.Discard())
	// rand.Seed does nothing unless asked to.
	os.Setenv("GODEBUG", strings.TrimPrefix(os.Getenv("GODEBUG")+",randseednop=0", ","))
}

// seed fixes the jitter that client-go draws.
func seed(n int64) {
	utilrand.Seed(n)
	reseed(n)
}

func reseed(n int64) {
	//lint:ignore SA1019 client-go draws from the global source, and knows no other
	rand.Seed(n)
}

var bubbleHeader = regexp.MustCompile(`synctest bubble \d+`)

// bubbleName is what stack traces call the bubble of the calling goroutine.
func bubbleName() string {
	buf := make([]byte, 200)
	return string(bubbleHeader.Find(buf[:runtime.Stack(buf, false)]))
}

// leaked are the stacks of the goroutines that are left in a bubble, those of one
// kind once.
func leaked(bubble string) string {
	buf := make([]byte, 4<<20)
	count := make(map[string]int)
	var kinds []string
	for _, stack := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		header, frames, _ := strings.Cut(stack, "\n")
		if bubble == "" || !strings.Contains(header, bubble+"]") {
			continue
		}
		kind := argument.ReplaceAllString(frames, "")
		if count[kind]++; count[kind] == 1 {
			kinds = append(kinds, kind)
		}
	}
	for i, kind := range kinds {
		kinds[i] = fmt.Sprintf("%d times:\n%s", count[kind], kind)
	}
	return strings.Join(kinds, "\n")
}

// argument is what tells goroutines apart that do the same.
var argument = regexp.MustCompile(`\(0x[^)]*\)|\(\{0x[^)]*\)| \+0x[0-9a-f]+| in goroutine \d+`)
