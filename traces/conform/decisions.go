package conform

import (
	"net/http"
	"time"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/model"
	policyv1 "k8s.io/api/policy/v1"
)

// Some processes of the model decide and write in one step. In a cluster they read, are
// refused and ask again, or write one thing before another, and what they have decided
// on may be another by then. Of that the Checker keeps what it needs to tell such a
// write, which the model omits, from a wrong one.

// A decision is a chain of requests, each sent when the one before was answered.
type decision struct {
	open    map[uint64]bool        // calls without an answer
	seen    model.CacheObservation // what the caches showed when it began
	refused bool                   // the last answer was a conflict: it tries again in a while
	claims  bool                   // a pod was to be adopted or released
	over    bool                   // no call is open, and no other has followed
}

// decider names the decision that a request is part of: of the node lifecycle
// controller one for each node, of the ReplicaSet controller one for its one worker.
func decider(r request, name string) (string, bool) {
	switch r.client {
	case "nodelifecycle":
		return name, name != ""
	case "replicaset":
		return r.client, true
	}
	return "", false
}

// sent takes up a request.
func (c *Checker) sent(call *sim.Call) {
	r := requestOf(call)
	of, ok := decider(r, call.Request.Name)
	if !ok {
		return
	}
	d := c.decisions[of]
	if d == nil || d.over {
		d = &decision{open: map[uint64]bool{}, seen: c.w.observed().Manager}
		c.decisions[of] = d
	}
	d.open[call.ID] = true
	d.claims = d.claims || r == request{"replicaset", "patch", "pods"}
}

// answered takes up that a request is over.
func (c *Checker) answered(e *sim.Answered) {
	for _, d := range c.decisions {
		if e.Call != nil && d.open[e.Call.ID] {
			delete(d.open, e.Call.ID)
			d.refused = e.Code == http.StatusConflict && e.Call.Request.Client.Component == "nodelifecycle"
		}
	}
}

// rest takes up that nothing moves any more.
func (c *Checker) rest() {
	for _, d := range c.decisions {
		d.over = d.over || len(d.open) == 0 && !d.refused
	}
}

// inFlight reports whether the node lifecycle controller has a request about a node
// under way.
func (c *Checker) inFlight(node string) bool {
	d := c.decisions[node]
	return d != nil && len(d.open) > 0
}

// excuse takes a divergence for what the model omits, if it is that.
func (c *Checker) excuse(e *sim.Written) {
	if _, diverged := c.err.(*Divergence); !diverged || e.Call == nil {
		return
	}
	if reason := c.omitted(e, requestOf(e.Call)); reason != "" {
		c.err = &Outside{At: c.at, Reason: reason}
	}
}

// omitted says why the model, by its own comments, does not have a write that no state
// of it leads to; "" if it should.
func (c *Checker) omitted(e *sim.Written, r request) string {
	now, of := c.w.observed().Manager, ""
	if name, ok := decider(r, e.Name); ok {
		of = name
	}
	d := c.decisions[of]
	switch {
	case r.client == "nodelifecycle" && e.Resource.Resource == "nodes" && d != nil && d.seen.Nodes != now.Nodes:
		return "a node is judged or tainted by what the cache showed when that was decided"
	case r.client == "replicaset" && d != nil && d.claims:
		return "a sync that claims pods goes on with what the caches showed when it began"
	case r == request{"kubelet", "create", "nodes"} && c.links[e.Name] != nil && c.links[e.Name].registers:
		return "a Node is deleted between the start of its kubelet and its registration"
	case r.client == "disruption" && longDisrupted(e):
		return "an eviction of two minutes ago counts no more"
	}
	return ""
}

// againEvicted reports whether a write is that of an eviction that has cost one of the
// budget before. The model omits drains that are interrupted: of those that ask again
// while their first request is under way, both do.
func againEvicted(e *sim.Written) bool {
	before, ok := e.Before.(*policyv1.PodDisruptionBudget)
	if !ok || e.Call == nil || e.Call.Request.Subresource != "eviction" {
		return false
	}
	_, already := before.Status.DisruptedPods[e.Call.Request.Name]
	return already
}

// disruptionTimeout is how long an eviction counts whose pod is not seen to go.
//
// Upstream: pkg/controller/disruption/disruption.go:DeletionTimeout.
const disruptionTimeout = 2 * time.Minute

// longDisrupted reports whether a status of a budget is written when such an eviction is
// in it. It counts no more from that instant on, and leaves the status at the next.
func longDisrupted(e *sim.Written) bool {
	before, ok := e.Before.(*policyv1.PodDisruptionBudget)
	if !ok {
		return false
	}
	for _, at := range before.Status.DisruptedPods {
		if time.Since(at.Time) >= disruptionTimeout {
			return true
		}
	}
	return false
}
