package suite

import (
	"context"
	"fmt"
	"slices"

	"github.com/reconverge/reconverge/impl/claims"
	"github.com/reconverge/reconverge/impl/sim"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
)

// What follows are moves of people, made of what they do to the ReplicaSet and its pods.

// ownerDeletes delete the ReplicaSet, in one way or another. Nobody changes their
// mind: the garbage collector acts on what it has read, so that pods may be collected
// for an owner that by then is to let them go.
func ownerDeletes() []Move {
	remove := func(name, flag string) Move {
		return Move{Name: name, Faults: []claims.Fault{claims.OwnerDeleted}, steps: func(_ *rapid.T, r *run) []sim.Step {
			set, err := r.Client().AppsV1().ReplicaSets(metav1.NamespaceDefault).Get(context.Background(), "web", metav1.GetOptions{})
			return steps(err == nil && set.DeletionTimestamp == nil, sim.Step{Verb: sim.User, Target: "delete replicasets default/web" + flag})
		}}
	}
	return []Move{
		remove("delete in the background", ""),
		remove("delete in the foreground", " --cascade=foreground"),
		remove("delete and orphan", " --cascade=orphan"),
	}
}

// deploys create the ReplicaSet again.
func deploys() Move {
	return Move{Name: "the ReplicaSet is created again", steps: func(*rapid.T, *run) []sim.Step {
		return steps(true, sim.Step{Verb: sim.Restart, Target: deployerActor})
	}}
}

// touches change the ReplicaSet in nothing that counts, so that it is looked at.
func touches() Move {
	return Move{Name: "touch", Weight: 2, steps: func(t *rapid.T, r *run) []sim.Step {
		return steps(true, sim.Step{Verb: sim.User, Target: fmt.Sprintf("label replicasets default/web touched=%d", rapid.IntRange(0, 99).Draw(t, "touched"))})
	}}
}

// prices make one pod cheaper to delete than the others.
func prices() Move {
	return Move{Name: "a pod gets cheap", steps: func(t *rapid.T, r *run) []sim.Step {
		pod, ok := pick(t, "pod", r.pods())
		return steps(ok, sim.Step{Verb: sim.User, Target: fmt.Sprintf("annotate pods %s/%s %s=-%d", pod.Namespace, pod.Name, podDeletionCost, rapid.IntRange(0, 9).Draw(t, "cost"))})
	}}
}

// scalesDown takes a replica off, and the controller manager sees that.
func scalesDown() Move {
	return Move{Name: "scale down", Weight: 6, Faults: []claims.Fault{claims.Scaled}, steps: func(_ *rapid.T, r *run) []sim.Step {
		set, err := r.Client().AppsV1().ReplicaSets(metav1.NamespaceDefault).Get(context.Background(), "web", metav1.GetOptions{})
		if err != nil {
			panic(sim.Failure{Err: err})
		}
		n := *set.Spec.Replicas - 1
		return steps(n > 0, sim.Step{Verb: sim.User, Target: fmt.Sprintf("scale replicasets default/web %d", n)}, sim.Step{Verb: sim.Settle, Target: "1s"})
	}}
}

// heavier gives a move a weight.
func heavier(weight int, m Move) Move {
	m.Weight = weight
	return m
}

// letsGo takes a pod out of the selector, and its ReplicaSet releases it.
func letsGo() Move {
	return Move{Name: "a pod is let go", Weight: 3, Faults: []claims.Fault{claims.PodChanged}, steps: func(t *rapid.T, r *run) []sim.Step {
		pod, ok := pick(t, "pod", r.pods())
		return steps(ok,
			sim.Step{Verb: sim.User, Target: "label pods " + pod.Namespace + "/" + pod.Name + " app=other"},
			sim.Step{Verb: sim.Settle, Target: "1s"})
	}}
}

// takesBack takes a pod back that was let go, and holds the adoption if nothing comes
// before it.
func takesBack() Move {
	return Move{Name: "a pod is taken back, slowly", Weight: 4, Faults: []claims.Fault{claims.PodChanged}, steps: func(t *rapid.T, r *run) []sim.Step {
		pod, ok := pick(t, "pod", slices.DeleteFunc(r.pods(), func(p corev1.Pod) bool { return p.Labels["app"] == "web" }))
		name := pod.Namespace + "/" + pod.Name
		return steps(ok,
			sim.Step{Verb: sim.User, Target: "label pods " + name + " app=web"},
			sim.Step{Verb: sim.Release, Target: managerActor + " watch pods MODIFIED " + name},
			sim.Step{Verb: sim.Stall, Target: managerActor + "/replicaset patch pods " + name})
	}}
}

// unseenPrices do so while the controller manager sees nothing of pods, nor of those
// that end in that time.
func unseenPrices() Move {
	cheap := prices()
	return Move{Name: cheap.Name + ", unseen", Weight: 3, steps: func(t *rapid.T, r *run) []sim.Step {
		unseen := append([]sim.Step{{Verb: sim.Stall, Target: managerActor + " watch pods"}}, cheap.steps(t, r)...)
		return append(unseen, sim.Step{Verb: sim.Settle, Target: "10s"})
	}}
}

const podDeletionCost = "controller.kubernetes.io/pod-deletion-cost"
