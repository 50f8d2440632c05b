package replay

import (
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/model"
)

// sees is a row about a cache that moves on. free releases the events.
func sees(action, is string) Row {
	return Row{Action: action, Is: is, realise: func(d *driver, s *step) error { return d.flush() }}
}

func watchRows() []Row {
	return []Row{
		sees("KCM.SeePod", "the events of kcm's watch of pods, up to the one about this change"),
		sees("KCM.SeeNode", "likewise, of nodes"),
		sees("KCM.SeeReplicaSet", "likewise, of replicasets"),
		sees("Scheduler.SeePod", "likewise, of the scheduler's watch of pods"),
		sees("Scheduler.SeeNode", "likewise, of nodes"),
	}
}

func replicaSetRows() []Row {
	rs, gc := inManager("replicaset"), inManager("garbagecollector")
	return []Row{
		{Action: "ReplicaSet.Decide", Is: "\"kcm/replicaset create pods, delete pods\" waits", realise: decides},
		write("ReplicaSet.Create", later, rs, "create pods"),
		write("ReplicaSet.Delete", later, rs, "delete pods"),
		write("ReplicaSet.Release", later, rs, "patch pods"),
		write("ReplicaSet.Adopt", later, rs, "patch pods"),
		write("ReplicaSet.CheckAndAdopt", later, rs, "patch pods"),
		read("ReplicaSet.CheckOwner", later, rs, "get replicasets", "patch pods"),
		decision("ReplicaSet.ComputeStatus", later, rs, "update replicasets/status"),
		{Action: "ReplicaSet.WriteStatus", Is: "\"kcm/replicaset update replicasets/status\"", realise: func(d *driver, s *step) error {
			return d.pursue(want{what: "a status of the ReplicaSet", limit: later, match: d.sends(s, rs, "update replicasets/status"), done: d.reached})
		}},
		write("GarbageCollector.Delete", later, gc, "delete pods"),
		write("GarbageCollector.Orphan", later, gc, "patch pods"),
		write("GarbageCollector.RemoveFinalizer", later, gc, "patch replicasets", "update replicasets"),
		decision("Disruption.Compute", later, inManager("disruption"), "update poddisruptionbudgets/status"),
		{Action: "Disruption.Write", Is: "\"kcm/disruption update poddisruptionbudgets/status\"", realise: func(d *driver, s *step) error {
			return d.pursue(want{what: "a status of the budget", limit: later, match: d.sends(s, inManager("disruption"), "update poddisruptionbudgets/status"), done: d.reached})
		}},
	}
}

// decides waits until the ReplicaSet controller has sent what it has decided. A sync
// that is to do nothing leaves nothing to be seen. If no sync begins by itself, as
// when what was expected has expired, the ReplicaSet is touched.
func decides(d *driver, s *step) error {
	defer func() { d.price(s) }()
	var wanted want
	rs := inManager("replicaset")
	pending := func(match func(sim.Waiting) bool) func() bool {
		return func() bool {
			_, ok := find(d.Waiting(), match)
			return ok
		}
	}
	chosen := chosenBy(s)
	switch {
	case s.to.KCM.ToCreate > s.from.KCM.ToCreate:
		wanted = want{what: inWords(d, s, rs, "create pods"), done: pending(d.sends(s, rs, "create pods"))}
	case len(chosen) > 0:
		name := d.podName(chosen[0])
		deletes := d.sends(s, rs, "delete pods")
		wanted = want{what: inWords(d, s, rs, "delete pods") + " of pod " + name, done: pending(func(w sim.Waiting) bool { return deletes(w) && w.Request.Name == name })}
	default:
		return d.flush()
	}
	wanted.limit = soon
	if err := d.pursue(wanted); err == nil || errors.Is(err, errOver) {
		return err
	}
	if err := d.touch(); err != nil {
		return err
	}
	wanted.limit = later
	return d.pursue(wanted)
}

// chosenBy are the pods that a sync has decided to delete.
func chosenBy(s *step) (pods []int) {
	for i := range s.to.Pods {
		if s.to.Pods[i].Chosen && !s.from.Pods[i].Chosen {
			pods = append(pods, i)
		}
	}
	return pods
}

