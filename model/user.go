package model

// What users do. A user deletes and creates by name, and waits for nothing.

func (y *system) userSteps() []step {
	return []step{
		fault(PodDelete, "User.Delete", y.userDelete, y.podStep),
		fault(Scale, "User.Scale", y.userScale, nil),
		fault(PodRecreate, "User.Recreate", y.userRecreate, y.podStep),
		fault(ForceDelete, "User.ForceDelete", y.userForceDelete, y.podStep),
	}
}

// userDelete deletes any pod by its name.
func (y *system) userDelete(dst []State, s *State) []State {
	for i := range s.used() {
		next := *s
		if next.spend(PodDelete) && y.deletePod(&next, i) {
			dst = append(dst, y.settle(s, next))
		}
	}
	return dst
}

// userForceDelete deletes any pod by its name, with grace period 0: its object
// goes without asking whether its container has ended.
//
// Reads: nothing.
// Guard: the pod is in the store.
// Effect: it is marked with grace 0, or removed if it was.
// Abstracts: kubectl delete --grace-period=0 --force.
// Omits: finalizers, which no pod here has.
func (y *system) userForceDelete(dst []State, s *State) []State {
	for i := range s.used() {
		next := *s
		if next.spend(ForceDelete) && y.forceDelete(&next, i) {
			dst = append(dst, y.settle(s, next))
		}
	}
	return dst
}

// userScale adds or removes one replica.
func (y *system) userScale(dst []State, s *State) []State {
	for _, by := range [...]int{1, -1} {
		next := *s
		after := s.Owner
		if after.UID == 0 || int(after.Replicas)+by < 0 || !next.spend(Scale) {
			continue
		}
		after.Replicas = uint8(int(after.Replicas) + by)
		if y.putOwner(&next, after) {
			dst = append(dst, y.settle(s, next))
		}
	}
	return dst
}

// userRecreate creates the user's pod again, once the store has no object of
// its name. Deleting it first is userDelete.
func (y *system) userRecreate(dst []State, s *State) []State {
	next := *s
	if !y.mayRecreate(s) || !next.spend(PodRecreate) {
		return dst
	}
	if y.createPod(&next, Pod{Object: Stored, Bare: true}) {
		dst = append(dst, y.settle(s, next))
	}
	return dst
}

func (y *system) mayRecreate(s *State) bool {
	return y.BarePods > 0 && s.Budget[PodRecreate] > 0 && y.namesake(s) < 0
}
