package conform

import (
	"fmt"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/model"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/watch"
)

// cacheOf returns the cache of the model that a call fills.
func cacheOf(call *sim.Call) (cacheID, bool) {
	r := call.Request
	if call.Selective && r.Client.Actor != "scheduler" || r.Namespace != "" || r.Client.Component != "" && r.Client.Component != "shared-informers" && r.Client.Component != "scheduler" {
		return 0, false
	}
	switch r.Client.Actor + " " + r.Resource.Resource {
	case "kcm pods":
		return managerPods, true
	case "kcm nodes":
		return managerNodes, true
	case "kcm replicasets":
		return managerOwners, true
	case "scheduler pods":
		return schedulerPods, true
	case "scheduler nodes":
		return schedulerNodes, true
	}
	return 0, false
}

// delivered takes up an event that has reached a cache.
func (c *Checker) delivered(e *sim.Taken) {
	id, ok := cacheOf(e.Call)
	if !ok || !c.begun || e.Event.Type == watch.Error {
		c.position(id, ok, e.Event.ResourceVersion)
		return
	}
	c.seek(id, e.Event.ResourceVersion, fmt.Sprintf("%s sees %s %s %s", e.Call.Request.Client.Actor, e.Event.Type, e.Event.Resource.Resource, e.Event.Name))
}

// listed takes up a list that has replaced a cache.
func (c *Checker) listed(e *sim.Answered) {
	id, ok := cacheOf(e.Call)
	list, err := meta.ListAccessor(e.List)
	if !ok || err != nil {
		return
	}
	revision, err := parseRevision(list.GetResourceVersion())
	if err != nil {
		return
	}
	if !c.begun {
		c.position(id, true, revision)
		return
	}
	c.seek(id, revision, fmt.Sprintf("%s lists %s", e.Call.Request.Client.Actor, e.Call.Request.Resource.Resource))
}

// position notes how far a cache is before the run begins.
func (c *Checker) position(id cacheID, ok bool, revision int64) {
	if ok && !c.begun {
		c.w.seek(id, revision)
	}
}

// seek takes a cache to a revision.
func (c *Checker) seek(id cacheID, revision int64, what string) {
	if !c.w.caches[id].known {
		c.w.seek(id, revision)
		fit := c.fit()
		if !c.update(func(b *belief) error { return b.keep(fit) }) && c.err == nil {
			c.err = &Divergence{At: c.at, Step: c.step, Observed: what, Actions: []string{seeing[id]}, Allowed: c.allowed()}
		}
		c.last = fit
		return
	}
	if c.w.seek(id, revision) {
		c.see(what, []string{seeing[id], "Fault.Relist"}, model.MaxLag, nil)
	}
}
