package main

import (
	"fmt"
	"io"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/model/manifest"
)

// The grace period of a node in seconds, which a toleration is compared with
// (kube-controller-manager --node-monitor-grace-period).
const (
	graceSeconds    = 50 // v1.37
	graceSeconds1_9 = 40
)

// fromManifests reads manifests and makes a scenario of each ReplicaSet, with
// everything else as in base.
func fromManifests(base model.Scenario, stdin io.Reader, files []string) ([]job, error) {
	cluster, err := manifest.Load(stdin, files...)
	if err != nil {
		return nil, err
	}
	sets := cluster.ReplicaSets
	var jobs []job
	for i := range sets {
		set := &sets[i]
		j := job{
			title: "ReplicaSet " + set.Key() + ", " + set.Source, source: set.Source, slug: set.Namespace + "_" + set.Name,
			scenario: applyManifest(base, set), subject: newSubject(set), assumptions: manifestAssumptions(set, base.Version),
		}
		if len(sets) > 1 {
			j.assumptions = append(j.assumptions, "each ReplicaSet is alone in the cluster: those of the input were checked one after another")
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// applyManifest puts what a ReplicaSet says into a scenario.
func applyManifest(s model.Scenario, set *manifest.ReplicaSet) model.Scenario {
	s.Name = set.Name
	s.Replicas = set.Replicas
	s.NoGrace = set.GraceSeconds == 0
	s.Toleration = toleration(set.UnreachableToleration, s.Version)
	return s
}

// toleration places a number of seconds in the ordered time of the model. A
// failed node of the model is unreachable, so that is the taint that counts.
func toleration(t manifest.Toleration, v model.Version) model.Toleration {
	grace := int64(graceSeconds)
	if v == model.V1_9 {
		grace = graceSeconds1_9
	}
	switch {
	case t.Forever:
		return model.TolerateForever
	case t.Seconds <= 0:
		return model.TolerateNot
	case t.Seconds < grace:
		return model.TolerateShorter
	}
	return model.TolerateLonger
}

// manifestAssumptions says what of a manifest the model does not know, so that
// a verdict rests on it not mattering.
func manifestAssumptions(set *manifest.ReplicaSet, v model.Version) (all []string) {
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if set.MinReadySeconds > 0 {
		add("minReadySeconds is %d, not modelled: pods are counted when ready, not when available", set.MinReadySeconds)
	}
	if set.SchedulesOnUnreachable {
		add("the pods tolerate the NoSchedule taint of an unreachable node, not modelled: no pod is bound to one")
	}
	if v == model.V1_9 {
		add("tolerations are not modelled in 1.9: its node controller evicts every pod of a failed node")
	} else if set.NotReadyToleration != set.UnreachableToleration {
		add("a failed node is unreachable, not merely not ready: its not-ready toleration (%v) does not count, the unreachable one (%v) does",
			set.NotReadyToleration, set.UnreachableToleration)
	}
	for _, field := range set.Abstracted {
		if field == "metadata.ownerReferences" {
			add("%s is set, not modelled: its owner changes nothing but spec.replicas, as often as --fault scale says", field)
			continue
		}
		add("%s is set, not modelled: liveness is claimed only for pods that this never keeps from a node or from becoming ready", field)
	}
	return all
}

// A subject is what a report says of a ReplicaSet beyond the scenario.
type subject struct {
	Source                string            `json:"source"`
	Namespace             string            `json:"namespace"`
	Selector              string            `json:"selector"`
	PodLabels             map[string]string `json:"podLabels"`
	MinReadySeconds       int               `json:"minReadySeconds"`
	GraceSeconds          int               `json:"terminationGracePeriodSeconds"`
	UnreachableToleration string            `json:"unreachableToleration"`
	NotReadyToleration    string            `json:"notReadyToleration"`
}

func newSubject(set *manifest.ReplicaSet) *subject {
	return &subject{
		Source: set.Source, Namespace: set.Namespace, Selector: set.Selector, PodLabels: set.PodLabels,
		MinReadySeconds: set.MinReadySeconds, GraceSeconds: set.GraceSeconds,
		UnreachableToleration: set.UnreachableToleration.String(), NotReadyToleration: set.NotReadyToleration.String(),
	}
}
