package replicaset_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/reconverge/reconverge/impl/controller/replicaset"
)

func none() []*v1.Pod { return nil }

func TestDecideCreatesWhatIsMissingAndDeletesWhatIsTooMuch(t *testing.T) {
	many := func(n int) (pods []*v1.Pod) {
		for i := range n {
			pods = append(pods, pod(fmt.Sprintf("p%d", i)))
		}
		return pods
	}
	marked := newReplicaSet(2)
	marked.DeletionTimestamp = &metav1.Time{Time: now}
	unset := newReplicaSet(0)
	unset.Spec.Replicas = nil
	for name, c := range map[string]struct {
		options        replicaset.Options
		wanted, active int
		unsatisfied    bool
		create, remove int
	}{
		"none":           {wanted: 2, create: 2},
		"enough":         {wanted: 2, active: 2},
		"too many":       {wanted: 2, active: 5, remove: 3},
		"all too many":   {wanted: 0, active: 2, remove: 2},
		"unsatisfied":    {wanted: 2, unsatisfied: true},
		"burst of 500":   {wanted: 600, create: 500},
		"500 go at once": {wanted: 0, active: 501, remove: 500},
		"burst":          {options: replicaset.Options{Burst: 3}, wanted: 9, active: 1, create: 3},
	} {
		t.Run(name, func(t *testing.T) {
			d := c.options.Decide(newReplicaSet(int32(c.wanted)), many(c.active), !c.unsatisfied, none, now)
			require.Equal(t, c.create, d.Create)
			require.Len(t, d.Delete, c.remove)
		})
	}
	require.Len(t, replicaset.Options{}.Decide(newReplicaSet(0), many(2), true, nil, now).Delete, 2, "for all of them nobody is asked")
	require.Zero(t, replicaset.Options{}.Decide(marked, nil, true, none, now))
	require.Equal(t, 2, replicaset.Options{IgnoreOwnDeletion: true}.Decide(marked, nil, true, none, now).Create, "B09")
	require.Equal(t, 1, replicaset.Options{}.Decide(unset, nil, true, none, now).Create)
}

