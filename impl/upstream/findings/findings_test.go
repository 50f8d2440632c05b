package findings

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/upstream/etcdtest"
)

func TestMain(m *testing.M) { etcdtest.Main(m) }

// toleration is Kubernetes' own, of pods that say nothing else.
const toleration = 300 * time.Second

// once is the only fact of a text, or the test fails.
func (f *finding) once(t *testing.T, prefix string) fact {
	t.Helper()
	found := f.named(prefix)
	require.Len(t, found, 1, "%s\n%s", prefix, f)
	return found[0]
}

// evicted is the one eviction of a pod by taints.
func (f *finding) evicted(t *testing.T, pod string) fact {
	t.Helper()
	e := f.once(t, "pod "+pod+" is to be deleted")
	require.Equal(t, "kcm/tainteviction", e.By)
	return e
}

// B55: the taint of a dead node goes, comes back, and the toleration begins anew.
func TestRestartUntaints(t *testing.T) {
	f := play(t, "restart-untaints")
	lost := f.once(t, "node node-a loses NoExecute")
	require.Equal(t, "kcm/nodelifecycle", lost.By)
	require.Equal(t, corev1.ConditionUnknown, f.ready["node-a"], "no one has heard of the node")
	gained := f.named("node node-a gets NoExecute")
	require.Len(t, gained, 2)
	require.Equal(t, toleration, f.evicted(t, "db-0").At-gained[1].At)
}

// B55: with a restart in each toleration the pod stays.
func TestRestartStorm(t *testing.T) {
	f := play(t, "restart-storm")
	gained := f.named("node node-a gets NoExecute")
	require.Len(t, gained, 9)
	require.Len(t, f.named("node node-a loses NoExecute"), 8)
	require.Greater(t, f.evicted(t, "db-0").At-gained[0].At, 39*time.Minute)
}

// B12: the delete of the eviction goes by name.
func TestEvictedNamesake(t *testing.T) {
	f := play(t, "evicted-namesake")
	hit := f.evicted(t, "db-0#2")
	require.Equal(t, f.born["db-0"][1], hit.UID)
	require.Equal(t, "pod db-0#2 is bound to node-b", f.once(t, "pod db-0#2 is bound").What)
	require.Empty(t, f.named("node node-b"), "its node is well all the time")
}

// B12: a timer is kept by name, and a list in place of events hides that the pod is
// another one.
func TestInheritedTimer(t *testing.T) {
	f := play(t, "inherited-timer")
	hit := f.evicted(t, "db-0#2")
	require.Equal(t, f.born["db-0"][1], hit.UID)
	require.Equal(t, toleration, hit.At-f.once(t, "node node-a gets NoExecute").At, "the timer of the first")
	require.Equal(t, "pod db-0#2 is bound to node-b", f.once(t, "pod db-0#2 is bound").What)
	require.Empty(t, f.named("node node-b"))
}

// B21: the taint that comes in between is not in the list of the pass.
func TestTaintedInPass(t *testing.T) {
	f := play(t, "tainted-in-pass")
	require.Empty(t, f.named("node node-a loses"))
	require.Equal(t, toleration, f.evicted(t, "db-0").At-f.once(t, "node node-a gets NoExecute").At)

	d := load(t, "tainted-in-pass")
	d.Schedule = sim.Schedule{d.Schedule[0], {Verb: sim.Settle, Target: "8m"}}
	f = run(t, d)
	require.Empty(t, f.named("node node-a gets"), "without the pause there is no taint in full disruption")
	require.Len(t, f.final, 1)
	require.Nil(t, f.final[0].DeletionTimestamp)
}

// B26: the force delete of pod GC goes by name.
func TestOrphansNamesake(t *testing.T) {
	f := play(t, "orphans-namesake")
	hit := f.once(t, "pod db-0#2 is removed")
	require.Equal(t, "kcm/podgc", hit.By)
	require.Equal(t, f.born["db-0"][1], hit.UID)
	require.Equal(t, "pod db-0#2 is bound to node-b", f.once(t, "pod db-0#2 is bound").What)
	require.Empty(t, f.named("node node-b"))
}

// A lease that changes after its node's death keeps the node from being judged.
func TestRelabelledLease(t *testing.T) {
	f := play(t, "relabelled-lease")
	require.Empty(t, f.facts, "an hour, and nobody has noticed")
	require.Len(t, f.final, 1)
	require.True(t, isReady(&f.final[0]))

	d := load(t, "relabelled-lease")
	d.Schedule = slices.DeleteFunc(d.Schedule, func(s sim.Step) bool { return s.Verb == sim.User })
	f = run(t, d)
	require.Equal(t, toleration, f.evicted(t, "db-0").At-f.once(t, "node node-a gets NoExecute").At, "with the lease left alone")
}

