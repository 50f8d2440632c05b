package conform

import (
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/model"
)

const kubeletPrefix = "kubelet-"

// A link is what befalls a machine, as the simulation has it: power, the kubelet and
// the connection are apart. The model has one Link. A machine whose kubelet does not
// run is to the API server as one that is cut off.
type link struct {
	power, kubelet, connected bool
	broken                    bool // the runtime of the machine
	registers                 bool // the kubelet has found a Node as it started, and not registered yet
}

func (l *link) model() model.Link {
	switch {
	case !l.power:
		return model.Down
	case !l.kubelet || !l.connected:
		return model.Partitioned
	}
	return model.Up
}

// kubelet takes up what befalls a kubelet.
func (c *Checker) kubelet(node string, event sim.ProcessEvent) {
	l := c.links[node]
	before := l.model()
	switch event {
	case sim.Started:
		booted := !l.power
		l.power, l.kubelet = true, true
		l.registers = c.w.store.Nodes[c.w.nodes[node]].Object
		c.relink(node, before, l.model())
		switch {
		case !booted:
			c.onNode(node, "a kubelet restarts", "Fault.RestartKubelet", nil)
		case l.broken:
			c.onNode(node, "the runtime has failed meanwhile", "Fault.NodeBreak", nil)
		}
		return
	case sim.Crashed, sim.Ended:
		l.kubelet = false
	case sim.Partitioned:
		l.connected = false
	case sim.Healed:
		l.connected = true
	}
	c.relink(node, before, l.model())
}

// runtime takes up that the runtime of a machine fails, or works again.
func (c *Checker) runtime(node string, broken bool) {
	l := c.links[node]
	if l == nil || l.broken == broken {
		return
	}
	switch l.broken = broken; {
	case !l.power: // to the model it fails when there is power
	case broken:
		c.onNode(node, "the runtime fails", "Fault.NodeBreak", nil)
	default:
		c.onNode(node, "the runtime works again", "Fault.NodeRepair", nil)
	}
}

// powerOff takes up that a machine is off.
func (c *Checker) powerOff(node string) {
	l := c.links[node]
	if l == nil || !l.power {
		return
	}
	before := l.model()
	l.power, l.broken = false, false
	for i := range c.w.store.Pods {
		if p := &c.w.store.Pods[i]; p.Running && c.runsOn(i, node) {
			p.Running = false
		}
	}
	c.relink(node, before, model.Down)
}

// runsOn reports whether the containers of a pod are on a machine. The object may be
// gone: the last version that has a node says it.
func (c *Checker) runsOn(pod int, node string) bool {
	ref := model.NodeRef(c.w.nodes[node] + 1)
	for i := len(c.w.versions) - 1; i >= 0; i-- {
		if v := &c.w.versions[i]; v.of == pods && v.index == pod && v.pod.Node != 0 {
			return v.pod.Node == ref
		}
	}
	return false
}

// relink takes the model from one Link to another, by its faults.
func (c *Checker) relink(node string, from, to model.Link) {
	step := func(what, action string, to model.Link) { c.onNode(node, what, action, &to) }
	switch {
	case from == to:
	case to == model.Down:
		step("a machine is switched off", "Fault.NodeCrash", to)
	case from == model.Down:
		step("a machine boots", "Fault.NodeReturn", model.Up)
		c.relink(node, model.Up, to)
	case to == model.Partitioned:
		step("a node is cut off", "Fault.Partition", to)
	default:
		step("a node is connected again", "Fault.Heal", to)
	}
}

// onNode takes up a fault of one node, which has a Link after it.
func (c *Checker) onNode(node, what, action string, to *model.Link) {
	n := c.w.nodes[node]
	c.see(what+": "+node, []string{action}, 1, func(from, t *model.State) bool {
		if to != nil {
			return from.Nodes[n].Link != *to && t.Nodes[n].Link == *to
		}
		for other := range t.Nodes { // nothing of the others changes
			if other != n && from.Nodes[other] != t.Nodes[other] {
				return false
			}
		}
		return true
	})
}