func nodeRows() []Row {
	nlc := inManager("nodelifecycle")
	pass := "a pass of the monitor, every second"
	return []Row{
		write("NodeLifecycle.Judge", later, nlc, "update nodes/status"),
		{Action: "NodeLifecycle.MarkPod", Is: "\"kcm/nodelifecycle update pods/status\", in 1.9 after \"list pods\"", realise: marksPod},
		write("NodeLifecycle.TaintNoSchedule", later, nlc, "patch nodes"),
		write("NodeLifecycle.TaintNoExecute", later, nlc, "patch nodes"),
		write("NodeLifecycle.SwapNoExecute", later, nlc, "patch nodes"),
		write("NodeLifecycle.Untaint", later, nlc, "patch nodes"),
		passing("NodeLifecycle.BeginPass", pass, soon+100*time.Millisecond),
		passing("NodeLifecycle.EndPass", pass, soon+100*time.Millisecond),
		passing("NodeLifecycle.TripBreaker", pass, soon+100*time.Millisecond),
		passing("NodeLifecycle.Refill", "the interval of the eviction rate", 3*time.Second),
		passing("NodeController.Queue", pass, soon+100*time.Millisecond),
		{Action: "NodeLifecycle.SeeLeases", Is: "kcm's watch of leases goes on", realise: func(d *driver, _ *step) error { return d.flush() }},
		{Action: "NodeController.Condemn", Is: "\"kcm/nodelifecycle list pods\", and \"update pods/status\" or \"delete pods\" waits", realise: condemns},
		write("NodeController.MarkLost", later, nlc, "update pods/status"),
		write("NodeController.Delete", later, nlc, "delete pods"),
		{Action: "TaintEviction.Delete", Is: "\"kcm/tainteviction delete pods\"", realise: evictsPod},
		read("TaintEviction.Get", later, inManager("tainteviction"), "get pods", "delete pods"),
		{Action: "PodGC.Sweep", Is: "\"kcm/podgc get nodes\", and \"patch pods/status\" or \"delete pods\" waits", realise: sweeps},
		decision("PodGC.Remove", later, inManager("podgc"), "patch pods/status", "delete pods"),
		write("PodGC.Fail", later, inManager("podgc"), "patch pods/status"),
		write("PodGC.Delete", later, inManager("podgc"), "delete pods"),
	}
}

// marksPod lets the node lifecycle controller of 1.9 list the pods first. The list is
// what fails if the model says that it does.
func marksPod(d *driver, s *step) error {
	nlc := inManager("nodelifecycle")
	if d.scenario.Version == model.V1_9 {
		if list := d.sends(s, nlc, "list pods"); s.verb() == sim.Fail {
			return d.pursue(want{what: "a list of the pods of the node", limit: later, match: list, verb: sim.Fail, once: true})
		} else if next, ok := find(d.Waiting(), list); ok {
			if err := d.take(next); err != nil {
				return err
			}
		}
	}
	return write(s.action, later, nlc, "update pods/status").realise(d, s)
}

// condemns lets the node controller list the pods that it is to delete.
func condemns(d *driver, s *step) error {
	nlc := inManager("nodelifecycle")
	deletes := d.sends(s, nlc, "update pods/status", "delete pods")
	return d.pursue(want{what: inWords(d, s, nlc, "update pods/status", "delete pods"), limit: later, match: d.sends(s, nlc, "list pods"), done: func() bool {
		_, ok := find(d.Waiting(), deletes)
		return ok
	}})
}

// evictsPod has the taint eviction controller delete a pod. All of its tries fail if
// the model says that it fails.
func evictsPod(d *driver, s *step) error {
	deletes := inManager("tainteviction")
	if s.verb() != sim.Fail {
		return write(s.action, later, deletes, "delete pods").realise(d, s)
	}
	const tries = 5
	for range tries {
		if err := write(s.action, later, deletes, "delete pods").realise(d, s); err != nil {
			return err
		}
	}
	return nil
}

// sweeps waits until pod GC is about to remove the pods of a node.
func sweeps(d *driver, s *step) error {
	gc := inManager("podgc")
	gets := d.sends(s, gc, "get nodes")
	removes := d.sends(s, gc, "patch pods/status", "delete pods")
	return d.pursue(want{what: inWords(d, s, gc, "patch pods/status", "delete pods"), limit: late, match: gets, done: func() bool {
		_, ok := find(d.Waiting(), removes)
		return ok
	}})
}

