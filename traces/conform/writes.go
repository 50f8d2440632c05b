package conform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/model"
)

// written takes up a write of the store.
func (c *Checker) written(e *sim.Written) {
	if e.Resource.Resource == "leases" {
		c.renewed(e)
		return
	}
	of, ok := kinds[e.Resource.Resource]
	if !ok {
		return
	}
	was := c.w.store
	changed, err := c.w.write(of, e.Revision, e.Before, e.After, e.Call != nil && strings.HasPrefix(e.Call.Request.Client.Actor, kubeletPrefix))
	if c.fail(err); err != nil || !changed || !c.begun {
		return
	}
	r := request{client: User, resource: e.Resource.Resource}
	if e.Call != nil {
		r = requestOf(e.Call)
	}
	what := fmt.Sprintf("%s %s %s %s (%s)", r.client, r.verb, r.resource, e.Name, difference(&was, &c.w.store))
	row := rowOf(c.table, r, e.Type)
	if row < 0 {
		c.err = &Divergence{At: c.at, Step: c.step, Observed: what, Allowed: c.allowed()}
		return
	}
	c.used[row] = true
	actions := c.table[row].Actions
	if e.Call != nil && c.late[e.Call.ID] && !people[r.client] {
		if actions = formers(actions); len(actions) == 0 {
			c.fail(&Outside{Reason: fmt.Sprintf("a request of a %s that is no more, or was cut off, takes effect", r.client)})
			return
		}
	}
	if againEvicted(e) {
		c.fail(&Outside{Reason: "a drain that was interrupted evicts a pod a second time"})
		return
	}
	if reason := c.fullCache(); reason != "" {
		c.fail(&Outside{Reason: reason})
		return
	}
	c.see(what, actions, writes(&was, &c.w.store), nil)
	c.excuse(e)
}

// A request is what the table asks of one.
type request struct{ client, verb, resource string }

func requestOf(call *sim.Call) request {
	r := call.Request
	resource := r.Resource.Resource
	if r.Subresource != "" {
		resource += "/" + r.Subresource
	}
	return request{clientOf(r.Client.Actor, r.Client.Component), r.Verb, resource}
}

// clientOf names the client of a row.
func clientOf(actor, component string) string {
	switch {
	case strings.HasPrefix(actor, kubeletPrefix):
		return "kubelet"
	case component == "":
		return User
	}
	return component
}

// people keep nothing: what they have asked for may come at any time.
var people = map[string]bool{User: true, "drain": true}

// formers are the actions of a controller manager that is no more.
func formers(actions []string) []string {
	return slices.DeleteFunc(slices.Clone(actions), func(a string) bool { return !strings.HasPrefix(a, "Former.") && a != "API.Remove" })
}

// fullCache says which cache is behind by more than it can be in the model.
func (c *Checker) fullCache() string {
	for id := range c.w.caches {
		if k := &c.w.caches[id]; k.known && k.unseen > model.MaxLag {
			return fmt.Sprintf("a cache is behind by more than %d events (%s)", model.MaxLag, seeing[id])
		}
	}
	return ""
}

// renewed takes up a heartbeat. To the model the controller manager hears of it at
// once. While it has a request of its own about the node under way it may have
// decided before.
func (c *Checker) renewed(e *sim.Written) {
	n, ok := c.w.nodes[e.Name]
	if !ok || !c.begun || c.err != nil {
		return
	}
	fit := c.fit()
	if c.inFlight(e.Name) {
		c.update(func(b *belief) error { return b.maybe("Kubelet.Heartbeat", fit) })
		return
	}
	c.update(func(b *belief) error {
		return b.must("Kubelet.Heartbeat", fit, func(from, to *model.State) bool {
			return from.Nodes[n].Silent > 0 && to.Nodes[n].Silent == 0
		})
	})
}
