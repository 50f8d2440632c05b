package model

// changes are the objects that a step has changed, with what processes remember
// of them. Most steps change one pod, or one node.
type changes struct {
	pods  podSet
	nodes bool
}

func changed(from, to *State) (c changes) {
	for i := range to.used() {
		if from.Pods[i] != to.Pods[i] {
			c.pods |= 1 << i
		}
	}
	c.nodes = from.Nodes != to.Nodes
	return c
}

// touched returns the pods about which a step from a settled state may have left
// something to settle: those that it has changed, and those that a cache shows
// otherwise, which are among the ones that its events are about. What a process
// sees of the nodes, and what happens to a name, may concern every pod.
func (y *system) touched(from, next *State) podSet {
	c := changed(from, next)
	if y.unsettling || c.nodes || from == next || from.KCM.Nodes != next.KCM.Nodes {
		return 1<<next.used() - 1
	}
	return c.pods | from.KCM.Pods.jumped(&next.KCM.Pods) | from.Scheduler.Pods.jumped(&next.Scheduler.Pods)
}

// jumped returns the objects that are not seen through one cache as they are
// through the other, and maybe some more.
func (c *Cache[View]) jumped(to *Cache[View]) (objects podSet) {
	if *c == *to {
		return 0
	}
	for _, events := range [...][]Event[View]{c.Events[:c.Len], to.Events[:to.Len]} {
		for i := range events {
			objects |= 1 << events[i].Object
		}
	}
	return objects
}
