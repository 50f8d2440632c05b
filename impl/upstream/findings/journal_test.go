package findings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/reconverge/reconverge/impl/sim"
)

// A fact is something about a pod or a node that a write has changed.
type fact struct {
	At   time.Duration // since all pods were ready
	What string        // such as "db-0 is to be deleted"
	By   string        // whose write it is
	UID  types.UID     // of the pod
}

// A journal is a Recorder of what a report is about: NoExecute taints, readiness, and
// the coming and going of pods and nodes, with the steps of the schedule between.
type journal struct {
	facts []fact
	lines []string
	began time.Duration
	on    bool
	born  map[string][]types.UID            // pods by name, in the order of creation
	ready map[string]corev1.ConditionStatus // nodes, as they are in the store
	asked map[string]int                    // requests of processes by name
}

func newJournal() *journal {
	return &journal{
		born: map[string][]types.UID{}, ready: map[string]corev1.ConditionStatus{}, asked: map[string]int{},
	}
}

func (j *journal) begin(at time.Duration) { j.began, j.on = at, true }

func (j *journal) step(at time.Duration, s sim.Step) {
	j.lines = append(j.lines, fmt.Sprintf("%10s > %s", stamp(at-j.began), s))
}

// stamp writes a time in seconds.
func stamp(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// Record implements sim.Recorder.
func (j *journal) Record(e sim.Entry) {
	if s, ok := e.(*sim.Sent); ok && j.on {
		j.asked[s.Call.Name()]++
	}
	w, ok := e.(*sim.Written)
	if !ok {
		return
	}
	switch w.Resource.Resource {
	case "pods":
		before, _ := w.Before.(*corev1.Pod)
		after, _ := w.After.(*corev1.Pod)
		j.pod(w, before, after)
	case "nodes":
		before, _ := w.Before.(*corev1.Node)
		after, _ := w.After.(*corev1.Node)
		j.node(w, before, after)
	case "poddisruptionbudgets":
		before, _ := w.Before.(*policyv1.PodDisruptionBudget)
		after, _ := w.After.(*policyv1.PodDisruptionBudget)
		j.budget(w, before, after)
	}
}

func (j *journal) add(w *sim.Written, uid types.UID, format string, args ...any) {
	if !j.on {
		return
	}
	f := fact{w.At - j.began, fmt.Sprintf(format, args...), "user", uid}
	if w.Call != nil {
		f.By = strings.TrimSuffix(w.Call.Request.Client.Actor+"/"+w.Call.Request.Client.Component, "/")
	}
	j.facts = append(j.facts, f)
	j.lines = append(j.lines, fmt.Sprintf("%10s   %s (%s)", stamp(f.At), f.What, f.By))
}

func (j *journal) pod(w *sim.Written, before, after *corev1.Pod) {
	if before == nil {
		j.remember(after)
		j.add(w, after.UID, "pod %s is created", j.name(after))
		return
	}
	name := j.name(before)
	if after == nil {
		j.add(w, before.UID, "pod %s is removed", name)
		return
	}
	if before.Spec.NodeName != after.Spec.NodeName {
		j.add(w, after.UID, "pod %s is bound to %s", name, after.Spec.NodeName)
	}
	if before.DeletionTimestamp == nil && after.DeletionTimestamp != nil {
		j.add(w, after.UID, "pod %s is to be deleted", name)
	}
	if before.Status.Phase != after.Status.Phase {
		j.add(w, after.UID, "pod %s is %s", name, after.Status.Phase)
	}
	if isReady(before) != isReady(after) {
		j.add(w, after.UID, "pod %s is %s", name, readiness(isReady(after)))
	}
}

// remember numbers the pods of one name.
func (j *journal) remember(p *corev1.Pod) {
	j.born[p.Name] = append(j.born[p.Name], p.UID)
}

// name of a pod, with a number if it is not the first of that name.
func (j *journal) name(p *corev1.Pod) string {
	if i := slices.Index(j.born[p.Name], p.UID); i > 0 {
		return fmt.Sprintf("%s#%d", p.Name, i+1)
	}
	return p.Name
}

func (j *journal) node(w *sim.Written, before, after *corev1.Node) {
	switch {
	case before == nil:
		j.add(w, "", "node %s registers", after.Name)
		return
	case after == nil:
		j.add(w, "", "node %s is deleted", before.Name)
		return
	}
	j.ready[after.Name] = nodeReady(after)
	if b, a := nodeReady(before), nodeReady(after); b != a {
		j.add(w, "", "node %s has Ready=%s", after.Name, a)
	}
	b, a := noExecute(before), noExecute(after)
	for _, key := range a {
		if !slices.Contains(b, key) {
			j.add(w, "", "node %s gets NoExecute taint %s", after.Name, key)
		}
	}
	for _, key := range b {
		if !slices.Contains(a, key) {
			j.add(w, "", "node %s loses NoExecute taint %s", after.Name, key)
		}
	}
}

func (j *journal) budget(w *sim.Written, before, after *policyv1.PodDisruptionBudget) {
	if before == nil || after == nil || before.Status.DisruptionsAllowed == after.Status.DisruptionsAllowed {
		return
	}
	j.add(w, "", "budget %s allows %d", after.Name, after.Status.DisruptionsAllowed)
}

// named are the facts whose text begins so, in their order.
func (j *journal) named(prefix string) []fact {
	return slices.DeleteFunc(slices.Clone(j.facts), func(f fact) bool { return !strings.HasPrefix(f.What, prefix) })
}

func (j *journal) String() string { return strings.Join(j.lines, "\n") + "\n" }

func isReady(p *corev1.Pod) bool {
	i := slices.IndexFunc(p.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodReady })
	return i >= 0 && p.Status.Conditions[i].Status == corev1.ConditionTrue
}

func readiness(ready bool) string {
	if ready {
		return "ready"
	}
	return "not ready"
}

func nodeReady(n *corev1.Node) corev1.ConditionStatus {
	i := slices.IndexFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool { return c.Type == corev1.NodeReady })
	if i < 0 {
		return ""
	}
	return n.Status.Conditions[i].Status
}

func noExecute(n *corev1.Node) []string {
	var keys []string
	for _, t := range n.Spec.Taints {
		if t.Effect == corev1.TaintEffectNoExecute {
			keys = append(keys, t.Key)
		}
	}
	return keys
}
