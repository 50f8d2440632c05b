package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// forced is a user's pod that runs, is deleted by force and is created again.
var forced = model.Scenario{Nodes: 1, Lag: 1, BarePods: 1, Start: model.StartRunning,
	Faults: model.Budget{model.ForceDelete: 1, model.PodRecreate: 1}}

// taken requires that the search took each of the actions.
func taken(t *testing.T, r *check.Report[model.State], actions ...string) {
	t.Helper()
	counts := map[string]uint64{}
	for _, a := range r.Actions {
		counts[a.Name] = a.Taken
	}
	for _, name := range actions {
		require.Positive(t, counts[name], name)
	}
}

// requireClaims requires that all that is claimed of a scenario holds, with and
// without symmetry, and that its count of states is known.
func requireClaims(t *testing.T, s model.Scenario, states uint64, actions ...string) {
	t.Helper()
	m := build(t, s)
	r := run(t, m, check.Options{Continue: true})
	require.NoError(t, r.Err())
	require.Equal(t, states, r.Stats.Distinct)
	taken(t, r, actions...)
	require.NoError(t, run(t, m, check.Options{Symmetry: true, Continue: true}).Err())
}

// requireNot requires a counterexample, and that it goes away with the repairs.
func requireNot(t *testing.T, property string, s model.Scenario, repairs ...string) {
	t.Helper()
	m := build(t, s, property)
	require.NotEmpty(t, m.WhyUnclaimed(property))
	require.Equal(t, check.Violated, run(t, m, check.Options{Symmetry: true}).Results[0].Verdict, property)
	if len(repairs) > 0 {
		s.Mutations = repairs
		r := run(t, build(t, s, property), check.Options{Symmetry: true}).Results[0]
		require.Equal(t, check.Holds, r.Verdict, "%s with %v", property, repairs)
	}
}

func TestForceDelete(t *testing.T) {
	requireClaims(t, forced, 177, "User.ForceDelete", "API.RemoveByName", "User.Recreate")

	s := forced
	s.Faults[model.PodDelete] = 1
	r := run(t, build(t, s, "P-DEL-TARGET-KUBELET"), check.Options{})
	require.NoError(t, r.Err())
	require.False(t, r.Results[0].Vacuous)

	m := build(t, s, "P-DT")
	m.Properties = []check.Property[model.State]{check.Transition("a force delete leaves a grace that runs", func(from, to model.State) bool {
		return from.Pods[0].Deletion != model.Graceful || to.Pods[0].Deletion != model.Immediate
	}, "User.ForceDelete")}
	require.Equal(t, check.Violated, run(t, m, check.Options{}).Results[0].Verdict)

	s.BarePods = 2
	_, err := model.New(s)
	require.ErrorContains(t, err, "at most one")
}

// evicted is the same with a second node, when the first one fails.
var evicted = model.Scenario{Nodes: 2, Lag: 1, BarePods: 1, Start: model.StartRunning,
	Faults: model.Budget{model.NodeCrash: 1, model.ForceDelete: 1, model.PodRecreate: 1}}

func TestEvictionByName(t *testing.T) {
	long(t)
	requireClaims(t, evicted, 9971, "TaintEviction.Get", "TaintEviction.Delete", "TaintEviction.Finish", "TaintEviction.Cancel")

	plain := evicted // nothing is split where no name is used again
	plain.Faults[model.PodRecreate] = 0
	requireClaims(t, plain, 1005, "TaintEviction.Delete")
}

// An eviction hits the pod that was created under the name meanwhile (B12): the
// timer goes by name, and so do the read and the delete. It takes both repairs, see
// Hazards: with one of them it is still so.
func TestEvictionHitsNamesake(t *testing.T) {
	for _, half := range []string{"taint.keyByUID", "taint.deleteWithUID"} {
		s := evicted
		s.Mutations = []string{half}
		requireNot(t, "P-DEL-TARGET-TAINT", s)
	}
}

// A claim about a request that a scenario does not have says nothing.
func TestNoRequestToJudge(t *testing.T) {
	s := forced
	s.Faults[model.PodRecreate], s.Faults[model.PodDelete] = 0, 1
	for _, id := range []string{"P-DEL-TARGET-TAINT", "P-DEL-TARGET-NODE", "P-DEL-TARGET-FORCE", "P-DEL-TARGET-KUBELET"} {
		res := run(t, build(t, s, id), check.Options{}).Results[0]
		require.Equal(t, check.Holds, res.Verdict, id)
		require.Equal(t, id != "P-DEL-TARGET-KUBELET", res.Vacuous, id)
	}
}

