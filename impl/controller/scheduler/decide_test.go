package scheduler

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func newNode(name string, change ...func(*v1.Node)) *v1.Node {
	n := &v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"disk": "hdd"}},
		Status: v1.NodeStatus{
			Allocatable: v1.ResourceList{
				v1.ResourcePods:   resource.MustParse("2"),
				v1.ResourceCPU:    resource.MustParse("4"),
				v1.ResourceMemory: resource.MustParse("1Gi"),
			},
			Conditions: []v1.NodeCondition{{Type: v1.NodeReady, Status: v1.ConditionTrue}},
		},
	}
	for _, f := range change {
		f(n)
	}
	return n
}

func taint(key string, effect v1.TaintEffect) func(*v1.Node) {
	return func(n *v1.Node) { n.Spec.Taints = append(n.Spec.Taints, v1.Taint{Key: key, Effect: effect}) }
}

func tolerate(key string) func(*v1.Pod) {
	return func(p *v1.Pod) {
		p.Spec.Tolerations = append(p.Spec.Tolerations, v1.Toleration{Key: key, Operator: v1.TolerationOpExists})
	}
}

func request(name v1.ResourceName, q string) func(*v1.Pod) {
	return func(p *v1.Pod) {
		p.Spec.Containers[0].Resources.Requests = v1.ResourceList{name: resource.MustParse(q)}
	}
}

func bound(node string) func(*v1.Pod) {
	return func(p *v1.Pod) { p.Spec.NodeName = node }
}

func TestFilters(t *testing.T) {
	cordoned := func(n *v1.Node) { n.Spec.Unschedulable = true }
	notReady := func(n *v1.Node) { n.Status.Conditions[0].Status = v1.ConditionUnknown }
	selects := func(p *v1.Pod) { p.Spec.NodeSelector = map[string]string{"disk": "ssd"} }
	requires := func(disk string) func(*v1.Pod) {
		return func(p *v1.Pod) {
			p.Spec.Affinity = &v1.Affinity{NodeAffinity: &v1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &v1.NodeSelector{
				NodeSelectorTerms: []v1.NodeSelectorTerm{{MatchExpressions: []v1.NodeSelectorRequirement{{Key: "disk", Operator: v1.NodeSelectorOpIn, Values: []string{disk}}}}},
			}}}
		}
	}
	tests := []struct {
		name string
		pod  *v1.Pod
		node *v1.Node
		o    Options
		why  string // empty: it fits
	}{
		{"fits", newPod("a"), newNode("n"), Options{}, ""},
		{"cordoned", newPod("a"), newNode("n", cordoned), Options{}, "node(s) were unschedulable"},
		{"cordon tolerated", newPod("a", tolerate(v1.TaintNodeUnschedulable)), newNode("n", cordoned), Options{}, ""},
		{"NoSchedule", newPod("a"), newNode("n", taint("k", v1.TaintEffectNoSchedule)), Options{}, "node(s) had untolerated taint {k: }"},
		{"NoExecute", newPod("a"), newNode("n", taint("k", v1.TaintEffectNoExecute)), Options{}, "node(s) had untolerated taint {k: }"},
		{"PreferNoSchedule", newPod("a"), newNode("n", taint("k", v1.TaintEffectPreferNoSchedule)), Options{}, ""},
		{"taint tolerated", newPod("a", tolerate("k")), newNode("n", taint("k", v1.TaintEffectNoSchedule)), Options{}, ""},
		{"selector", newPod("a", selects), newNode("n"), Options{}, "node(s) didn't match Pod's node affinity/selector"},
		{"affinity", newPod("a", requires("ssd")), newNode("n"), Options{}, "node(s) didn't match Pod's node affinity/selector"},
		{"affinity met", newPod("a", requires("hdd")), newNode("n"), Options{}, ""},
		{"cpu", newPod("a", request(v1.ResourceCPU, "4001m")), newNode("n"), Options{}, "Insufficient cpu"},
		{"cpu to the last", newPod("a", request(v1.ResourceCPU, "4")), newNode("n"), Options{}, ""},
		{"memory", newPod("a", request(v1.ResourceMemory, "2Gi")), newNode("n"), Options{}, "Insufficient memory"},
		{"not ready", newPod("a"), newNode("n", notReady), Options{}, ""},
		{"not ready in 1.9", newPod("a"), newNode("n", notReady), V1_9(), "node(s) were not ready"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCache()
			c.setNode(test.node)
			node, why := c.decide(test.pod, test.o)
			if test.why == "" {
				require.Equal(t, "n", node, why)
				return
			}
			require.Empty(t, node)
			require.Equal(t, "0/1 nodes are available: 1 "+test.why+".", why)
		})
	}
}

