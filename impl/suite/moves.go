package suite

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/reconverge/reconverge/impl/claims"
	"github.com/reconverge/reconverge/impl/sim"
	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"
)

// A Move is one kind of thing that a schedule does.
type Move struct {
	Name   string
	Weight int            // against other moves; 0: 1
	Faults []claims.Fault // that it brings
	// steps are what it is now, as rapid draws it; none: it cannot be made now.
	steps func(*rapid.T, *run) []sim.Step
}

// pick draws one of some things. Of none, it is the zero value and false.
func pick[T any](t *rapid.T, label string, from []T) (one T, ok bool) {
	if len(from) == 0 {
		return one, false
	}
	return from[rapid.IntRange(0, len(from)-1).Draw(t, label)], true
}

// course are the moves of every scenario: things take their course, in some order.
func course() []Move {
	return []Move{
		{Name: "release", Weight: 12, steps: func(t *rapid.T, r *run) []sim.Step {
			step, ok := pick(t, "pending", r.Pending())
			return steps(ok, step)
		}},
		{Name: "settle", Weight: 5, steps: func(t *rapid.T, r *run) []sim.Step {
			d, _ := pick(t, "for", r.scenario.pauses())
			return steps(true, sim.Step{Verb: sim.Settle, Target: d})
		}},
		{Name: "advance", Weight: 1, steps: func(t *rapid.T, r *run) []sim.Step {
			d, _ := pick(t, "by", []string{"100ms", "1s", "10s"})
			return steps(true, sim.Step{Verb: sim.Advance, Target: d})
		}},
	}
}

func steps(ok bool, s ...sim.Step) []sim.Step {
	if !ok {
		return nil
	}
	return s
}

// lag stalls the watches of processes whose name begins so, or lets them go on.
func lag(actor string) []Move {
	return []Move{
		onWatches("stall "+actor, sim.Stall, actor),
		onWatches("unstall "+actor, sim.Unstall, actor),
	}
}

// cuts break the watches of processes, and let them expire.
func cuts(actor string) []Move {
	return []Move{
		onWatches("cut "+actor, sim.Cut, actor),
		{Name: "expire " + actor, steps: func(t *rapid.T, r *run) []sim.Step {
			step, ok := pick(t, "pending", r.pendingOf(actor, " watch "))
			return steps(ok, step.With(sim.Expire))
		}},
	}
}

func onWatches(name string, verb sim.Verb, actor string) Move {
	return Move{Name: name, steps: func(t *rapid.T, r *run) []sim.Step {
		watch, ok := pick(t, "watch", of(actor, r.Watches()))
		return steps(ok, sim.Step{Verb: verb, Target: watch})
	}}
}

// of are the names that begin with one of an actor's.
func of(actor string, names []string) (out []string) {
	for _, name := range names {
		if strings.HasPrefix(name, actor) {
			out = append(out, name)
		}
	}
	return out
}

// pendingOf are the pending steps of an actor whose names contain one of some words.
func (r *run) pendingOf(actor string, words ...string) (out []sim.Step) {
	for _, step := range r.Pending() {
		if strings.HasPrefix(step.Target, actor) && (len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(step.Target, w) })) {
			out = append(out, step)
		}
	}
	return out
}

// onWrites does something to a pending write of a process.
func onWrites(verb sim.Verb, actor string, faults []claims.Fault, words ...string) Move {
	return Move{Name: fmt.Sprintf("%s %s", verb, actor), Weight: 2, Faults: faults, steps: func(t *rapid.T, r *run) []sim.Step {
		step, ok := pick(t, "pending", r.pendingOf(actor, words...))
		return steps(ok, step.With(verb))
	}}
}

var writeVerbs = []string{" create ", " update ", " patch ", " delete "}

// lossy loses requests and answers of a process, and holds answers back.
func lossy(actor string) []Move {
	return []Move{
		onWrites(sim.Fail, actor, []claims.Fault{claims.WriteFails}, writeVerbs...),
		onWrites(sim.Lose, actor, []claims.Fault{claims.CreateLost, claims.DeleteLost}, writeVerbs...),
		onWrites(sim.Keep, actor, nil, writeVerbs...),
	}
}