// A replacement that is in the cache before the worker looks for the old pod
// inherits its timer. That its old node is well again does not cancel it, and the
// pod is evicted from a node that has been well all the time (B12).
func TestTimerIsInherited(t *testing.T) {
	s := evicted
	s.Faults = model.Budget{model.PodDelete: 1, model.PodRecreate: 1, model.Partition: 1, model.Heal: 1}
	requireNot(t, "P-EVICT-WHY", s, "taint.keyByUID")
	requireNot(t, "P-CANCEL", s)
}

// While the eviction of the old pod is being carried out its replacement is
// passed over, tainted though its node is (#107543). In the order of time that
// is modelled the taint is taken off in the end.
func TestTimerIsSuppressed(t *testing.T) {
	long(t)
	s := evicted
	s.Faults = model.Budget{model.PodRecreate: 1, model.Partition: 1, model.Heal: 1}
	passedOver := check.Reachable("a pod is passed over", func(s model.State) bool {
		active, underWay := false, false
		for i := range s.Pods {
			active = active || s.Pods[i].Active() && s.Pods[i].Timer == model.Done
			underWay = underWay || s.Pods[i].Timer == model.Deleted
		}
		return active && underWay
	})
	for want, repairs := range map[check.Verdict][]string{check.Holds: nil, check.Violated: {"taint.keyByUID"}} {
		s.Mutations = repairs
		m := build(t, s, "L-EVICT")
		m.Properties = append(m.Properties, passedOver)
		r := run(t, m, check.Options{Symmetry: true})
		require.Equal(t, check.Holds, r.Results[0].Verdict, "L-EVICT")
		require.Equal(t, want, r.Results[1].Verdict)
	}
}

// What the store guarantees it guarantees with force deletes too.
func TestClaimsHoldWithForceDeletes(t *testing.T) {
	long(t)
	s := small
	s.Replicas, s.Nodes, s.Faults = 1, 1, model.Budget{model.ForceDelete: 1, model.PodDelete: 1}
	requireClaims(t, s, 11908, "User.ForceDelete", "API.Remove", "Kubelet.FinalDelete")
	s.Nodes, s.Faults = 2, model.Budget{model.ForceDelete: 1, model.Partition: 1}
	requireClaims(t, s, 23116, "User.ForceDelete", "API.Remove", "TaintEviction.Delete")
}

// A name runs once as long as no object goes before its container (B36); a
// kubelet that boots on a stale list breaks it as well (B30).
func TestNameRunsOnce(t *testing.T) {
	long(t)
	s := evicted
	s.Faults = model.Budget{model.PodDelete: 1, model.PodRecreate: 1, model.Partition: 1, model.Heal: 1}
	requireClaims(t, s, 29_043, "User.Recreate", "Kubelet.Start")

	s.Faults = model.Budget{model.PodDelete: 1, model.PodRecreate: 1, model.NodeCrash: 1, model.NodeReturn: 1}
	s.Mutations = []string{"reflector.firstListStale"}
	require.Equal(t, check.Violated, run(t, build(t, s, "P-NAME-RUN"), check.Options{Symmetry: true}).Results[0].Verdict)

	s = evicted
	s.Faults = model.Budget{model.ForceDelete: 1, model.PodRecreate: 1, model.Partition: 1}
	requireNot(t, "P-NAME-RUN", s)
	s = forced
	s.Faults, s.NoGrace = model.Budget{model.PodDelete: 1, model.PodRecreate: 1}, true
	requireNot(t, "P-NAME-RUN", s)
}

// Terminating pods stand for the containers that run beside the replicas, also
// of a node that is cut off; a force delete leaves one for which nothing stands.
func TestContainersOfReplicaSet(t *testing.T) {
	long(t)
	s := small
	s.Replicas, s.Faults = 1, model.Budget{model.Partition: 1, model.Heal: 1}
	res := run(t, build(t, s, "P-RS-RUN"), check.Options{Symmetry: true}).Results[0]
	require.Equal(t, check.Holds, res.Verdict)
	require.False(t, res.Vacuous)

	s.Faults = model.Budget{model.ForceDelete: 1}
	requireNot(t, "P-RS-RUN", s)
}

// A node that says itself that it is not ready and is then unreachable changes its
// taint; the timer is cancelled where pods tolerate the second for ever (B14).
func TestTolerationOfWhatIsLeft(t *testing.T) {
	s := small
	s.Replicas, s.Toleration, s.Faults = 1, model.TolerateForever, model.Budget{model.NodeBreak: 1, model.NodeCrash: 1}
	m := build(t, s, "P-TOLERATES")
	require.Empty(t, m.WhyUnclaimed("P-TOLERATES"))
	r := run(t, m, check.Options{Symmetry: true})
	require.NoError(t, r.Err())
	require.False(t, r.Results[0].Vacuous)
	taken(t, r, "NodeLifecycle.SwapNoExecute", "TaintEviction.Delete")
}
