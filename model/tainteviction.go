package model

// The taint eviction controller of v1.37,
// pkg/controller/tainteviction/taint_eviction.go. Its timers are armed and
// cancelled in settleTimer and age in tick.
//
// It keeps its timers by the name of a pod. Where a name is used again a timer
// may outlive its pod: see taintnames.go.

func (y *system) taintEvictionSteps() []step {
	if y.Version == V1_9 {
		return nil
	}
	steps := []step{
		fair("TaintEviction.Delete", y.taintEvict, y.podStep).needs(fired),
	}
	if !y.reused() {
		return steps
	}
	return append(steps,
		fair("TaintEviction.Get", y.taintGet, y.podStep),
		fair("TaintEviction.Finish", y.taintFinish, y.podStep),
		fair("TaintEviction.Cancel", y.taintCancel, y.podStep),
	)
}

// taintEvict deletes a pod whose timer has fired. A timer that has fired is
// not recalled, whatever the node does meanwhile. Where the pod's name is never
// used again this is one step: whether the pod is still there is all that the
// read before it finds out, and the API server finds that out again. If all of
// its five tries fail the eviction is lost: the timer is not set again before
// the taint has been seen to go (#140639).
//
// Reads: fired timers; the live object.
// Guard: the timer of a stored pod that is not marked has fired.
// Effect: marks the pod for deletion.
// Abstracts: deletePodHandler (T6), timed_workers.go:getWrappedWorkerFunc.
// Omits: the DisruptionTarget condition written before it, which nothing here
// reads; that another change of the node's taints or of the pod's tolerations
// sets the timer again; lost responses, after which the next try changes nothing.
func (y *system) taintEvict(dst []State, s *State) []State {
	for i := range s.used() {
		if p := &s.Pods[i]; y.timedByName(p) {
			dst = y.evictByName(dst, s, i)
			continue
		} else if p.Timer != Fired {
			continue
		}
		next := *s
		if y.deletePod(&next, i) {
			dst = y.settle(dst, s, &next)
		}
		if s.Budget[RequestFail] > 0 && !y.bug.retryForever {
			failed := *s
			failed.Pods[i].Timer = Done
			dst = y.ends(dst, s, &failed, RequestFail)
		}
	}
	return dst
}
