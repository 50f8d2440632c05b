package replay

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/model"
)

// sees is a row about a cache that moves on. free releases the events.
func sees(action, is string) Row {
	return Row{action, is, func(d *driver, s *step) error { return d.flush() }}
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
		{"ReplicaSet.Decide", "\"kcm/replicaset create pods, delete pods\" waits", decides},
		write("ReplicaSet.Create", later, rs, "create pods"),
		write("ReplicaSet.Delete", later, rs, "delete pods"),
		write("ReplicaSet.Release", later, rs, "patch pods"),
		write("ReplicaSet.Adopt", later, rs, "patch pods"),
		write("ReplicaSet.CheckAndAdopt", later, rs, "patch pods"),
		read("ReplicaSet.CheckOwner", later, rs, "get replicasets", "patch pods"),
		decision("ReplicaSet.ComputeStatus", later, rs, "update replicasets/status"),
		{"ReplicaSet.WriteStatus", "\"kcm/replicaset update replicasets/status\"", func(d *driver, s *step) error {
			return d.pursue(want{what: "a status of the ReplicaSet", limit: later, match: d.sends(s, rs, "update replicasets/status"), done: d.reached})
		}},
		write("GarbageCollector.Delete", later, gc, "delete pods"),
		write("GarbageCollector.Orphan", later, gc, "patch pods"),
		write("GarbageCollector.RemoveFinalizer", later, gc, "patch replicasets", "update replicasets"),
		decision("Disruption.Compute", later, inManager("disruption"), "update poddisruptionbudgets/status"),
		{"Disruption.Write", "\"kcm/disruption update poddisruptionbudgets/status\"", func(d *driver, s *step) error {
			return d.pursue(want{what: "a status of the budget", limit: later, match: d.sends(s, inManager("disruption"), "update poddisruptionbudgets/status"), done: d.reached})
		}},
	}
}

// decides waits until the ReplicaSet controller has sent what it has decided. A sync
// that is to do nothing leaves nothing to be seen.
func decides(d *driver, s *step) error {
	var kinds []kind
	if s.to.KCM.ToCreate > s.from.KCM.ToCreate {
		kinds = append(kinds, "create pods")
	}
	for i := range s.to.Pods {
		if s.to.Pods[i].Chosen && !s.from.Pods[i].Chosen {
			kinds = append(kinds, "delete pods")
			break
		}
	}
	if len(kinds) == 0 {
		return d.flush()
	}
	return d.waitFor(s, later, inManager("replicaset"), kinds...)
}

func nodeRows() []Row {
	nlc := inManager("nodelifecycle")
	pass := "a pass of the monitor, every second"
	return []Row{
		write("NodeLifecycle.Judge", later, nlc, "update nodes/status"),
		{"NodeLifecycle.MarkPod", "\"kcm/nodelifecycle update pods/status\", in 1.9 after \"list pods\"", marksPod},
		write("NodeLifecycle.TaintNoSchedule", later, nlc, "patch nodes"),
		write("NodeLifecycle.TaintNoExecute", later, nlc, "patch nodes"),
		write("NodeLifecycle.SwapNoExecute", later, nlc, "patch nodes"),
		write("NodeLifecycle.Untaint", later, nlc, "patch nodes"),
		passing("NodeLifecycle.BeginPass", pass, soon+100*time.Millisecond),
		passing("NodeLifecycle.EndPass", pass, soon+100*time.Millisecond),
		passing("NodeLifecycle.TripBreaker", pass, soon+100*time.Millisecond),
		passing("NodeLifecycle.Refill", "the interval of the eviction rate", 3*time.Second),
		passing("NodeController.Queue", pass, soon+100*time.Millisecond),
		{"NodeLifecycle.SeeLeases", "kcm's watch of leases goes on", func(d *driver, _ *step) error { return d.flush() }},
		read("NodeController.Condemn", later, nlc, "list pods"),
		write("NodeController.MarkLost", later, nlc, "update pods/status"),
		write("NodeController.Delete", later, nlc, "delete pods"),
		{"TaintEviction.Delete", "\"kcm/tainteviction delete pods\"", evictsPod},
		read("TaintEviction.Get", later, inManager("tainteviction"), "get pods", "delete pods"),
		{"PodGC.Sweep", "\"kcm/podgc get nodes\", and \"patch pods/status\" or \"delete pods\" waits", sweeps},
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
		{"Scheduler.Assume", "\"scheduler create pods/binding\" waits", assumes},
		write("Scheduler.Bind", later, scheduler, "create pods/binding"),
		{"Kubelet.Observe", "the events of the kubelet's watch of pods", observes},
		{"Kubelet.Start", "the containers of the pod start", func(d *driver, s *step) error { return contains(d, s, true) }},
		{"Kubelet.Stop", "the containers of the pod stop", func(d *driver, s *step) error { return contains(d, s, false) }},
		write("Kubelet.ReportRunning", late, kubeletOf, "patch pods/status"),
		write("Kubelet.ReportTerminal", late, kubeletOf, "patch pods/status"),
		write("Kubelet.Reject", later, kubeletOf, "patch pods/status"),
		write("Kubelet.FinalDelete", late, kubeletOf, "delete pods"),
		write("Kubelet.Heartbeat", late, kubeletOf, "patch nodes/status", "update nodes/status"),
		write("Kubelet.Register", late, kubeletOf, "create nodes"),
		{"API.Remove", "the second write of a \"delete pods\"", removes},
		{"API.RemoveByName", "the second write of a \"delete pods\"", removes},
		{"Eviction.Delete", "the DELETE of an eviction", func(d *driver, s *step) error { return d.part(s, apiserver.PartDelete) }},
		{"Tick", "7.6 s pass (17 s in 1.9)", func(d *driver, _ *step) error { return d.pass(d.tick) }},
		{"stutter", "nothing", func(*driver, *step) error { return nil }},
	}
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
		return diverges("the scheduler chose %s for pod %s, and the model %s", chosen, name, target)
	}
	return err
}

