package kubelet

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// t0 is when tests begin.
var t0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A node is the pure core of a kubelet, its machine and the time.
type node struct {
	*pods
	t   *testing.T
	now time.Time
}

func newNode(t *testing.T, change ...func(*Options)) *node {
	o := Options{NodeName: "a", Machine: NewMachine("a", nil), Phase: time.Nanosecond}
	for _, f := range change {
		f(&o)
	}
	n := &node{t: t, now: t0}
	n.restart(o)
	return n
}

// restart begins again with the machine alone.
func (n *node) restart(o Options) {
	o, err := o.complete()
	require.NoError(n.t, err)
	n.pods = newPods(o, func() *v1.Node { return o.initialNode() })
}

// after lets time pass, and everything that is due happen when it is.
func (n *node) after(d time.Duration) {
	end := n.now.Add(d)
	for {
		next := n.advance(n.now)
		if next.IsZero() || next.After(end) {
			break
		}
		require.True(n.t, next.After(n.now), "what is due at %v is not done", next)
		n.now = next
	}
	n.now = end
}

func (n *node) sync(first ...*v1.Pod) {
	for _, p := range first {
		n.set(n.now, p)
	}
	n.pods.sync(n.now)
}

func (n *node) phase(uid types.UID) v1.PodPhase { return n.workers[uid].status.Phase }

func (n *node) ready(uid types.UID) bool { return isReady(n.workers[uid].status) }

func (n *node) runs(uid types.UID) bool {
	b := n.o.Machine.inspect(uid)
	return b != nil && b.running
}

func newPod(uid types.UID, change ...func(*v1.Pod)) *v1.Pod {
	p := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web-" + string(uid), UID: uid},
		Spec: v1.PodSpec{
			NodeName:      "a",
			RestartPolicy: v1.RestartPolicyAlways,
			Containers:    []v1.Container{{Name: "main", Image: "web"}},
		},
		Status: v1.PodStatus{Phase: v1.PodPending},
	}
	for _, f := range change {
		f(p)
	}
	return p
}

func marked(grace int64) func(*v1.Pod) {
	return func(p *v1.Pod) {
		at := metav1.NewTime(t0)
		p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &at, &grace
	}
}

func inPhase(phase v1.PodPhase) func(*v1.Pod) {
	return func(p *v1.Pod) { p.Status.Phase = phase }
}

func TestPodLife(t *testing.T) {
	n := newNode(t)
	n.sync()
	n.set(n.now, newPod("1"))
	n.after(0)
	require.Equal(t, v1.PodPending, n.phase("1"))
	n.after(time.Second + time.Nanosecond)
	require.Equal(t, v1.PodRunning, n.phase("1"))
	require.False(t, n.ready("1"))
	n.after(time.Second + time.Nanosecond)
	require.True(t, n.ready("1"))

	n.set(n.now, newPod("1", marked(30)))
	n.after(0)
	require.True(t, n.runs("1"))
	require.True(t, n.ready("1"), "readiness goes on while a pod terminates")
	n.after(2 * time.Second)
	require.False(t, n.runs("1"))
	require.Equal(t, v1.PodSucceeded, n.phase("1"))
	require.False(t, n.ready("1"))
	require.Equal(t, finished, n.workers["1"].stage)

	n.remove(n.now, "1")
	n.after(housekeepingPeriod)
	require.Empty(t, n.workers)
	require.Nil(t, n.o.Machine.inspect("1"))
}

func TestTerminatingPodBecomesReady(t *testing.T) {
	n := newNode(t, func(o *Options) { o.StopDuration = 10 * time.Second })
	n.sync(newPod("1"))
	n.after(1500 * time.Millisecond)
	n.set(n.now, newPod("1", marked(30)))
	require.False(t, n.ready("1"))
	n.after(time.Second)
	require.True(t, n.ready("1"))
}

func TestGraceOnlyShrinks(t *testing.T) {
	stopsAfter := func(graces ...int64) time.Duration {
		n := newNode(t, func(o *Options) { o.StopDuration = time.Minute })
		n.sync(newPod("1"))
		n.after(5 * time.Second)
		from := n.now
		for _, g := range graces {
			n.set(n.now, newPod("1", marked(g)))
			n.after(100 * time.Millisecond)
		}
		for n.runs("1") {
			n.after(100 * time.Millisecond)
		}
		require.Equal(t, v1.PodFailed, n.phase("1"), "killed")
		return n.now.Sub(from).Round(time.Second)
	}
	require.Equal(t, 30*time.Second, stopsAfter(30))
	require.Equal(t, 30*time.Second, stopsAfter(30, 40))
	require.Equal(t, 10*time.Second, stopsAfter(30, 10))
	require.Equal(t, time.Second, stopsAfter(0), "the kubelet's own minimum")
}