// restarts crash and start a process.
func restarts(actor string, faults ...claims.Fault) Move {
	return Move{Name: "restart " + actor, Faults: faults, steps: func(t *rapid.T, r *run) []sim.Step {
		return steps(true, sim.Step{Verb: sim.Restart, Target: actor})
	}}
}

// overlaps start a second controller manager, and end the first or the second.
func overlaps() []Move {
	change := func(name string, verb sim.Verb) Move {
		return Move{Name: name, Faults: []claims.Fault{claims.ManagerOverlap, claims.ManagerRestart}, steps: func(t *rapid.T, r *run) []sim.Step {
			actor, _ := pick(t, "manager", []string{secondManager, managerActor})
			running, _ := r.Running(actor)
			return steps(running == (verb == sim.Crash), sim.Step{Verb: verb, Target: actor})
		}}
	}
	return []Move{change("a manager starts", sim.Start), change("a manager ends", sim.Crash)}
}

// slow holds back a write of a process, or its answer, so that all else comes first
// until it is released.
func slow(actor string, words ...string) Move {
	if len(words) == 0 {
		words = writeVerbs
	}
	move := onWrites(sim.Stall, actor, nil, words...)
	move.Weight = 3
	return move
}

// focus releases what a process has pending, as long as it is of that kind, sooner
// than by chance alone.
func focus(actor string, words ...string) Move {
	return Move{Name: "release " + actor, Weight: 6, steps: func(t *rapid.T, r *run) []sim.Step {
		step, ok := pick(t, "pending", r.pendingOf(actor, words...))
		return steps(ok, step)
	}}
}

// stale answers the lists of a process from the past, as far as it accepts that.
func stale(actor string) Move {
	return Move{Name: "an old list for " + actor, Weight: 6, steps: func(t *rapid.T, r *run) []sim.Step {
		step, ok := pick(t, "pending", r.pendingOf(actor, " list "))
		return steps(ok, step.With(sim.Stale))
	}}
}

// startsInThePast lets power come back, to a list from before the last changes of a
// pod, and to a watch that lags.
func startsInThePast() Move {
	return Move{Name: "power comes back to an old list", Weight: 3, steps: func(t *rapid.T, r *run) []sim.Step {
		node, down := pick(t, "node", r.down())
		pod, ok := pick(t, "pod", r.pods())
		kubelet := kubeletPrefix + node
		revision, _ := strconv.Atoi(pod.ResourceVersion)
		before := rapid.IntRange(1, 4).Draw(t, "revisions before")
		course := append([]sim.Step{
			{Verb: sim.Start, Target: kubelet},
			{Verb: sim.Release, Target: kubelet + "/kubelet list nodes"},
			{Verb: sim.Stale, Target: fmt.Sprintf("%s/kubelet list pods @%d", kubelet, revision-before)},
			{Verb: sim.Release, Target: kubelet + "/kubelet watch pods"},
		}, slices.Repeat([]sim.Step{{Verb: sim.Advance, Target: "1s"}}, 5)...)
		return steps(down && ok, course...)
	}}
}

// waits let time pass that is longer than any time-out.
func waits(d string) Move {
	return Move{Name: "wait for " + d, Weight: 2, steps: func(*rapid.T, *run) []sim.Step {
		return steps(true, sim.Step{Verb: sim.Settle, Target: d})
	}}
}

// stops crash a process, and start it.
func stops(prefix string, faults ...claims.Fault) []Move {
	change := func(name string, verb sim.Verb) Move {
		return Move{Name: name, Faults: faults, steps: func(t *rapid.T, r *run) []sim.Step {
			actor, ok := pick(t, "process", of(prefix, r.Actors()))
			running, _ := r.Running(actor)
			return steps(ok && running == (verb == sim.Crash), sim.Step{Verb: verb, Target: actor})
		}}
	}
	return []Move{change(prefix+" stops", sim.Crash), change(prefix+" starts", sim.Restart)}
}

