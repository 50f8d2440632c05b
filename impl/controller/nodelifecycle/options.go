package nodelifecycle

import "time"

// Options are the flags of upstream, and the switches of planted bugs and of
// repairs. The name of each switch in the model is in its comment.
type Options struct {
	// V1_9 makes it the node controller of Kubernetes 1.9, which deletes the pods of
	// a lost node itself, and knows neither leases nor taints.
	V1_9 bool

	MonitorPeriod      time.Duration // of the monitor pass; 0: 5 s
	MonitorGrace       time.Duration // without a sign of life, until Unknown; 0: 50 s (1.9: 40 s)
	StartupGrace       time.Duration // the same before a node's first status; 0: 60 s
	PodEvictionTimeout time.Duration // 1.9: from the last sign of life to the eviction; 0: 5 min

	EvictionRate          float32 // nodes per second and zone; 0: 0.1, negative: none
	SecondaryEvictionRate float32 // the same in a large zone that is partially disrupted; 0: 0.01, negative: none
	LargeCluster          int     // zones of more nodes than that are large; 0: 50
	UnhealthyZone         float32 // share of lost nodes that makes partial disruption; 0: 0.55

	// Phase is when the first monitor pass begins, after the start; 0: 1 ms. Pods that
	// the workers look at before it are on nodes of which nothing is known.
	Phase time.Duration

	// NoCancel leaves a node that is ready again in the queue of nodes to evict.
	// Mutation nc.noCancel, hazard B22.
	NoCancel bool
	// KeepOldProbeTimes hands the times of the last signs of life on from one process
	// to the next: give one value to both. Mutation nc.keepOldProbeTimes, hazard B20
	// (#32510).
	KeepOldProbeTimes *Health
	// NoMasterDisruptionMode goes on with evictions when every node looks dead.
	// Mutation nc.noMasterDisruptionMode, hazard B19 (#13412).
	NoMasterDisruptionMode bool
	// NoResetOnExit lets the times from before full disruption count after it.
	// Mutation nc.noResetOnExit, hazard B23.
	NoResetOnExit bool
	// NoLiveLeaseCheck judges a node by the cache of leases alone.
	// Mutation nlc.noLiveLeaseCheck, hazard B15 (#138698).
	NoLiveLeaseCheck bool
	// NoLimiter takes no token for a node, unless evictions are stopped.
	// Mutation nlc.noLimiter.
	NoLimiter bool

	// ReadLiveOnUntaint looks at the live nodes for taints to take off on entering
	// master disruption mode, once nothing is being tainted any more.
	// Repair nlc.readLiveOnUntaint, hazard B21.
	ReadLiveOnUntaint bool
	// MarkLevelTriggered marks, in each pass, the pods of every node that is not ready.
	// Repair nlc.markLevelTriggered, hazards B16 and B18 (#135205, #125618).
	MarkLevelTriggered bool
	// DecideOnWholePass leaves the states of the zones as they are after a pass that
	// the circuit breaker has cut short. Repair nlc.decideOnWholePass.
	DecideOnWholePass bool
	// CancelOnExit empties, on leaving master disruption mode, the queues that were
	// filled in it. Repair nc.cancelOnExit.
	CancelOnExit bool
}

func (o Options) withDefaults() Options {
	grace := 50 * time.Second
	if o.V1_9 {
		grace = 40 * time.Second
	}
	setDefault(&o.MonitorPeriod, 5*time.Second)
	setDefault(&o.MonitorGrace, grace)
	setDefault(&o.StartupGrace, 60*time.Second)
	setDefault(&o.PodEvictionTimeout, 5*time.Minute)
	setDefault(&o.Phase, time.Millisecond)
	setDefault(&o.EvictionRate, 0.1)
	setDefault(&o.SecondaryEvictionRate, 0.01)
	setDefault(&o.LargeCluster, 50)
	setDefault(&o.UnhealthyZone, 0.55)
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