func TestPodThatNeverRan(t *testing.T) {
	n := newNode(t)
	n.sync(newPod("1"))
	n.set(n.now, newPod("1", marked(30)))
	n.after(time.Second)
	require.Equal(t, v1.PodFailed, n.phase("1"))
	require.Equal(t, finished, n.workers["1"].stage)
	require.Nil(t, n.o.Machine.inspect("1"))
}

func TestAdmission(t *testing.T) {
	cpu := func(q string) func(*v1.Pod) {
		return func(p *v1.Pod) {
			p.Spec.Containers[0].Resources.Requests = v1.ResourceList{v1.ResourceCPU: resource.MustParse(q)}
		}
	}
	tests := []struct {
		name   string
		pod    *v1.Pod
		o      func(*Options)
		reason string
	}{
		{"fits", newPod("2"), nil, ""},
		{"cpu", newPod("2", cpu("5")), nil, "OutOfcpu"},
		{"pods", newPod("2"), func(o *Options) {
			o.Allocatable = v1.ResourceList{v1.ResourcePods: resource.MustParse("1")}
		}, "OutOfpods"},
		{"selector", newPod("2", func(p *v1.Pod) { p.Spec.NodeSelector = map[string]string{"disk": "ssd"} }), nil, "NodeAffinity"},
		{"fault", newPod("2"), func(o *Options) {
			o.Reject = func(p *v1.Pod) string {
				if p.UID == "2" {
					return "UnexpectedAdmissionError"
				}
				return ""
			}
		}, "UnexpectedAdmissionError"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := newNode(t)
			if test.o != nil {
				n = newNode(t, test.o)
			}
			n.sync(newPod("1"))
			n.set(n.now, test.pod)
			n.after(5 * time.Second)
			require.Equal(t, test.reason, n.workers["2"].status.Reason)
			require.Equal(t, test.reason == "", n.runs("2"))
			require.Equal(t, test.reason != "", n.phase("2") == v1.PodFailed)
		})
	}
}

func TestAdmissionNoExecuteTaint(t *testing.T) {
	n := newNode(t)
	node := n.node()
	node.Spec.Taints = []v1.Taint{{Key: "broken", Effect: v1.TaintEffectNoExecute}, {Key: "full", Effect: v1.TaintEffectNoSchedule}}
	n.pods.node = func() *v1.Node { return node }
	n.sync(newPod("1"), newPod("2", func(p *v1.Pod) {
		p.Spec.Tolerations = []v1.Toleration{{Key: "broken", Operator: v1.TolerationOpExists}}
	}))
	require.Equal(t, "TaintToleration", n.workers["1"].status.Reason)
	require.Empty(t, n.workers["2"].status.Reason)
}

func TestPodGoneFromTheAPITakesNoRoom(t *testing.T) {
	n := newNode(t, func(o *Options) {
		o.Allocatable = v1.ResourceList{v1.ResourcePods: resource.MustParse("1")}
		o.StopDuration = 10 * time.Second
	})
	n.sync(newPod("1"))
	n.after(5 * time.Second)
	n.remove(n.now, "1")
	n.set(n.now, newPod("2"))
	n.after(5 * time.Second)
	require.True(t, n.runs("1"))
	require.True(t, n.runs("2"))
}

func TestRestartPolicy(t *testing.T) {
	tests := []struct {
		policy v1.RestartPolicy
		code   int32
		phase  v1.PodPhase
	}{
		{v1.RestartPolicyAlways, 0, v1.PodRunning},
		{v1.RestartPolicyAlways, 1, v1.PodRunning},
		{v1.RestartPolicyOnFailure, 0, v1.PodSucceeded},
		{v1.RestartPolicyOnFailure, 1, v1.PodRunning},
		{v1.RestartPolicyNever, 0, v1.PodSucceeded},
		{v1.RestartPolicyNever, 1, v1.PodFailed},
	}
	for _, test := range tests {
		n := newNode(t)
		n.sync(newPod("1", func(p *v1.Pod) { p.Spec.RestartPolicy = test.policy }))
		n.after(5 * time.Second)
		require.True(t, n.o.Machine.Exit("1", test.code))
		n.after(time.Second)
		require.Equal(t, test.phase, n.phase("1"), "%v, exit code %d", test.policy, test.code)
		require.False(t, n.runs("1"))
		require.False(t, n.ready("1"))
		n.after(time.Minute)
		require.Equal(t, test.phase == v1.PodRunning, n.runs("1"))
		if n.runs("1") {
			require.EqualValues(t, 1, n.workers["1"].status.ContainerStatuses[0].RestartCount)
		}
	}
}