// nodesFail lets nodes lose power, and come back.
func nodesFail() []Move {
	return []Move{
		{Name: "power fails", Faults: []claims.Fault{claims.NodeDown}, steps: func(t *rapid.T, r *run) []sim.Step {
			node, ok := pick(t, "node", r.up())
			return steps(ok, sim.Step{Verb: sim.Crash, Target: kubeletPrefix + node}, sim.Step{Verb: sim.Restart, Target: machinePrefix + node})
		}},
		{Name: "power comes back", steps: func(t *rapid.T, r *run) []sim.Step {
			node, ok := pick(t, "node", r.down())
			return steps(ok, sim.Step{Verb: sim.Start, Target: kubeletPrefix + node})
		}},
	}
}

func (r *run) up() []string { return r.nodesThat(true) }

func (r *run) down() []string { return r.nodesThat(false) }

func (r *run) nodesThat(run bool) (nodes []string) {
	for _, node := range r.scenario.nodes() {
		if running, _ := r.Running(kubeletPrefix + node); running == run {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// kubeletRestarts are a kubelet's, while its containers run on.
func kubeletRestarts() Move {
	return Move{Name: "a kubelet restarts", steps: func(t *rapid.T, r *run) []sim.Step {
		node, ok := pick(t, "node", r.up())
		return steps(ok, sim.Step{Verb: sim.Restart, Target: kubeletPrefix + node})
	}}
}

// partitions cut nodes off, and heal that.
func partitions() []Move {
	return []Move{
		{Name: "a node is cut off", Faults: []claims.Fault{claims.NodeDown}, steps: func(t *rapid.T, r *run) []sim.Step {
			node, ok := pick(t, "node", r.linked(true))
			return steps(ok, sim.Step{Verb: sim.Partition, Target: kubeletPrefix + node})
		}},
		{Name: "a node is connected again", steps: func(t *rapid.T, r *run) []sim.Step {
			node, ok := pick(t, "node", r.linked(false))
			return steps(ok, sim.Step{Verb: sim.Heal, Target: kubeletPrefix + node})
		}},
	}
}

func (r *run) linked(to bool) (nodes []string) {
	for _, node := range r.scenario.nodes() {
		if r.observer.partitioned[kubeletPrefix+node] != to {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// user is something that a person does, to a pod if it has a place for one.
func user(name, action string, faults ...claims.Fault) Move {
	return Move{Name: name, Faults: faults, steps: func(t *rapid.T, r *run) []sim.Step {
		if !strings.Contains(action, "%s") {
			return steps(true, sim.Step{Verb: sim.User, Target: action})
		}
		pod, ok := pick(t, "pod", r.pods())
		return steps(ok, sim.Step{Verb: sim.User, Target: fmt.Sprintf(action, pod.Namespace+"/"+pod.Name)})
	}}
}

// onNodes is something that a person does to a node.
func onNodes(name, action string, faults ...claims.Fault) Move {
	return Move{Name: name, Faults: faults, steps: func(t *rapid.T, r *run) []sim.Step {
		node, ok := pick(t, "node", r.scenario.nodes())
		return steps(ok, sim.Step{Verb: sim.User, Target: fmt.Sprintf(action, node)})
	}}
}

func podDeletes() Move { return user("a pod is deleted", "delete pods %s", claims.PodDeleted) }

// scales change the number of replicas.
func scales(most int) Move {
	return Move{Name: "scale", Faults: []claims.Fault{claims.Scaled}, steps: func(t *rapid.T, r *run) []sim.Step {
		n := rapid.IntRange(0, most).Draw(t, "replicas")
		return steps(true, sim.Step{Verb: sim.User, Target: fmt.Sprintf("scale replicasets default/web %d", n)})
	}}
}

// relabels take pods out of the selector, and back.
func relabels() []Move {
	return []Move{
		user("a pod is let go", "label pods %s app=other", claims.PodChanged),
		user("a pod is taken back", "label pods %s app=web", claims.PodChanged),
	}
}

// ofPod are steps of requests about the pod of the scenario, in the order in which
// they come to be pending. Those that do not are left out.
func (r *run) ofPod(steps ...sim.Step) []sim.Step {
	for i := range steps {
		steps[i].Target += " default/" + r.scenario.Pod
	}
	return steps
}

// waitsForNode creates the pod of the scenario again and holds its binding back.
func waitsForNode() Move {
	return Move{Name: "the pod waits for its node", Weight: 3, Faults: []claims.Fault{claims.NameReused}, steps: func(_ *rapid.T, r *run) []sim.Step {
		return append([]sim.Step{{Verb: sim.Restart, Target: submitterActor}}, r.ofPod(
			sim.Step{Verb: sim.Release, Target: submitterActor + " create pods"},
			sim.Step{Verb: sim.Release, Target: schedulerActor + " watch pods ADDED"},
			sim.Step{Verb: sim.Stall, Target: schedulerActor + "/scheduler create pods/binding"},
		)...)
	}}
}

// ends deletes the pod of the scenario and holds the final delete back: all of it
// has ended on its node then, and the API says so.
func ends() Move {
	return Move{Name: "the pod ends", Weight: 3, Faults: []claims.Fault{claims.PodDeleted}, steps: func(_ *rapid.T, r *run) []sim.Step {
		kubelet := kubeletPrefix + r.scenario.nodes()[0] + "/kubelet"
		deleted := r.ofPod(sim.Step{Verb: sim.User, Target: "delete pods"})
		soon := []sim.Step{{Verb: sim.Settle, Target: "50ms"}, {Verb: sim.Advance, Target: "100ms"}}
		stopped := r.ofPod(
			sim.Step{Verb: sim.Release, Target: kubelet + " get pods"},
			sim.Step{Verb: sim.Release, Target: kubelet + " patch pods/status"},
		)
		cleanedUp := r.ofPod(
			sim.Step{Verb: sim.Release, Target: kubelet + " get pods"},
			sim.Step{Verb: sim.Stall, Target: kubelet + " delete pods"},
		)
		return slices.Concat(deleted, []sim.Step{{Verb: sim.Settle, Target: "950ms"}}, soon, stopped, soon, cleanedUp)
	}}
}

// endsInTheDark lets the node lose power when its pod has ended, and the final delete
// with it.
func endsInTheDark() Move {
	return Move{Name: "the pod ends and power fails", Weight: 3, Faults: []claims.Fault{claims.PodDeleted, claims.NodeDown}, steps: func(t *rapid.T, r *run) []sim.Step {
		node := r.scenario.nodes()[0]
		return append(ends().steps(t, r),
			sim.Step{Verb: sim.Crash, Target: kubeletPrefix + node},
			sim.Step{Verb: sim.Restart, Target: machinePrefix + node},
			sim.Step{Verb: sim.Fail, Target: kubeletPrefix + node + "/kubelet delete pods default/" + r.scenario.Pod + " (late)"},
		)
	}}
}

// replaces deletes the pod of the scenario and creates it again at once.
func replaces(how string, faults ...claims.Fault) Move {
	return Move{Name: "the pod is replaced", Weight: 3, Faults: append(faults, claims.NameReused), steps: func(_ *rapid.T, r *run) []sim.Step {
		return append([]sim.Step{
			{Verb: sim.User, Target: "delete pods default/" + r.scenario.Pod + how},
			{Verb: sim.Restart, Target: submitterActor},
		}, r.ofPod(sim.Step{Verb: sim.Release, Target: submitterActor + " create pods"})...)
	}}
}

// resubmits create the pod of the scenario again, and delete it.
func resubmits() []Move {
	return []Move{
		{Name: "the pod is created again", Weight: 2, Faults: []claims.Fault{claims.NameReused}, steps: func(*rapid.T, *run) []sim.Step {
			return steps(true, sim.Step{Verb: sim.Restart, Target: submitterActor})
		}},
		{Name: "the pod is deleted", Weight: 2, Faults: []claims.Fault{claims.PodDeleted}, steps: func(_ *rapid.T, r *run) []sim.Step {
			gone := !slices.ContainsFunc(r.pods(), func(p corev1.Pod) bool { return p.Name == r.scenario.Pod })
			return steps(!gone, sim.Step{Verb: sim.User, Target: "delete pods default/" + r.scenario.Pod})
		}},
	}
}
