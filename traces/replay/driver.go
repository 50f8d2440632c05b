package replay

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/model"
)

// A driver has a cluster do what a trace says.
type driver struct {
	*suite.Driven
	model    *model.Model
	scenario model.Scenario
	nodes    []string // names, by the model's numbers
	world    *world
	steps    []*step
	state    model.State // where the cluster is to be
	planted  []string    // mutations
	action   string      // of the step under way
	syncs    bool        // the ReplicaSet controller may end what it does now, and go on
	manager  string      // the controller manager that acts; a former one sends what it had decided, when told to
	people   int         // that have done something
	relists  string      // the resource of which the controller manager is to list again
	tick     time.Duration
}

// A step is one of a trace.
type step struct {
	action, label string
	from, to      *model.State
	pod, node     int // the first that it changes; -1: none
}

func newStep(action, label string, from, to *model.State) *step {
	s := &step{action: action, label: label, from: from, to: to}
	s.pod = slices.IndexFunc(indexes(len(to.Pods)), func(i int) bool { return from.Pods[i] != to.Pods[i] })
	s.node = slices.IndexFunc(indexes(len(to.Nodes)), func(n int) bool { return from.Nodes[n] != to.Nodes[n] })
	return s
}

// nodeOf is the node that the step changes, or that of the pod that it changes.
func (s *step) nodeOf() int {
	if s.node < 0 && s.pod >= 0 {
		return int(max(s.to.Pods[s.pod].Node, s.from.Pods[s.pod].Node)) - 1
	}
	return s.node
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// verb is what becomes of the request of a step: it may end badly.
func (s *step) verb() sim.Verb {
	switch {
	case strings.HasSuffix(s.label, " fails"):
		return sim.Fail
	case strings.HasSuffix(s.label, ", response lost"):
		return sim.Lose
	}
	return sim.Release
}

// podName is the name of a pod of the model in the cluster.
func (d *driver) podName(i int) string {
	if i < 0 || i >= len(d.world.pods) {
		return ""
	}
	for _, v := range slices.Backward(d.world.history[podKey(d.world.pods[i])]) {
		if pod, ok := v.object.(*corev1.Pod); ok {
			return pod.Name
		}
	}
	return ""
}

// errOver says that a claim is violated.
var errOver = errors.New("a claim is violated")

// take has the cluster take a step.
func (d *driver) take(s sim.Step) error {
	if err := d.Do(s); err != nil {
		return diverges("%q: %v", s, firstLine(err))
	}
	if d.Judged() != nil {
		return errOver
	}
	return nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimPrefix(line, "sim: ")
}

// livePod and the others are the objects of the cluster as the model has them.

func (d *driver) livePod(i int) model.Pod {
	if i >= len(d.world.pods) {
		return model.Pod{}
	}
	return d.pod(d.world.live(podKey(d.world.pods[i])))
}

func (d *driver) liveNode(n int) model.Node { return node(d.world.live("nodes/" + d.nodes[n])) }

func (d *driver) liveOwner() model.ReplicaSet {
	set, _ := d.world.live("replicasets/" + setName).(*appsv1.ReplicaSet)
	if set == nil {
		return model.ReplicaSet{}
	}
	return d.owner(set)
}

func (d *driver) wantedOwner(s *model.State) model.ReplicaSet {
	owner := s.Owner
	if !d.scenario.Status {
		owner.Status = model.ReplicaSetStatus{}
	}
	return owner
}

// allowed is how many evictions the budget admits; -1: nobody looks.
func (d *driver) allowed() int {
	budget, _ := d.world.live("poddisruptionbudgets/" + setName).(*policyv1.PodDisruptionBudget)
	if budget == nil || d.scenario.Faults[model.DrainNode] == 0 {
		return -1
	}
	return int(budget.Status.DisruptionsAllowed)
}

func (d *driver) wantedAllowed(s *model.State) int {
	if d.scenario.Disruption.Limit == model.NoLimit || d.scenario.Faults[model.DrainNode] == 0 {
		return -1
	}
	return int(s.PDB.Allowed)
}

// differences lists how the store differs from a state of the model.
func (d *driver) differences(s *model.State) (all []string) {
	say := func(what string, is, wanted any) {
		all = append(all, fmt.Sprintf("%s is %s where the model has %s", what, is, wanted))
	}
	for i := range s.Pods {
		if is, wanted := d.livePod(i), inStore(s.Pods[i]); is != wanted {
			name := d.podName(i)
			if name == "" {
				name = fmt.Sprintf("number %d", i+1)
			}
			say("pod "+name, podInWords(d, is), podInWords(d, wanted))
		}
	}
	for n, name := range d.nodes {
		if is, wanted := d.liveNode(n), nodeInStore(s.Nodes[n]); is != wanted && (is.Object || wanted.Object) {
			say("node "+name, nodeInWords(is), nodeInWords(wanted))
		}
	}
	if is, wanted := d.liveOwner(), d.wantedOwner(s); is != wanted {
		say("the ReplicaSet", ownerInWords(is), ownerInWords(wanted))
	}
	if is, wanted := d.allowed(), d.wantedAllowed(s); is != wanted {
		say("disruptionsAllowed", fmt.Sprint(is), fmt.Sprint(wanted))
	}
	return all
}

// reached reports whether the store is that of the state.
func (d *driver) reached() bool { return len(d.differences(&d.state)) == 0 }
