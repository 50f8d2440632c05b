// Package controller is what the controllers of this tree share: how a process is
// made of them. Each controller has a folder of its own, and works against any API
// server that client-go can talk to.
package controller

import (
	"context"

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

// NewProcess returns a process whose informers do not resync.
func NewProcess(config *rest.Config) (*Process, error) {
	client, err := kubernetes.NewForConfig(rest.AddUserAgent(rest.CopyConfig(config), "shared-informers"))
	if err != nil {
		return nil, err
	}
	return &Process{Config: config, Informers: informers.NewSharedInformerFactory(client, 0)}, nil
}

// Client returns the client of one controller, which the API server can tell from
// the others of the process by its user agent.
func (p *Process) Client(component string) (kubernetes.Interface, error) {
	return kubernetes.NewForConfig(rest.AddUserAgent(rest.CopyConfig(p.Config), component))
}
