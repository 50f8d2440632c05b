package replay

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/model"
)

// Names of objects and of processes.
const (
	setName  = "web"
	bareName = "mypod"

	managerActor   = "kcm"
	secondManager  = "kcm-2"
	schedulerActor = "scheduler"
	drainActor     = "kubectl-drain"
	kubeletPrefix  = "kubelet-"
	machinePrefix  = "machine-"
	runtimePrefix  = "runtime-"
)

// A tick of the model is longer than the grace of a node, together with the wait for
// the next pass, and two are longer than a toleration. The times of the cluster are
// those of impl/suite.
const (
	tick       = 7600 * time.Millisecond
	tick1_9    = 17 * time.Second  // two are longer than the eviction delay
	tickExpiry = 101 * time.Second // three are longer than expectations last
	expired    = 3                 // ticks after which they have expired
	longer     = 15                // seconds that a pod tolerates a taint: more than one tick
	shorter    = 5                 // less
	gracePods  = 5                 // seconds
	gcPeriod   = time.Second
	quarantine = 6 * time.Second // less than a tick

	// Kubelets may take any time: they start containers sooner than they end others.
	startDuration = 200 * time.Millisecond
	statusPeriod  = time.Second
)

// cluster is the scenario of the cluster in which a trace is replayed.
func cluster(s model.Scenario) (suite.Scenario, error) {
	c := suite.Scenario{Name: "replay", Title: "a trace of the model", Replicas: -1, Nodes: s.Nodes, V1_9: s.Version == model.V1_9}
	capacity := slices.Clone(s.Capacity[:s.Nodes])
	slices.Sort(capacity)
	switch capacity = slices.Compact(capacity); {
	case len(capacity) > 1:
		return c, cannot("nodes of different sizes: those of the cluster are alike")
	case s.Zones != [model.MaxNodes]uint8{}:
		return c, cannot("several zones: the nodes of the cluster are in one")
	case s.Untimed:
		return c, cannot("untimed behaviours: the timers of the cluster run in the order of their lengths")
	case s.Toleration == model.TolerateNot || s.NotReady == model.TolerateNot:
		return c, cannot("pods that do not tolerate a lost node: the API server gives each pod a toleration")
	case s.Faults[model.HandOver] > 1:
		return c, cannot("more than one hand-over: the cluster has two controller managers")
	}
	c.Room = int64(capacity[0])
	return c, nil
}

// configure makes the processes of the cluster, with the trace's planted bugs or
// without.
func configure(c suite.Scenario, mutations []string) (*suite.Config, error) {
	config, err := c.WithMutations(mutations...)
	if err != nil {
		return nil, cannot("%s", strings.TrimPrefix(err.Error(), "suite: "))
	}
	config.Manager.PodGC.Period, config.Manager.PodGC.Quarantine = gcPeriod, quarantine
	if !c.V1_9 {
		config.Kubelet.StatusPeriod = statusPeriod
	}
	config.Kubelet.StartDuration, config.Kubelet.ReadyDuration = startDuration, startDuration
	return config, nil
}

// set is the ReplicaSet of the model.
func (d *driver) set(replicas int32) *appsv1.ReplicaSet {
	return &appsv1.ReplicaSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ReplicaSet"},
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: setName},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": setName}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": setName}},
				Spec:       d.podSpec(),
			},
		},
	}
}

// barePod is the pod that a user creates.
func (d *driver) barePod() *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: bareName, Labels: map[string]string{"app": bareName}},
		Spec:       d.podSpec(),
	}
}

func (d *driver) podSpec() corev1.PodSpec {
	spec := corev1.PodSpec{
		TerminationGracePeriodSeconds: ptr.To[int64](gracePods),
		Containers:                    []corev1.Container{{Name: "c", Image: "c"}},
	}
	if d.scenario.NoGrace {
		spec.TerminationGracePeriodSeconds = ptr.To[int64](0)
	}
	for _, t := range []struct {
		key  string
		time model.Toleration
	}{{corev1.TaintNodeUnreachable, d.scenario.Toleration}, {corev1.TaintNodeNotReady, d.scenario.NotReady}} {
		toleration := corev1.Toleration{Key: t.key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute}
		switch t.time {
		case model.TolerateLonger:
			toleration.TolerationSeconds = ptr.To[int64](longer)
		case model.TolerateShorter:
			toleration.TolerationSeconds = ptr.To[int64](shorter)
		}
		spec.Tolerations = append(spec.Tolerations, toleration)
	}
	return spec
}

// budget is the PodDisruptionBudget of the model; nil: none.
func budget(s model.Disruption) *policyv1.PodDisruptionBudget {
	if s.Limit == model.NoLimit {
		return nil
	}
	value := intstr.FromInt32(int32(s.Value))
	if s.Percent {
		value = intstr.FromString(strconv.Itoa(s.Value) + "%")
	}
	b := &policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: setName},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": setName}}},
	}
	if s.Limit == model.MinAvailable {
		b.Spec.MinAvailable = &value
	} else {
		b.Spec.MaxUnavailable = &value
	}
	if s.AlwaysAllow {
		b.Spec.UnhealthyPodEvictionPolicy = ptr.To(policyv1.AlwaysAllow)
	}
	return b
}

func nodeNames(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("node-%c", 'a'+i))
	}
	return names
}