func podRows() []Row {
	return []Row{
		{Action: "Scheduler.Assume", Is: "\"scheduler create pods/binding\" waits", realise: assumes},
		{Action: "Scheduler.Bind", Is: "\"scheduler create pods/binding\"", realise: binds},
		{Action: "Kubelet.Observe", Is: "the events of the kubelet's watch of pods", realise: observes},
		{Action: "Kubelet.Start", Is: "the containers of the pod start", realise: func(d *driver, s *step) error { return contains(d, s, true) }},
		{Action: "Kubelet.Stop", Is: "the containers of the pod stop", realise: func(d *driver, s *step) error { return contains(d, s, false) }},
		write("Kubelet.ReportRunning", late, kubeletOf, "patch pods/status"),
		write("Kubelet.ReportTerminal", late, kubeletOf, "patch pods/status"),
		write("Kubelet.Reject", later, kubeletOf, "patch pods/status"),
		write("Kubelet.FinalDelete", late, kubeletOf, "delete pods"),
		write("Kubelet.Heartbeat", late, kubeletOf, "patch nodes/status", "update nodes/status"),
		write("Kubelet.Register", late, kubeletOf, "create nodes"),
		{Action: "API.Remove", Is: "the second write of a \"delete pods\"", realise: removes},
		{Action: "API.RemoveByName", Is: "the second write of a \"delete pods\"", realise: removes},
		{Action: "Eviction.Delete", Is: "the DELETE of an eviction", realise: func(d *driver, s *step) error { return d.part(s, apiserver.PartDelete) }},
		{Action: "Tick", Is: "7.6 s pass (17 s in 1.9)", realise: ticks},
		{Action: "stutter", Is: "nothing", realise: func(*driver, *step) error { return nil }},
	}
}

// ticks lets time pass, and sees whether the timers have run out that the model says.
func ticks(d *driver, s *step) error {
	if err := d.pass(d.tick); err != nil {
		return err
	}
	for i := range s.to.Pods {
		if s.to.Pods[i].Timer != model.Fired || s.from.Pods[i].Timer == model.Fired {
			continue
		}
		name, evicts := d.podName(i), d.sends(s, inManager("tainteviction"), "get pods", "delete pods")
		if err := d.pursue(want{what: "eviction of pod " + name + ", whose timer runs out in the model,", limit: soon, done: func() bool {
			_, ok := find(d.Waiting(), func(w sim.Waiting) bool { return evicts(w) && w.Request.Name == name })
			return ok
		}}); err != nil {
			return err
		}
	}
	return nil
}

func removes(d *driver, s *step) error { return d.part(s, apiserver.PartRemove) }

// part releases a later write of a request about the pod.
func (d *driver) part(s *step, p apiserver.Part) error {
	name := d.podName(s.pod)
	return d.pursue(want{
		what:  fmt.Sprintf("a later write (%s) of a request about pod %s", p, name),
		limit: later, once: true, match: func(w sim.Waiting) bool { return w.Request != nil && w.Request.Part == p && w.Request.Name == name },
	})
}

// assumes waits until the scheduler asks for the binding of the pod to the node.
func assumes(d *driver, s *step) error {
	name, target := d.podName(s.pod), d.nodes[s.to.Pods[s.pod].Assumed-1]
	sends := d.sends(s, scheduler, "create pods/binding")
	var chosen string
	err := d.pursue(want{what: "a binding of pod " + name + " by the scheduler", limit: later, done: func() bool {
		_, ok := find(d.Waiting(), func(w sim.Waiting) bool {
			if !sends(w) || w.Request.Name != name {
				return false
			}
			if b, ok := decoded(w.Body).(*corev1.Binding); ok {
				chosen = b.Target.Name
			}
			return true
		})
		return ok
	}})
	if err == nil && chosen != target {
		return &divergence{
			reason: fmt.Sprintf("the scheduler chose %s for pod %s, and the model %s", chosen, name, target),
			chosen: int(d.nodeRef(chosen)),
		}
	}
	return err
}

// binds releases the binding that was decided for the pod: another of its name may
// wait for one as well.
func binds(d *driver, s *step) error {
	uid, sends := d.world.pods[s.pod], d.sends(s, scheduler, "create pods/binding")
	w := want{what: inWords(d, s, scheduler, "create pods/binding") + " for pod " + d.podName(s.pod), verb: s.verb(), limit: later, done: d.reached}
	w.match = func(w sim.Waiting) bool {
		b, ok := decoded(w.Body).(*corev1.Binding)
		return sends(w) && ok && w.Request.Name == d.podName(s.pod) && (b.UID == "" || b.UID == uid)
	}
	if d.reached() {
		w.done = nil
	}
	w.once = w.verb == sim.Lose
	return d.pursue(w)
}

// observes lets the kubelet see the pod, with whatever comes before it in its watch.
func observes(d *driver, s *step) error {
	key, wanted := podKey(d.world.pods[s.pod]), s.to.Pods[s.pod].Seen
	client := view{kubeletPrefix + d.nodes[s.nodeOf()] + "/kubelet", "pods"}
	return d.pursue(want{
		what: "an event about pod " + d.podName(s.pod) + " for its kubelet", limit: soon,
		match: func(w sim.Waiting) bool {
			return w.Event != nil && w.Event.Resource.Resource == "pods" && clientOf(w.Event.Client) == client.client
		},
		done: func() bool { return d.known(key, d.world.seen[client]) >= wanted },
	})
}

