package replay

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/model"
)

// free reports whether something that waits may pass at any time, because the model
// does not see it, or because its state already has what follows from it.
func (d *driver) free(w sim.Waiting) bool {
	switch {
	case w.Late || w.Answer:
		return false
	case w.Event != nil:
		return d.freeEvent(w.Event)
	}
	return d.freeRequest(w)
}

// freeEvent lets a process see what it sees in the model, and not more.
func (d *driver) freeEvent(e *apiserver.Event) bool {
	client, resource := clientOf(e.Client), e.Resource.Resource
	switch {
	case client == d.manager:
		switch resource {
		case "leases":
			return !d.state.KCM.Stalls.Leases
		case "pods", "nodes", "replicasets":
			return d.catchesUp(client, resource, e)
		}
		return true
	case e.Client.Actor == d.manager: // a cache beside the shared ones, of which the model knows nothing
		seen, shared := d.world.seen[view{d.manager, resource}]
		return !shared || e.ResourceVersion <= seen
	case strings.HasPrefix(client, managerActor):
		return false // a former one learns nothing more
	case client == schedulerActor:
		return d.catchesUp(client, resource, e)
	case strings.HasPrefix(client, kubeletPrefix) && resource == "pods":
		return d.kubeletCatchesUp(client, e)
	}
	return true
}

// catchesUp reports whether an event brings what a client sees of an object nearer
// to what it sees in the model's state, or changes nothing that it looks at.
func (d *driver) catchesUp(client, resource string, e *apiserver.Event) bool {
	sees, wanted, key := d.viewed(client, resource, e)
	if key == "" {
		return true // nothing of the model
	}
	seen := d.world.seen[view{client, resource}]
	if before, after := sees(seen), sees(e.ResourceVersion); before == wanted {
		return after == wanted
	}
	for _, v := range d.world.history[key] {
		if v.revision >= e.ResourceVersion && sees(v.revision) == wanted {
			return true
		}
	}
	return false
}

// viewed returns what a client makes of the object of an event at a revision, and
// what it is to make of it.
func (d *driver) viewed(client, resource string, e *apiserver.Event) (sees func(revision int64) any, wanted any, key string) {
	manager := client == d.manager
	switch resource {
	case "pods":
		i := d.podOf(e)
		if i < 0 {
			return nil, nil, ""
		}
		key = podKey(d.world.pods[i])
		if manager {
			return func(r int64) any { p := d.pod(d.world.at(key, r)); return d.model.ManagerViewOfPod(&p) }, d.model.ManagerPod(&d.state, i), key
		}
		return func(r int64) any { p := d.pod(d.world.at(key, r)); return d.model.SchedulerViewOfPod(&p) }, d.model.SchedulerPod(&d.state, i), key
	case "nodes":
		n := int(d.nodeRef(e.Name)) - 1
		if n < 0 {
			return nil, nil, ""
		}
		key = "nodes/" + e.Name
		if manager {
			return func(r int64) any { n := node(d.world.at(key, r)); return d.model.ManagerViewOfNode(&n) }, d.model.ManagerNode(&d.state, n), key
		}
		return func(r int64) any { n := node(d.world.at(key, r)); return d.model.SchedulerViewOfNode(&n) }, d.model.SchedulerNode(&d.state, n), key
	case "replicasets":
		key = "replicasets/" + e.Name
		return func(r int64) any { o := d.owner(d.world.at(key, r)); return d.model.ManagerViewOfOwner(&o) }, d.model.ManagerOwner(&d.state), key
	}
	return nil, nil, ""
}

// podOf is the number of the pod that an event is about: the last of its name that
// had been created by then.
func (d *driver) podOf(e *apiserver.Event) int {
	found := -1
	for i, uid := range d.world.pods {
		h := d.world.history[podKey(uid)]
		if pod, _ := h[0].object.(*corev1.Pod); pod != nil && pod.Name == e.Name && h[0].revision <= e.ResourceVersion {
			found = i
		}
	}
	return found
}

// kubeletCatchesUp is catchesUp for the pods of a node: a kubelet knows of one that
// it is to run, to end, or gone.
func (d *driver) kubeletCatchesUp(client string, e *apiserver.Event) bool {
	i := d.podOf(e)
	if i < 0 {
		return true
	}
	key, wanted := podKey(d.world.pods[i]), d.state.Pods[i].Seen
	if d.state.Pods[i].Object == model.Removed && wanted == model.Unseen {
		return true // all is over
	}
	before, after := d.known(key, d.world.seen[view{client, "pods"}]), d.known(key, e.ResourceVersion)
	return after <= wanted || before == after
}