// Each case has one pod that is to go first, and the reason; the other is the other.
func TestRankingByEachCriterion(t *testing.T) {
	ago := func(d time.Duration) metav1.Time { return metav1.Time{Time: now.Add(-d)} }
	created := func(d time.Duration) func(*v1.Pod) {
		return func(p *v1.Pod) { p.CreationTimestamp = ago(d) }
	}
	uid := func(uid types.UID) func(*v1.Pod) { return func(p *v1.Pod) { p.UID = uid } }
	cost := func(cost string) func(*v1.Pod) {
		return func(p *v1.Pod) { p.Annotations = map[string]string{v1.PodDeletionCost: cost} }
	}
	readyFor := func(d time.Duration) func(*v1.Pod) { return ready(v1.ConditionTrue, now.Add(-d)) }
	restarted := func(n, m int32) func(*v1.Pod) {
		return func(p *v1.Pod) {
			p.Status.ContainerStatuses = []v1.ContainerStatus{{RestartCount: n}, {RestartCount: m}}
		}
	}
	unreadyFor := func(d time.Duration) func(*v1.Pod) { return ready(v1.ConditionFalse, now.Add(-d)) }
	sidecarRestarted := func(n int32) func(*v1.Pod) {
		return func(p *v1.Pod) {
			p.Spec.InitContainers = []v1.Container{{Name: "init"}, {Name: "car", RestartPolicy: ptr.To(v1.ContainerRestartPolicyAlways)}}
			p.Status.InitContainerStatuses = []v1.ContainerStatus{{Name: "init", RestartCount: 9}, {Name: "car", RestartCount: n}}
		}
	}
	type changes = []func(*v1.Pod)
	for name, c := range map[string]struct {
		first, other changes
		related      []*v1.Pod
		also9        bool // decides in 1.9 too
	}{
		"0 not terminating":            {changes{}, changes{terminating, on("")}, nil, true},
		"1 not bound":                  {changes{on("")}, changes{phase(v1.PodPending)}, nil, true},
		"2 pending":                    {changes{phase(v1.PodPending)}, changes{phase(v1.PodUnknown)}, nil, true},
		"2 unknown":                    {changes{phase(v1.PodUnknown)}, changes{unready}, nil, true},
		"3 not ready":                  {changes{unready, cost("9")}, changes{cost("-9")}, nil, true},
		"4 cheaper":                    {changes{cost("-1"), on("node-b")}, changes{}, []*v1.Pod{pod("x")}, false},
		"4 a cost of any size":         {changes{cost("99999999999")}, changes{cost("1")}, nil, false},
		"4 a cost that is none":        {changes{cost("x")}, changes{cost("1")}, nil, false},
		"5 crowded node":               {changes{on("node-a")}, changes{on("node-b"), readyFor(time.Second)}, []*v1.Pod{pod("x"), pod("y"), pod("z", on("node-b"))}, false},
		"5 the terminating count not":  {changes{on("node-b")}, changes{on("node-a"), readyFor(time.Second)}, []*v1.Pod{pod("x", on("node-b")), pod("y", terminating), pod("z", terminating)}, false},
		"6 ready for a shorter time":   {changes{readyFor(time.Minute)}, changes{readyFor(time.Hour), restarted(5, 5)}, nil, true},
		"6 ready since nobody knows":   {changes{ready(v1.ConditionTrue, time.Time{})}, changes{readyFor(time.Second)}, nil, true},
		"6 about as long: smaller UID": {changes{readyFor(70 * time.Minute), uid("a")}, changes{readyFor(65 * time.Minute), uid("b")}, nil, false},
		"7 restarted more often":       {changes{restarted(5, 0)}, changes{restarted(3, 3), sidecarRestarted(9), created(time.Second)}, nil, true},
		"7 for however long not ready": {changes{unreadyFor(time.Hour), restarted(5, 0)}, changes{unreadyFor(time.Second)}, nil, true},
		"7 so has its sidecar":         {changes{sidecarRestarted(5)}, changes{sidecarRestarted(2), created(time.Second)}, nil, false},
		"8 created later":              {changes{created(time.Minute)}, changes{created(time.Hour)}, nil, true},
		"8 created nobody knows when":  {changes{func(p *v1.Pod) { p.CreationTimestamp = metav1.Time{} }}, changes{created(time.Hour)}, nil, true},
		"8 about as long ago: UID":     {changes{created(70 * time.Minute), uid("a")}, changes{created(65 * time.Minute), uid("b")}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			first, other := pod("first", c.first...), pod("other", c.other...)
			related := func() []*v1.Pod { return c.related }
			for _, list := range [][]*v1.Pod{{first, other}, {other, first}} {
				d := replicaset.Options{}.Decide(newReplicaSet(1), list, true, related, now)
				require.Equal(t, []string{"first"}, names(d.Delete))
				d = replicaset.Options{V1_9: true}.Decide(newReplicaSet(1), list, true, nil, now)
				if c.also9 {
					require.Equal(t, []string{"first"}, names(d.Delete))
				}
			}
			if !c.also9 {
				d := replicaset.Options{V1_9: true}.Decide(newReplicaSet(1), []*v1.Pod{other, first}, true, nil, now)
				require.Equal(t, []string{"other"}, names(d.Delete), "1.9 has no such criterion")
			}
		})
	}
}

// In 1.9 ages are exact, where 1.37 has them about the same.
func TestRankingOf19HasNoScale(t *testing.T) {
	young, old := pod("b", ready(v1.ConditionTrue, now.Add(-65*time.Minute))), pod("a", ready(v1.ConditionTrue, now.Add(-70*time.Minute)))
	young.UID, old.UID = "b", "a"
	list := []*v1.Pod{old, young}
	require.Equal(t, []string{"a"}, names(replicaset.Options{}.Decide(newReplicaSet(1), list, true, none, now).Delete))
	require.Equal(t, []string{"b"}, names(replicaset.Options{V1_9: true}.Decide(newReplicaSet(1), list, true, nil, now).Delete))
}

func TestPodsThatAreAlikeKeepTheirOrder(t *testing.T) {
	var list []*v1.Pod
	var alike []string
	for i := range 30 { // a sort that is not stable keeps the order of a few
		alike = append(alike, fmt.Sprintf("p%02d", i))
		list = append(list, pod(alike[i]))
	}
	list = append(list, pod("last", unready))
	d := replicaset.Options{}.Decide(newReplicaSet(1), list, true, none, now)
	require.Equal(t, append([]string{"last"}, alike[:29]...), names(d.Delete))
	require.Equal(t, append(alike, "last"), names(list), "the list is not touched")
}

func TestACreationTimeInTheFutureDoesNoHarm(t *testing.T) {
	list := []*v1.Pod{pod("a"), pod("b", ready(v1.ConditionTrue, now.Add(time.Hour)))}
	require.Equal(t, []string{"b"}, names(replicaset.Options{}.Decide(newReplicaSet(1), list, true, none, now).Delete))
}
