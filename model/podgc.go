package model

func (y *system) podGCSteps() []step {
	return []step{
		fair("PodGC.Remove", y.podGC, y.podStep),
	}
}

// podGC removes a pod that was marked before it was bound: it covers a crash
// between the two writes of its deletion.
//
// Abstracts: podgc/gc_controller.go:gcUnscheduledTerminating (G4).
// Omits: the status patch before the delete; G1 (too few pods here), G2 (no
// out-of-service taint), G3 (no Node object is deleted in this model).
func (y *system) podGC(dst []State, s *State) []State {
	for i := range s.used() {
		v := s.kcmPod(i)
		if !v.Stored || !v.Deletion || v.Node != 0 || s.Pods[i].Object != Stored || s.Pods[i].Deletion != Immediate {
			continue
		}
		next := *s
		if y.removePod(&next, i) {
			dst = append(dst, y.settle(s, next))
		}
	}
	return dst
}
