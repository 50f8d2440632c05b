package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/model/manifest"
)

// timers are what flags of Kubernetes set of its time. The model has no numbers,
// only their order, and takes it that a heartbeat comes before the grace period
// of a node ends, and that before any eviction.
type timers struct {
	grace, eviction       time.Duration // kube-controller-manager
	notReady, unreachable int64         // seconds; kube-apiserver
}

const (
	graceFlag       = "node-monitor-grace-period"
	evictionFlag    = "pod-eviction-timeout"
	notReadyFlag    = "default-not-ready-toleration-seconds"
	unreachableFlag = "default-unreachable-toleration-seconds"
)

// heartbeatInterval is how often a kubelet renews its lease, or in 1.9 posts the
// status of its node.
const heartbeatInterval = 10 * time.Second

// defaultTimers are those of a release.
func defaultTimers(v model.Version) timers {
	t := timers{
		grace: 50 * time.Second, eviction: 5 * time.Minute,
		notReady: manifest.DefaultTolerationSeconds, unreachable: manifest.DefaultTolerationSeconds,
	}
	if v == model.V1_9 {
		t.grace = 40 * time.Second
	}
	return t
}

func (t *timers) register(set *pflag.FlagSet) {
	set.DurationVar(&t.grace, graceFlag, 0, "`DURATION` without a heartbeat after which a node is unreachable (default 50s, 1.9: 40s)")
	set.DurationVar(&t.eviction, evictionFlag, 0, "1.9 only: `DURATION` after which the pods of such a node are evicted (default 5m)")
	set.Int64Var(&t.unreachable, unreachableFlag, manifest.DefaultTolerationSeconds, "`SECONDS` that pods which do not say so stay on an unreachable node")
	set.Int64Var(&t.notReady, notReadyFlag, manifest.DefaultTolerationSeconds, "`SECONDS` that they stay on a node that is not ready")
}

// of returns the timers of a release with those changed that were given, or
// says which flag the model cannot follow.
func (t *timers) of(v model.Version, given func(flag string) bool) (timers, error) {
	all := defaultTimers(v)
	if given(graceFlag) {
		all.grace = t.grace
	}
	if given(evictionFlag) {
		all.eviction = t.eviction
	}
	all.notReady, all.unreachable = t.notReady, t.unreachable
	switch {
	case v != model.V1_9 && given(evictionFlag):
		return all, fmt.Errorf("--%s: there is none in %v, where tolerations say how long pods stay: use --%s", evictionFlag, v, unreachableFlag)
	case v == model.V1_9 && given(unreachableFlag):
		return all, ignored1_9(unreachableFlag)
	case v == model.V1_9 && given(notReadyFlag):
		return all, ignored1_9(notReadyFlag)
	case all.notReady < 0:
		return all, fmt.Errorf("--%s: %d is negative", notReadyFlag, all.notReady)
	case all.unreachable < 0:
		return all, fmt.Errorf("--%s: %d is negative", unreachableFlag, all.unreachable)
	case all.grace <= heartbeatInterval:
		return all, fmt.Errorf("--%s: %v is not longer than the %v between two heartbeats of a kubelet: a node that is well would be taken for lost, which is not modelled",
			graceFlag, all.grace, heartbeatInterval)
	case v == model.V1_9 && all.eviction <= all.grace:
		if !given(evictionFlag) {
			return all, fmt.Errorf("--%s: %v is not shorter than the pod eviction timeout, %v: %w", graceFlag, all.grace, all.eviction, errEvictionFirst)
		}
		return all, fmt.Errorf("--%s: %v is not longer than the grace period of a node, %v: %w", evictionFlag, all.eviction, all.grace, errEvictionFirst)
	}
	return all, nil
}

var errEvictionFirst = errors.New("pods would be evicted as soon as their node is taken for lost, which is not modelled")

func ignored1_9(flag string) error {
	return fmt.Errorf("--%s: has no effect in 1.9, whose node controller evicts every pod of a failed node: use --%s", flag, evictionFlag)
}

// assumption names the timers that are not the defaults of the release; "" if
// there are none.
func (t timers) assumption(v model.Version) string {
	usual := defaultTimers(v)
	var parts []string
	add := func(flag string, value, byDefault any) {
		if value != byDefault {
			parts = append(parts, fmt.Sprintf("--%s %v (default %v)", flag, value, byDefault))
		}
	}
	add(graceFlag, t.grace, usual.grace)
	add(evictionFlag, t.eviction, usual.eviction)
	add(unreachableFlag, t.unreachable, usual.unreachable)
	add(notReadyFlag, t.notReady, usual.notReady)
	if len(parts) == 0 {
		return ""
	}
	return "the order of timers is that of a cluster with " + strings.Join(parts, ", ")
}

// apply puts the default tolerations into a ReplicaSet.
func (t timers) apply(set *manifest.ReplicaSet) {
	if set.NotReadyByDefault {
		set.NotReadyToleration.Seconds = t.notReady
	}
	if set.UnreachableByDefault {
		set.UnreachableToleration.Seconds = t.unreachable
	}
}

// toleration places a number of seconds in the ordered time of the model. A
// failed node of the model is unreachable, so that is the taint that counts.
func (t timers) toleration(pods manifest.Toleration) model.Toleration {
	switch {
	case pods.Forever:
		return model.TolerateForever
	case pods.Seconds <= 0:
		return model.TolerateNot
	case float64(pods.Seconds) < t.grace.Seconds():
		return model.TolerateShorter
	}
	return model.TolerateLonger
}
