package model

import "strings"

// How a request may end other than well. It fails: nothing is written, and the
// client is told so. Or its response is lost: what it asks for is done, and the
// client is told that it failed. A step that sends a request and has something
// to do differently then appends these successors beside the good one.
//
// Most clients have nothing to do differently, for they ask again until the
// object is as they want it: kubelets (status, final delete, heartbeat), the
// node lifecycle controller (conditions and taints; marks, in v1.37), the node
// controller's evictions, pod GC. For them a failure is a step that changes
// nothing, and a lost response is no other than one that comes late, as their
// requests change nothing the second time. No successor stands for these. (A
// NoSchedule patch that fails waits for the next event of its node, which the
// NoExecute patch or a status of the kubelet brings.)

// ends appends the state after a request that ended in the way f, with what its
// client makes of that, as long as there is a budget for it.
func (y *system) ends(dst []State, from, next *State, f Fault) []State {
	if next.spend(f) {
		dst = y.settle(dst, from, next)
	}
	return dst
}

// outcome says in a trace how the request of a step ended; "" if well.
func outcome(from, to *State) string {
	switch {
	case to.Budget[RequestFail] < from.Budget[RequestFail]:
		return " fails"
	case to.Budget[ResponseLost] < from.Budget[ResponseLost]:
		return ", response lost"
	}
	return ""
}

// requestAssumption says how requests do not end in a scenario.
func (y *system) requestAssumption() string {
	var all []string
	switch fail, lost := y.Faults[RequestFail] > 0, y.Faults[ResponseLost] > 0; {
	case !fail && !lost:
		all = append(all, "no request fails and no response is lost")
	case !fail:
		all = append(all, "no request fails")
	case !lost:
		all = append(all, "no response is lost")
	}
	if y.Faults[HandOver] == 0 {
		all = append(all, "a request that a process has not sent yet dies with it")
	}
	return strings.Join(all, "; ")
}

// rsCreateFails is what becomes of a create that ends badly: it is no longer
// expected, and no batch follows the one that it is in. If only the response
// was lost, the pod is there, and as its revision is not known the gate of
// v1.37 does not wait for it.
//
// Abstracts: slowStartBatch and the skipped pods in manageReplicas, which are
// taken off the expectation when the sync ends: there is nobody to see the
// difference.
func (y *system) rsCreateFails(dst []State, s *State) []State {
	if s.Budget[RequestFail]+s.Budget[ResponseLost] == 0 {
		return dst
	}
	failed := *s
	k := &failed.KCM
	skipped := k.ToCreate - max(k.Batch, 1)
	k.ToCreate -= 1 + skipped
	k.nextBatch(k.Batch > 0)
	k.lowerAdd(1 + skipped)
	lost := failed
	if y.createPod(&lost, Pod{Object: Stored, Owner: s.kcmOwner().UID, Untold: y.Version == V1_37}) {
		if y.lag == 0 {
			lost.KCM.lowerAdd(1) // seen at once
		}
		dst = y.ends(dst, s, &lost, ResponseLost)
	}
	return y.ends(dst, s, &failed, RequestFail)
}

// lowerAdd takes creates off the expectation. It may be asked for more than is
// expected; below zero is as good as zero.
func (k *ControllerManager) lowerAdd(n uint8) { k.ExpectAdd -= min(k.ExpectAdd, n) }

// nextBatch takes one create off the batch under way and begins the next batch,
// twice as large, when it is done. Without requests that may fail there are no
// batches: nobody can tell.
func (k *ControllerManager) nextBatch(batches bool) {
	if !batches {
		return
	}
	if k.Batch > 0 {
		k.Batch--
	}
	if k.Batch == 0 {
		k.BatchSize = min(max(2*k.BatchSize, 1), k.ToCreate)
		k.Batch = k.BatchSize
	}
}