// contains waits until the containers of the pod run, or do not.
func contains(d *driver, s *step, run bool) error {
	uid := d.world.pods[s.pod]
	what := "end of the containers"
	if run {
		what = "start of the containers"
	}
	return d.pursue(want{what: what + " of pod " + d.podName(s.pod), limit: later, done: func() bool { return d.world.runs(uid) == run }})
}

func peopleRows() []Row {
	return []Row{
		{Action: "User.Delete", Is: "somebody asks for \"delete pods\"", realise: func(d *driver, s *step) error { return d.asks(s, d.deletes(d.podName(s.pod), nil)) }},
		{Action: "User.ForceDelete", Is: "likewise, with no grace", realise: func(d *driver, s *step) error { return d.asks(s, d.deletes(d.podName(s.pod), atOnce)) }},
		{Action: "User.Recreate", Is: "somebody asks for \"create pods\"", realise: func(d *driver, s *step) error { return d.asks(s, d.createsPod()) }},
		{Action: "User.CreateReplicaSet", Is: "somebody asks for \"create replicasets\"", realise: func(d *driver, s *step) error { return d.asks(s, d.createsSet()) }},
		{Action: "User.TaintOutOfService", Is: "somebody taints the node", realise: func(d *driver, s *step) error { return d.asks(s, d.taints(d.nodes[s.node])) }},
		user("User.Scale", func(d *driver, s *step) string {
			return fmt.Sprintf("scale replicasets default/%s %d", setName, s.to.Owner.Replicas)
		}),
		user("User.Relabel", func(d *driver, s *step) string {
			label := setName
			if s.to.Pods[s.pod].Unlabelled {
				label = "other"
			}
			return "label pods default/" + d.podName(s.pod) + " app=" + label
		}),
		user("User.DeleteReplicaSet", func(d *driver, s *step) string {
			return "delete replicasets default/" + setName + " --cascade=" + d.scenario.Propagation.String()
		}),
		user("User.DeleteNode", func(d *driver, s *step) string { return "delete nodes " + d.nodes[s.node] }),
		user("User.Cordon", func(d *driver, s *step) string { return "cordon " + d.nodes[s.node] }),
		user("User.Uncordon", func(d *driver, s *step) string { return "uncordon " + d.nodes[s.node] }),
		{Action: "User.Drain", Is: "a drain asks for \"patch nodes\"", realise: func(d *driver, s *step) error {
			if running, _ := d.Running(drainActor); running {
				return cannot("a second drain: the cluster has one")
			}
			d.drains(d.nodes[s.node])
			return d.asks(s, drainActor)
		}},
		{Action: "Drain.List", Is: "the drain's \"list pods\"", realise: func(d *driver, s *step) error {
			return d.pursue(want{what: "a list of pods by the drain", limit: soon, once: true, match: func(w sim.Waiting) bool {
				return w.Request != nil && w.Request.Client.Actor == drainActor && w.Request.Verb == "list"
			}})
		}},
		{Action: "Drain.Evict", Is: "the drain's \"create pods/eviction\"", realise: evicts},
	}
}

// evicts lets an eviction be asked for. One that costs nothing of a budget deletes the
// pod in the same step of the model.
func evicts(d *driver, s *step) error {
	name := d.podName(s.pod)
	return d.pursue(want{what: "an eviction of pod " + name, limit: 2 * later, done: d.reached, match: func(w sim.Waiting) bool {
		r := w.Request
		return r != nil && !w.Answer && r.Client.Actor == drainActor && r.Verb == "create" && r.Name == name &&
			(r.Part == "" || r.Part == apiserver.PartDelete && s.to.Pods[s.pod].Drain != model.Admitted)
	}})
}

// asks releases the request of a person.
func (d *driver) asks(s *step, person string) error {
	return d.pursue(want{what: "the request of " + person, limit: soon, once: true, match: func(w sim.Waiting) bool {
		return w.Request != nil && w.Request.Client.Actor == person && w.Request.Part == "" && w.Request.Verb != "get"
	}})
}

// user is a row about a step of the user, which nothing can come between.
func user(action string, target func(*driver, *step) string) Row {
	return Row{Action: action, Is: "a user step", realise: func(d *driver, s *step) error {
		if err := d.take(sim.Step{Verb: sim.User, Target: target(d, s)}); err != nil {
			return err
		}
		return d.flush()
	}}
}
