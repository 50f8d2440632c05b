package podgc

import "time"

// Options are the constants of upstream, and the switches of planted bugs and of
// repairs. The name of each switch in the model is in its comment.
type Options struct {
	// V1_9 makes it that of Kubernetes 1.9: it lists the nodes live and waits for
	// nothing, and leaves the phase of a pod as it is.
	V1_9 bool

	Period     time.Duration // of the loop; 0: 20 s
	Quarantine time.Duration // of a node that is missing, before it is asked for; 0: 40 s
	Threshold  int           // terminal pods that are left alone; 0: 12500, negative: all

	Phase time.Duration // of the first loop after the start; 0: 7 ms, beside the monitor pass

	// NoLiveCheck believes the cache that a Node is gone, after the quarantine.
	// Mutation podgc.noLiveCheck, hazard B24.
	NoLiveCheck bool
	// StatusRejected is the refusal of every phase that it writes; then it does not
	// delete the pod. Mutation podgc.statusRejected, hazard B25 (#118261).
	StatusRejected bool

	// DeleteWithUID sends the UID of the pod that was found with its delete.
	// Repair podgc.deleteWithUID, hazard B26.
	DeleteWithUID bool
}

func (o Options) withDefaults() Options {
	if o.Period == 0 {
		o.Period = 20 * time.Second
	}
	if o.Quarantine == 0 {
		o.Quarantine = 40 * time.Second
	}
	if o.Phase == 0 {
		o.Phase = 7 * time.Millisecond
	}
	if o.Threshold == 0 {
		o.Threshold = 12500
	}
	return o
}