// observes lets the kubelet see the pod, with whatever comes before it in its watch.
func observes(d *driver, s *step) error {
	key, wanted := podKey(d.world.pods[s.pod]), s.to.Pods[s.pod].Seen
	client := view{kubeletPrefix + d.nodes[s.to.Pods[s.pod].Node-1] + "/kubelet", "pods"}
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
		{"User.Delete", "somebody asks for \"delete pods\"", func(d *driver, s *step) error { return d.asks(s, d.deletes(d.podName(s.pod), nil)) }},
		{"User.ForceDelete", "likewise, with no grace", func(d *driver, s *step) error { return d.asks(s, d.deletes(d.podName(s.pod), atOnce)) }},
		{"User.Recreate", "somebody asks for \"create pods\"", func(d *driver, s *step) error { return d.asks(s, d.createsPod()) }},
		{"User.CreateReplicaSet", "somebody asks for \"create replicasets\"", func(d *driver, s *step) error { return d.asks(s, d.createsSet()) }},
		{"User.TaintOutOfService", "somebody taints the node", func(d *driver, s *step) error { return d.asks(s, d.taints(d.nodes[s.node])) }},
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
		{"User.Drain", "a drain asks for \"patch nodes\"", func(d *driver, s *step) error {
			if running, _ := d.Running(drainActor); running {
				return cannot("a second drain: the cluster has one")
			}
			d.drains(d.nodes[s.node])
			return d.asks(s, drainActor)
		}},
		{"Drain.List", "the drain's \"list pods\"", func(d *driver, s *step) error {
			return d.pursue(want{what: "a list of pods by the drain", limit: soon, once: true, match: func(w sim.Waiting) bool {
				return w.Request != nil && w.Request.Client.Actor == drainActor && w.Request.Verb == "list"
			}})
		}},
		write("Drain.Evict", 2*later, drainer, "create pods/eviction"),
	}
}

func drainer(*driver, *step) (string, string) { return drainActor, "" }

// asks releases the request of a person.
func (d *driver) asks(s *step, person string) error {
	return d.pursue(want{what: "the request of " + person, limit: soon, once: true, match: func(w sim.Waiting) bool {
		return w.Request != nil && w.Request.Client.Actor == person && w.Request.Part == "" && w.Request.Verb != "get"
	}})
}

// user is a row about a step of the user, which nothing can come between.
func user(action string, target func(*driver, *step) string) Row {
	is := "user step"
	return Row{action, is, func(d *driver, s *step) error {
		if err := d.take(sim.Step{Verb: sim.User, Target: target(d, s)}); err != nil {
			return err
		}
		return d.flush()
	}}
}