func TestCrashLoopBacksOff(t *testing.T) {
	n := newNode(t)
	n.sync(newPod("1"))
	n.after(5 * time.Second)
	var waits []time.Duration
	for range 7 {
		n.o.Machine.Exit("1", 1)
		from := n.now
		for !n.runs("1") {
			n.after(time.Second)
		}
		waits = append(waits, n.now.Sub(from).Round(10*time.Second))
	}
	require.Equal(t, []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 300 * time.Second, 300 * time.Second}, waits)
}

func TestRestartedKubeletTakesContainersOver(t *testing.T) {
	n := newNode(t)
	n.sync(newPod("1"), newPod("2"), newPod("3"))
	n.after(5 * time.Second)
	n.restart(n.o)
	n.sync(newPod("1", inPhase(v1.PodRunning)), newPod("2", marked(30), inPhase(v1.PodRunning)))
	require.True(t, n.ready("1"), "ready without a new start")
	require.Zero(t, n.workers["1"].status.ContainerStatuses[0].RestartCount)
	n.after(time.Second + housekeepingPeriod)
	require.Equal(t, []PodRef{{"default", "web-1", "1"}}, n.o.Machine.Running(), "2 is terminating, 3 has no pod")
	require.Equal(t, v1.PodSucceeded, n.phase("2"))
}

func TestNoHousekeepingLeavesContainersAlone(t *testing.T) {
	n := newNode(t, func(o *Options) { o.NoHousekeeping = true })
	n.sync(newPod("1"))
	n.after(5 * time.Second)
	n.restart(n.o)
	n.sync()
	n.after(time.Hour)
	require.True(t, n.runs("1"))
}

func TestReboot(t *testing.T) {
	n := newNode(t)
	n.sync(newPod("1"), newPod("2"))
	n.after(5 * time.Second)
	one, two := newPod("1"), newPod("2", marked(30))
	one.Status, two.Status = *n.workers["1"].status, *n.workers["2"].status
	n.o.Machine.Reboot()
	n.restart(n.o)
	n.sync(one, two)
	require.Empty(t, n.o.Machine.Running())
	require.Equal(t, v1.PodRunning, n.phase("1"), "no pod returns to Pending")
	require.False(t, n.ready("1"))
	n.after(5 * time.Second)
	require.True(t, n.runs("1"))
	require.EqualValues(t, 1, n.workers["1"].status.ContainerStatuses[0].RestartCount)
	require.Equal(t, v1.PodFailed, n.phase("2"), "what became of its containers is not known")
	require.Equal(t, finished, n.workers["2"].stage)
}

func TestTerminalPodDoesNotRun(t *testing.T) {
	for _, restartTerminated := range []bool{false, true} {
		n := newNode(t, func(o *Options) { o.RestartTerminated = restartTerminated })
		n.sync(newPod("1", inPhase(v1.PodFailed)))
		n.after(5 * time.Second)
		require.Equal(t, restartTerminated, n.runs("1"))
		require.Equal(t, restartTerminated, n.phase("1") == v1.PodRunning)
	}
}

func TestPodThatPodGCFailedStops(t *testing.T) {
	n := newNode(t)
	n.sync(newPod("1"))
	n.after(5 * time.Second)
	n.set(n.now, newPod("1", inPhase(v1.PodFailed)))
	n.after(5 * time.Second)
	require.False(t, n.runs("1"))
	require.Equal(t, v1.PodFailed, n.phase("1"), "whatever the containers' exit codes")
}

// An evicted pod whose end the API has not heard of is started again by a
// restarted kubelet: a case that upstream knows (TODO in HandlePodCleanups).
func TestEvictionIsForgotten(t *testing.T) {
	n := newNode(t)
	n.sync(newPod("1"))
	n.after(5 * time.Second)
	require.True(t, n.evict(n.now, "1", "low on memory"))
	require.False(t, n.evict(n.now, "2", "no such pod"))
	require.Equal(t, v1.PodFailed, n.phase("1"))
	require.True(t, n.workers["1"].couldRun(), "the phase is withheld")
	n.after(2 * time.Second)
	require.Equal(t, "Evicted", n.workers["1"].status.Reason)
	require.False(t, n.runs("1"))

	n.restart(n.o)
	n.sync(newPod("1", inPhase(v1.PodRunning)))
	n.after(time.Minute)
	require.True(t, n.runs("1"))
}

func TestBrokenRuntimeNeitherStartsNorStops(t *testing.T) {
	n := newNode(t)
	n.sync(newPod("1"))
	n.after(5 * time.Second)
	n.o.Machine.Break()
	n.set(n.now, newPod("1", marked(30)))
	n.set(n.now, newPod("2"))
	n.after(time.Minute)
	require.True(t, n.runs("1"))
	require.False(t, n.runs("2"))
	n.o.Machine.Repair()
	n.after(time.Second)
	require.False(t, n.runs("1"))
	require.True(t, n.runs("2"))
}