// The limiter of full disruption says that its rate is 1.
func TestRateOfOne(t *testing.T) {
	f := play(t, "rate-of-one")
	require.Len(t, f.named("node node-b has Ready=True"), 1)
	require.Empty(t, f.named("node node-a gets NoExecute"))
	require.Len(t, f.final, 1)
	require.Nil(t, f.final[0].DeletionTimestamp)

	d := load(t, "rate-of-one")
	delete(d.Options, "eviction-rate")
	f = run(t, d) // with the default rate
	require.Equal(t, toleration, f.evicted(t, "db-0").At-f.once(t, "node node-a gets NoExecute").At)
}

// The pass that trips the breaker knows the dead node only: full disruption.
func TestBreakerUntaints(t *testing.T) {
	f := play(t, "breaker-untaints")
	lost := f.once(t, "node node-a loses NoExecute")
	require.Equal(t, "kcm/nodelifecycle", lost.By)
	require.Empty(t, f.named("node node-b"), "the other node is ready all the time")
	gained := f.named("node node-a gets NoExecute")
	require.Len(t, gained, 2)
	require.Equal(t, toleration, f.evicted(t, "db-0").At-gained[1].At)
}

// A tripped breaker looks at no node, so no taint is taken off.
func TestBreakerEvicts(t *testing.T) {
	f := play(t, "breaker-evicts")
	back := f.once(t, "node node-a has Ready=True")
	require.Empty(t, f.named("node node-a loses"))
	require.Greater(t, f.evicted(t, "db-0").At-back.At, time.Minute)

	d := load(t, "breaker-evicts")
	d.Schedule = slices.DeleteFunc(d.Schedule, func(s sim.Step) bool { return s.Verb == sim.Stall })
	f = run(t, d)
	require.Len(t, f.named("node node-a loses"), 1, "without the stall the taint goes")
	require.Empty(t, f.named("pod db-0 is to be deleted"))
}

// The budget is given back before the pod is seen.
func TestEvictedUnseen(t *testing.T) {
	f := play(t, "evicted-unseen")
	require.Equal(t, "kcm/disruption", f.once(t, "budget web allows 2").By)
	for _, p := range f.final {
		require.False(t, isReady(&p) && p.DeletionTimestamp == nil, "pod %s is left, of which the budget wants 1", p.Name)
	}
	require.Len(t, f.named("pod web-bbbbd is to be deleted"), 1)
	require.Empty(t, f.named("pod web-bbbbd is not ready"), "nothing but evictions has happened")
}

// Timers trust the cache of nodes.
func TestNodesStall(t *testing.T) {
	f := play(t, "nodes-stall")
	lost := f.once(t, "node node-a loses NoExecute")
	require.Greater(t, f.evicted(t, "db-0").At-lost.At, 2*time.Minute)
}

// The end of a Node ends no timer.
func TestTimerOutlivesNode(t *testing.T) {
	f := play(t, "timer-outlives-node")
	require.Greater(t, f.evicted(t, "db-0").At, f.once(t, "node node-a is deleted").At)
}

// B13: five failures within 50 ms.
func TestEvictionLost(t *testing.T) {
	f := play(t, "eviction-lost")
	require.Len(t, f.named("node node-a gets NoExecute"), 1)
	require.Len(t, f.final, 1)
	require.Nil(t, f.final[0].DeletionTimestamp, "an hour later")
}

// A create that took effect and was not answered is made again.
func TestCreateLost(t *testing.T) {
	f := play(t, "create-lost")
	var created int
	for _, made := range f.named("pod web-") {
		if strings.HasSuffix(made.What, " is created") {
			created++
		}
	}
	require.Equal(t, 2, created, "one was wanted")
	require.Len(t, f.final, 2, "the one too many is deleted")
}

// A delete is made again of the same pod: its rank is the same.
func TestDeleteLost(t *testing.T) { requireOneDeleted(t, "delete-lost") }

// Nor does time change the rank.
func TestExpiredDeletes(t *testing.T) { requireOneDeleted(t, "expired-deletes") }

// requireOneDeleted says that the second decision was made, and named the first pod.
func requireOneDeleted(t *testing.T, name string) {
	t.Helper()
	f := play(t, name)
	require.GreaterOrEqual(t, f.asked["kcm/replicaset delete pods default/web-bbbbb"], 2)
	require.Zero(t, f.asked["kcm/replicaset delete pods default/web-bbbbc"])
	require.Len(t, f.final, 1)
	require.Equal(t, "web-bbbbc", f.final[0].Name)
}
