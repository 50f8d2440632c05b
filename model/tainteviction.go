package model

// The taint eviction controller of v1.37,
// pkg/controller/tainteviction/taint_eviction.go. Its timers are armed and
// cancelled in settleTimer and age in tick.

func (y *system) taintEvictionSteps() []step {
	if y.Version == V1_9 {
		return nil
	}
	return []step{
		fair("TaintEviction.Delete", y.taintEvict, y.podStep),
	}
}

// taintEvict deletes a pod whose timer has fired. A timer that has fired is
// not recalled, whatever the node does meanwhile.
//
// Abstracts: deletePodHandler (T6).
// Omits: the DisruptionTarget condition written before it, which nothing here
// reads; the loss of an eviction after five failed deletes; that the delete
// goes by name, as no two pods of a ReplicaSet share one.
func (y *system) taintEvict(dst []State, s *State) []State {
	for i := range s.used() {
		if s.Pods[i].Timer != Fired {
			continue
		}
		next := *s
		if y.deletePod(&next, i) {
			dst = append(dst, y.settle(s, next))
		}
	}
	return dst
}
