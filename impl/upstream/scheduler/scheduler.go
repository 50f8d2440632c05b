// Package scheduler is Kubernetes' own kube-scheduler: the code of k8s.io/kubernetes,
// unmodified, with its default profile. It is the counterpart of
// impl/controller/scheduler.
package scheduler

import (
	"context"
	"fmt"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"k8s.io/kubernetes/pkg/scheduler"

	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/upstream/internal/process"
)

// New returns a scheduler that speaks through config. It can be started once: a
// restart is another.
func New(config *rest.Config) (controller.Runnable, error) {
	p, err := process.New(config)
	if err != nil {
		return nil, err
	}
	client, err := p.Client("shared-informers")
	if err != nil {
		return nil, err
	}
	p.Informers = process.Informers{SharedInformerFactory: scheduler.NewInformerFactory(client, 0, nil)}
	return &kubeScheduler{p}, nil
}

type kubeScheduler struct{ process *process.Process }

// Start schedules until ctx ends.
//
// Follows cmd/kube-scheduler/app/server.go:Setup and Run.
func (s *kubeScheduler) Start(ctx context.Context) error {
	client, err := s.process.Client("scheduler")
	if err != nil {
		return err
	}
	profile, registry, err := profileWithOrder()
	if err != nil {
		return err
	}
	noEvents := func(string) events.EventRecorderLogger { return &events.FakeRecorder{} }
	sched, err := scheduler.New(ctx, client, s.process.Informers, nil, noEvents,
		scheduler.WithKubeConfig(s.process.Config()),
		scheduler.WithProfiles(profile),
		scheduler.WithFrameworkOutOfTreeRegistry(registry),
		scheduler.WithParallelism(1),
	)
	if err != nil {
		return fmt.Errorf("scheduler: %w", err)
	}
	s.process.Run(ctx, func(ctx context.Context) {
		s.process.Filled(ctx)
		if err := sched.WaitForHandlersSync(ctx); err == nil {
			sched.Run(ctx)
		}
	})
	return nil
}
