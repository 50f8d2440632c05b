package tainteviction

import "time"

// Options are the constants of upstream, and the switches of planted bugs and of
// repairs. The name of each switch in the model is in its comment.
type Options struct {
	Tries int           // of one eviction; 0: 5
	Retry time.Duration // from one try to the next; 0: 10 ms

	// CancelOnlyIfNoTaint lets a timer run on when all taints that are left are
	// tolerated for ever. Mutation taint.cancelOnlyIfNoTaint, hazard B14 (#90794).
	CancelOnlyIfNoTaint bool

	// KeyByUID keeps timers by the UID of the pod, and evicts no other.
	// Repair taint.keyByUID, hazard B12.
	KeyByUID bool
	// DeleteWithUID sends the UID of the pod that was read with its delete.
	// Repair taint.deleteWithUID, hazard B12 (#141568).
	DeleteWithUID bool
	// RetryForever goes on with an eviction that has failed, until it is done or
	// cancelled. Repair taint.retryForever, hazard B13 (#140639).
	RetryForever bool
}

const (
	defaultTries = 5
	defaultRetry = 10 * time.Millisecond
	// patientRetry is the pause of RetryForever after the first tries.
	patientRetry = time.Second
)

func (o Options) withDefaults() Options {
	if o.Tries == 0 {
		o.Tries = defaultTries
	}
	if o.Retry == 0 {
		o.Retry = defaultRetry
	}
	return o
}
