package model

// A name is free again once its object is gone, so a request that carries a
// name alone reaches whatever has that name when it arrives. The names of a
// ReplicaSet's pods are random and never used again: there a name is as good as
// a UID. The pods of a user share one name, and one of them has it at a time.

// named returns the pod that a request with the name of pod i reaches; -1 if
// there is none.
func (y *system) named(s *State, i int) int {
	switch p := &s.Pods[i]; {
	case p.Stored():
		return i
	case p.Bare:
		return y.namesake(s)
	}
	return -1
}

// namesake returns the user's pod that is in the store now; -1 if there is none.
func (y *system) namesake(s *State) int {
	for i := range s.used() {
		if s.Pods[i].Bare && s.Pods[i].Object == Stored {
			return i
		}
	}
	return -1
}

// reused reports whether a name is used again in some behaviour.
func (y *system) reused() bool { return y.BarePods > 0 && y.Faults[PodRecreate] > 0 }

// reusable reports whether the name of a pod may have another pod before long.
// Where it may not, nothing can come between the requests of one deletion, and
// they are one step.
func (y *system) reusable(s *State, p *Pod) bool { return p.Bare && s.Budget[PodRecreate] > 0 }
