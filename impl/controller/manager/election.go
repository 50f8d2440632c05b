package manager

import (
	"cmp"
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
)

// An Election lets one of several processes act at a time, most of the time: it is no
// fencing. A request of a former leader may still be on its way.
type Election struct {
	Identity string // of the process. Two that have the same both lead (B48, #61151)

	Lease         string        // its name, in kube-system; "": kube-controller-manager
	LeaseDuration time.Duration // without a change, until others take over; 0: 15 s
	RenewDeadline time.Duration // without success, until the leader gives up; 0: 10 s
	RetryPeriod   time.Duration // from one try to the next; 0: 2 s
}

// lead waits until the process leads, and calls run with a context that ends when it
// does no longer. It returns an error if the lease was lost: the process is to end.
// The lease is not given back.
//
// Abstracts: cmd/kube-controller-manager/app/controllermanager.go:leaderElectAndRun.
// Omits: the jitter of client-go's tries, which no schedule could repeat: each try is
// a Run of its own, and a try that takes longer than RetryPeriod is given up.
func (e Election) lead(ctx context.Context, client kubernetes.Interface, run func(context.Context) error) error {
	logger, retry := klog.FromContext(ctx), cmp.Or(e.RetryPeriod, 2*time.Second)
	lock := &observedLock{Interface: &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: cmp.Or(e.Lease, "kube-controller-manager")},
		Client:     client.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: e.Identity},
	}}
	ended := make(chan error, 1)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:          lock,
		LeaseDuration: cmp.Or(e.LeaseDuration, 15*time.Second),
		RenewDeadline: cmp.Or(e.RenewDeadline, 10*time.Second),
		RetryPeriod:   retry,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leading context.Context) {
				ended <- run(klog.NewContext(leading, logger))
				lock.stop()
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("manager: leader election: %w", err)
	}
	quiet := klog.NewContext(ctx, logger.V(4)) // a line for each try is too much
	for ctx.Err() == nil && !lock.won {
		lock.try(quiet, retry, elector.Run)
	}
	if !lock.won {
		return nil
	}
	if err := <-ended; err != nil || ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("manager: %s no longer leads", e.Identity)
}

// observedLock notices when its process has become the leader.
type observedLock struct {
	resourcelock.Interface
	won    bool
	stop   context.CancelFunc // ends the try, or the leadership that it has won
	giveUp *time.Timer        // calls stop
}

// try calls run, with a context that ends after limit unless the lease is won by then.
func (l *observedLock) try(ctx context.Context, limit time.Duration, run func(context.Context)) {
	ctx, l.stop = context.WithCancel(ctx)
	defer l.stop()
	l.giveUp = time.AfterFunc(limit, l.stop)
	run(ctx)
}

// RecordEvent is called by the elector as soon as it has won, and when it has lost.
func (l *observedLock) RecordEvent(string) {
	l.giveUp.Stop()
	l.won = true
}
