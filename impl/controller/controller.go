// Package controller is what the controllers of this tree share: how a process is
// made of them. Each controller has a folder of its own, and works against any API
// server that client-go can talk to.
package controller

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// A Runnable is a controller, or a process made of several. Start returns when ctx
// ends and everything that it started has stopped. It is controller-runtime's
// manager.Runnable.
type Runnable interface {
	Start(ctx context.Context) error
}

// A Process is what the controllers of one process share: a connection, and one
// cache of each kind.
type Process struct {
	Config    *rest.Config
	Informers informers.SharedInformerFactory
}

// NewProcess returns a process whose informers do not resync. The wraps, such as
// FirstListMayBeStale, change the client of the informers.
func NewProcess(config *rest.Config, wraps ...func(kubernetes.Interface) kubernetes.Interface) (*Process, error) {
	p := &Process{Config: config}
	client, err := p.Client("shared-informers")
	if err != nil {
		return nil, err
	}
	for _, wrap := range wraps {
		client = wrap(client)
	}
	p.Informers = informers.NewSharedInformerFactory(client, 0)
	return p, nil
}

// Client returns the client of one controller, which the API server can tell from
// the others of the process by its user agent. Unless the configuration says
// otherwise it speaks protobuf, as those of kube-controller-manager do.
func (p *Process) Client(component string) (kubernetes.Interface, error) {
	config := rest.AddUserAgent(rest.CopyConfig(p.Config), component)
	if config.ContentType == "" {
		config.ContentType = runtime.ContentTypeProtobuf
		config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	}
	return kubernetes.NewForConfig(config)
}

// FirstListMayBeStale returns a client whose informers begin with a LIST of
// resourceVersion=0, which a watch cache may answer with any past state, as all did
// before Kubernetes 1.35. Informers of other clients begin with a consistent watch
// (WatchList). It is the hazard reflector.firstListStale, in a controller manager
// reflector.kcmFirstListStale.
func FirstListMayBeStale(client kubernetes.Interface) kubernetes.Interface {
	return withoutWatchList{client}
}

type withoutWatchList struct{ kubernetes.Interface }

// IsWatchListSemanticsUnSupported is what client-go/util/watchlist asks a client.
func (withoutWatchList) IsWatchListSemanticsUnSupported() bool { return true }
