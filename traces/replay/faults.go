package replay

import (
	"time"

	"github.com/reconverge/reconverge/impl/sim"
)

func faultRows() []Row {
	return []Row{
		{Action: "Fault.NodeCrash", Is: "\"crash kubelet-N\", and the machine loses what it ran", realise: func(d *driver, s *step) error {
			return d.takeAll(sim.Step{Verb: sim.Crash, Target: kubeletPrefix + d.nodes[s.nodeOf()]}, sim.Step{Verb: sim.Restart, Target: machinePrefix + d.nodes[s.nodeOf()]})
		}},
		onNode("Fault.NodeReturn", sim.Start, kubeletPrefix),
		onNode("Fault.Partition", sim.Partition, kubeletPrefix),
		onNode("Fault.Heal", sim.Heal, kubeletPrefix),
		onNode("Fault.RestartKubelet", sim.Restart, kubeletPrefix),
		onNode("Fault.NodeBreak", sim.Crash, runtimePrefix),
		onNode("Fault.NodeRepair", sim.Start, runtimePrefix),
		{Action: "Fault.RestartKCM", Is: "\"restart kcm\"; what it had not sent is lost", realise: restarts},
		{Action: "Fault.HandOver", Is: "\"start kcm-2\"; kcm sees nothing more, and sends only what it had decided", realise: handsOver},
		{Action: "Former.Create", Is: "\"kcm/replicaset create pods\" of the former manager", realise: former("replicaset", "create pods")},
		{Action: "Former.Delete", Is: "\"kcm delete pods\" of the former manager", realise: former("", "delete pods")},
		{Action: "Fault.StallWatch", Is: "nothing is released to kcm's watch", realise: func(d *driver, _ *step) error { return d.flush() }},
		{Action: "KCM.ResumeWatch", Is: "it is released again", realise: func(d *driver, _ *step) error { return d.flush() }},
		{Action: "Fault.Relist", Is: "\"cut\" and \"expire\" kcm's watch, and it lists, from the past if it accepts that", realise: lists},
		{Action: "Fault.LeaseStall", Is: "nothing is released to kcm's watch of leases", realise: func(d *driver, _ *step) error { return d.flush() }},
	}
}

func onNode(action string, verb sim.Verb, prefix string) Row {
	return Row{Action: action, Is: "\"" + string(verb) + " " + prefix + "N\"", realise: func(d *driver, s *step) error {
		return d.takeAll(sim.Step{Verb: verb, Target: prefix + d.nodes[s.nodeOf()]})
	}}
}

func (d *driver) takeAll(steps ...sim.Step) error {
	for _, s := range steps {
		if err := d.take(s); err != nil {
			return err
		}
	}
	return d.flush()
}

// restarts loses what the old process had pending, and waits until the new one has
// listed.
func restarts(d *driver, _ *step) error {
	if err := d.take(sim.Step{Verb: sim.Restart, Target: d.manager}); err != nil {
		return err
	}
	for {
		next, ok := find(d.Waiting(), func(w sim.Waiting) bool { return w.Late && w.Request.Client.Actor == d.manager })
		if !ok {
			break
		}
		if err := d.take(next.With(sim.Fail)); err != nil {
			return err
		}
	}
	return d.hasListed()
}

func handsOver(d *driver, _ *step) error {
	d.manager = secondManager
	if err := d.take(sim.Step{Verb: sim.Start, Target: secondManager}); err != nil {
		return err
	}
	return d.hasListed()
}

// hasListed waits for the first lists of the controller manager. They come from the
// past if it accepts that and the model has it so.
func (d *driver) hasListed() error {
	for _, resource := range []string{"pods", "nodes", "replicasets"} {
		if err := d.lists(resource); err != nil {
			return err
		}
	}
	return d.pass(200 * time.Millisecond) // until the caches count as filled
}

// former is a request that the former manager had sent.
func former(component string, k kind) func(*driver, *step) error {
	from := func(*driver, *step) (string, string) { return managerActor, component }
	return func(d *driver, s *step) error { return write(s.action, soon, from, k).realise(d, s) }
}

// lists has the controller manager list what the step is about.
func lists(d *driver, s *step) error {
	resource := "pods"
	if s.from.KCM.Nodes != s.to.KCM.Nodes || s.from.KCM.Stalls.Nodes != s.to.KCM.Stalls.Nodes {
		resource = "nodes"
	}
	d.relists = resource
	defer func() { d.relists = "" }()
	watch := d.manager + " watch " + resource
	if err := d.take(sim.Step{Verb: sim.Cut, Target: watch}); err != nil {
		return err
	}
	delete(d.world.seen, view{d.manager, resource})
	expires := want{what: "a new watch of " + resource + " by " + d.manager, limit: later, verb: sim.Expire, once: true, match: func(w sim.Waiting) bool {
		return w.Request != nil && w.Request.Verb == "watch" && w.Request.Resource.Resource == resource && clientOf(w.Request.Client) == d.manager
	}}
	if err := d.pursue(expires); err != nil {
		return err
	}
	return d.lists(resource)
}

// lists waits until the controller manager has listed a resource. The list is the
// newest that shows what the model's state has, of those that it accepts.
func (d *driver) lists(resource string) error {
	listed := view{d.manager, resource}
	old := d.relists
	d.relists = resource
	defer func() { d.relists = old }()
	return d.pursue(want{
		what: "a list of " + resource + " by " + d.manager, limit: later,
		match: func(w sim.Waiting) bool {
			r := w.Request
			return r != nil && r.Verb == "list" && r.Resource.Resource == resource && clientOf(r.Client) == d.manager
		},
		past: func(w sim.Waiting) int64 { return d.pastOf(resource, w) },
		done: func() bool { _, ok := d.world.seen[listed]; return ok },
	})
}