// known is what a kubelet knows of a pod at a revision.
func (d *driver) known(key string, revision int64) model.Seen {
	h := d.world.history[key]
	p, _ := d.world.at(key, revision).(*corev1.Pod)
	switch {
	case p == nil && h[0].revision <= revision:
		return model.SeenGone
	case p == nil || p.Spec.NodeName == "":
		return model.Unseen
	case p.DeletionTimestamp != nil || controller.IsTerminal(p):
		return model.SeenTerminating
	}
	return model.SeenLive
}

// freeRequest lets reads pass that are no steps of the model, and writes that change
// nothing which it sees.
func (d *driver) freeRequest(w sim.Waiting) bool {
	r := w.Request
	former := strings.HasPrefix(r.Client.Actor, managerActor) && r.Client.Actor != d.manager
	switch {
	case former:
		return false
	case r.Verb == "get" || r.Verb == "list" || r.Verb == "watch":
		return !d.readIsStep(r)
	case r.Resource.Resource == "events" || r.Resource.Resource == "leases":
		return true
	case r.Resource.Resource == "poddisruptionbudgets":
		return d.freeBudget(w)
	case r.Resource.Resource == "replicasets" && r.Client.Component == "replicaset" && !d.syncs && !d.listsFirst():
		return false // its next sync waits for the end of this one, and comes at a step of its own
	case r.Verb == "create" && r.Resource.Resource == "nodes":
		return d.world.live("nodes/"+r.Name) != nil // it is refused
	case r.Verb == "create" || r.Verb == "delete" || r.Verb == "deletecollection":
		return r.Part == apiserver.PartCondition
	}
	e, ok := d.effectOf(w)
	return ok && !d.visible(e)
}

// visible reports whether the model sees an effect.
func (d *driver) visible(e effect) bool {
	switch {
	case strings.HasPrefix(e.key, "pods/"):
		return d.pod(e.before) != d.pod(e.after)
	case strings.HasPrefix(e.key, "nodes/"):
		return node(e.before) != node(e.after)
	case strings.HasPrefix(e.key, "replicasets/"):
		return d.owner(e.before) != d.owner(e.after)
	}
	return false
}

// freeBudget reports whether a status of the budget says what the one before said.
func (d *driver) freeBudget(w sim.Waiting) bool {
	if d.allowed() < 0 {
		return true
	}
	is, _ := d.world.live("poddisruptionbudgets/" + w.Request.Name).(*policyv1.PodDisruptionBudget)
	sent, _ := decoded(w.Body).(*policyv1.PodDisruptionBudget)
	return is != nil && sent != nil && is.ResourceVersion == sent.ResourceVersion &&
		is.Status.DisruptionsAllowed == sent.Status.DisruptionsAllowed && len(is.Status.DisruptedPods) == len(sent.Status.DisruptedPods)
}

// readIsStep reports whether the model has a step of its own for a read.
func (d *driver) readIsStep(r *apiserver.Request) bool {
	switch component, resource := r.Client.Component, r.Resource.Resource; {
	case r.Client.Actor == drainActor:
		return r.Verb == "list"
	case r.Client.Actor != d.manager:
		return false
	case component == "tainteviction":
		return resource == "pods" && d.scenario.BarePods > 0 && d.scenario.Faults[model.PodRecreate] > 0
	case component == "replicaset":
		return resource == "replicasets" && r.Verb == "get" && (d.checksOwner() || d.listsFirst() && d.action != "ReplicaSet.Decide")
	case component == "podgc":
		return resource == "nodes"
	case component == "nodelifecycle":
		return resource == "pods" && r.Verb == "list" && d.listFailsOrCondemns()
	case component == "" || component == "shared-informers":
		return d.relists != "" && d.relists == resource && r.Verb != "get"
	}
	return false
}

// checksOwner reports whether the model has the live read of the owner as a step, and
// there is a pod to adopt.
func (d *driver) checksOwner() bool {
	if d.scenario.Faults[model.OwnerDelete] == 0 || d.scenario.Faults[model.Relabel] == 0 && d.scenario.Propagation != model.PropagateOrphan {
		return false
	}
	for i := range d.state.Pods {
		if v := d.model.ManagerPod(&d.state, i); v.Stored && !v.Unlabelled && v.Owner == 0 && !d.state.Pods[i].Bare {
			return true
		}
	}
	return false
}

// listFailsOrCondemns reports whether a list of pods by the node controller of 1.9 is
// more than the first step of marking them.
func (d *driver) listFailsOrCondemns() bool {
	queued := func(n model.Node) bool { return n.Queued }
	return d.scenario.Faults[model.RequestFail] > 0 || slices.ContainsFunc(d.state.Nodes[:], queued)
}

// listsFirst reports whether the ReplicaSet controller has the bug that it lists pods,
// and then asks whether it has seen all: events have to come between.
func (d *driver) listsFirst() bool { return slices.Contains(d.planted, "rs.listBeforeGate") }