func TestDecideWithoutNodes(t *testing.T) {
	_, why := newCache().decide(newPod("a"), Options{})
	require.Equal(t, "no nodes available to schedule pods", why)
}

func TestDecideTakesTheEmptiestNodeThenTheFirst(t *testing.T) {
	c := newCache()
	for _, name := range []string{"n2", "n1", "n3"} {
		c.setNode(newNode(name))
	}
	var nodes []string
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		p := newPod(name)
		node, why := c.decide(p, Options{})
		if node == "" {
			node = why
		} else {
			c.assume(p, node)
		}
		nodes = append(nodes, node)
	}
	require.Equal(t, []string{"n1", "n2", "n3", "n1", "n2", "n3", "0/3 nodes are available: 3 Too many pods."}, nodes)
}

func TestAssumedPodTakesRoomUntilForgotten(t *testing.T) {
	c := newCache()
	c.setNode(newNode("n"))
	c.setPod(newPod("old", bound("n")))
	p := newPod("a")
	c.assume(p, "n")
	node, _ := c.decide(newPod("b"), Options{})
	require.Empty(t, node)

	c.forget("old")
	node, _ = c.decide(newPod("b"), Options{})
	require.Empty(t, node, "a bound pod is not forgotten")

	c.forget("a")
	node, _ = c.decide(newPod("b"), Options{})
	require.Equal(t, "n", node)
}

func TestConfirmedElsewhere(t *testing.T) {
	c := newCache()
	c.assume(newPod("a"), "n1")
	c.setPod(newPod("a", bound("n2")))
	require.Empty(t, c.podsOn("n1"))
	require.Len(t, c.podsOn("n2"), 1)
	c.forget("a")
	require.True(t, c.has("a"), "a confirmed pod is not forgotten")
}

func TestAssumptionsExpire(t *testing.T) {
	c := newCache()
	c.assume(newPod("a"), "n")
	require.Zero(t, c.expire(t0.Add(time.Hour)), "not while its binding is under way")
	c.expireAt("a", t0.Add(30*time.Second))
	require.Equal(t, t0.Add(30*time.Second), c.expire(t0))
	require.True(t, c.has("a"))
	require.Zero(t, c.expire(t0.Add(30*time.Second)))
	require.False(t, c.has("a"))
}

// A Node that is deleted and comes back still has its pods (B28).
func TestNodeComesBack(t *testing.T) {
	for _, forget := range []bool{false, true} {
		s := &Scheduler{o: Options{ForgetPodsOnNodeDelete: forget}, cache: newCache(), queue: newQueue(), wake: make(chan struct{}, 1)}
		s.setNode(nil, newNode("n"))
		s.setPod(newPod("a", bound("n")))
		s.setPod(newPod("b", bound("n")))
		s.removeNode("n")
		node, _ := s.cache.decide(newPod("c"), Options{})
		require.Empty(t, node, "a deleted Node is no candidate")
		s.setNode(nil, newNode("n"))
		node, _ = s.cache.decide(newPod("c"), Options{})
		require.Equal(t, forget, node == "n", "over-committed")
	}
}
