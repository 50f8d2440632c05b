package replay

import (
	"github.com/reconverge/reconverge/impl/sim"
)

// compareViews says what a process does not see although it sees it in the model.
func (d *driver) compareViews() error {
	for i, uid := range d.world.pods {
		key := podKey(uid)
		m := d.pod(d.world.at(key, d.world.seen[view{d.manager, "pods"}]))
		if is, wanted := d.model.ManagerViewOfPod(&m), d.model.ManagerPod(&d.state, i); is != wanted {
			return d.unseen(d.manager, "pod "+d.podName(i), is, wanted)
		}
		s := d.pod(d.world.at(key, d.world.seen[view{schedulerActor, "pods"}]))
		if is, wanted := d.model.SchedulerViewOfPod(&s), d.model.SchedulerPod(&d.state, i); is != wanted {
			return d.unseen(schedulerActor, "pod "+d.podName(i), is, wanted)
		}
	}
	for n, name := range d.nodes {
		m := node(d.world.at("nodes/"+name, d.world.seen[view{d.manager, "nodes"}]))
		if is, wanted := d.model.ManagerViewOfNode(&m), d.model.ManagerNode(&d.state, n); is != wanted {
			return d.unseen(d.manager, "node "+name, is, wanted)
		}
		s := node(d.world.at("nodes/"+name, d.world.seen[view{schedulerActor, "nodes"}]))
		if is, wanted := d.model.SchedulerViewOfNode(&s), d.model.SchedulerNode(&d.state, n); is != wanted {
			return d.unseen(schedulerActor, "node "+name, is, wanted)
		}
	}
	o := d.owner(d.world.at("replicasets/"+setName, d.world.seen[view{d.manager, "replicasets"}]))
	if is, wanted := d.model.ManagerViewOfOwner(&o), d.model.ManagerOwner(&d.state); is != wanted {
		return d.unseen(d.manager, "the ReplicaSet", is, wanted)
	}
	return nil
}

func (d *driver) unseen(who, what string, is, wanted any) error {
	return diverges("%s sees %s as %s, and in the model as %s", who, what, viewInWords(is), viewInWords(wanted))
}

// pastOf is the newest revision at which a list shows what the model's state has, for
// a client that accepts an old one; 0: now.
func (d *driver) pastOf(resource string, w sim.Waiting) int64 {
	if !w.Request.Stale && !w.Request.Divergent {
		return 0
	}
	for revision := d.world.revision; revision > 0; revision-- {
		if d.shows(resource, revision) {
			return revision
		}
	}
	return 0
}

// shows reports whether the objects of a resource at a revision are those that the
// controller manager sees in the model's state.
func (d *driver) shows(resource string, revision int64) bool {
	switch resource {
	case "pods":
		for i, uid := range d.world.pods {
			if p := d.pod(d.world.at(podKey(uid), revision)); d.model.ManagerViewOfPod(&p) != d.model.ManagerPod(&d.state, i) {
				return false
			}
		}
	case "nodes":
		for n, name := range d.nodes {
			if m := node(d.world.at("nodes/"+name, revision)); d.model.ManagerViewOfNode(&m) != d.model.ManagerNode(&d.state, n) {
				return false
			}
		}
	default:
		o := d.owner(d.world.at("replicasets/"+setName, revision))
		return d.model.ManagerViewOfOwner(&o) == d.model.ManagerOwner(&d.state)
	}
	return true
}
