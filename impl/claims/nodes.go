package claims

import (
	"fmt"
	"maps"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/reconverge/reconverge/impl/controller"
)

// nodes are the claims about nodes that fail, and about the evictions that follow.
func nodes() []Claim {
	return []Claim{
		{ID: "P-EVICT-WHY", Status: Assuming, New: newEvictedInTime,
			Text: "a pod is evicted only after the process that decides it has seen the taint of its node for as long as the pod tolerates it, " +
				"or has not heard of it for the eviction delay (1.9), or has seen the Node gone",
			Assumes: "timers are not kept by a name that is used again",
			Unless:  []Fault{NameReused}},
		{ID: "P-EVICT-FRESH", Status: Assuming, New: newJudgedFresh,
			Text:    "no node that has renewed its lease within the grace period is judged Unknown",
			Assumes: "a lease is read live before its node is judged"},
		{ID: "P-FULL", Status: Assuming, New: newFullDisruption,
			Text:    "while every node is seen not ready, and has been for a pass of the monitor, no node is tainted NoExecute or evicted",
			Assumes: "the taints of a pass that finds every node not ready are those that it began with (B21)"},
		{ID: "P-CANCEL", Status: Assuming, New: newCancelled,
			Text:    "no eviction begins while the node is seen ready again: it is not tainted, nor is a pod of it deleted when its taints are gone",
			Assumes: "the taint is seen to be gone before the timer runs out",
			Unless:  []Fault{NameReused}},
		{ID: "P-TOLERATES", Status: Assuming, New: writes(tolerated),
			Text:    "no pod is evicted while it tolerates without limit every NoExecute taint that its node is seen to have",
			Assumes: "the name of a pod is not used again",
			Unless:  []Fault{NameReused}},
		{ID: "P-RATE", Status: Assuming, New: newRate,
			Text:    "in each zone at most one node is newly tainted NoExecute, or evicted, per interval of the eviction rate",
			Assumes: "the controller manager does not restart",
			Unless:  []Fault{ManagerRestart, ManagerOverlap}},
		{ID: "P-GC-SAFE", Status: Guaranteed, New: writes(orphanedByNode),
			Text: "pod GC takes a bound pod for an orphan only if its Node was absent at some moment of that pass"},
	}
}

// condemned returns the pod whose deletion a write begins for the failure of its
// node: by the taint eviction controller, or in 1.9 by the node controller itself.
func condemned(w *Write) *corev1.Pod {
	pod, _ := w.Before.(*corev1.Pod)
	if pod == nil || !w.by("tainteviction") && !w.by("nodelifecycle") || w.Request.Verb != "delete" || pod.DeletionTimestamp != nil {
		return nil
	}
	return pod
}

// possibleNodes are the states of a pod's node that a process can have seen.
func (s *State) possibleNodes(w *Write, name string) (nodes []*corev1.Node, known bool) {
	d, known := s.decided(w)
	if !known {
		return nil, false
	}
	for _, o := range s.possible(d, "nodes", name) {
		node, _ := o.(*corev1.Node)
		nodes = append(nodes, node)
	}
	return nodes, len(nodes) > 0
}

func noExecute(node *corev1.Node) (taints []corev1.Taint) {
	for _, taint := range node.Spec.Taints {
		if taint.Effect == corev1.TaintEffectNoExecute {
			taints = append(taints, taint)
		}
	}
	return taints
}

// forEver is a toleration without limit.
const forEver = time.Duration(1<<63 - 1)

// tolerates is for how long a pod tolerates a taint: 0 not at all.
func tolerates(pod *corev1.Pod, taint corev1.Taint) (longest time.Duration) {
	longest = forEver
	tolerated := false
	for _, t := range pod.Spec.Tolerations {
		if !matches(t, taint) {
			continue
		}
		tolerated = true
		if t.TolerationSeconds != nil {
			longest = min(longest, time.Duration(max(0, *t.TolerationSeconds))*time.Second)
		}
	}
	if !tolerated {
		return 0
	}
	return longest
}

func matches(t corev1.Toleration, taint corev1.Taint) bool {
	return (t.Effect == "" || t.Effect == taint.Effect) && (t.Key == "" || t.Key == taint.Key) &&
		(t.Operator == corev1.TolerationOpExists || t.Value == taint.Value)
}

// newEvictedInTime follows when each process sees taints on each node without a
// break, and which; and, for a node controller that evicts by itself, since when it
// has not heard of the node.
func newEvictedInTime(sc Scenario) Judge {
	x := evictions{delay: sc.evictionDelay(), spells: map[client][]*spell{}, heard: map[client]heartbeat{}, full: newFull(sc)}
	return Judge{Observe: func(s *State, e Event) error {
		x.full.observe(s, e)
		switch {
		case e.Process != nil:
			maps.DeleteFunc(x.spells, func(c client, _ []*spell) bool { return c.actor == e.Process.Actor })
			maps.DeleteFunc(x.heard, func(c client, _ heartbeat) bool { return c.actor == e.Process.Actor })
		case e.Seen != nil && e.Seen.Resource == "nodes":
			for _, k := range sortedKeys(s.history["nodes"]) {
				node, _ := s.at("nodes", k, e.Seen.Revision).(*corev1.Node)
				x.follow(client{e.Seen.Actor, k}, node, e.At)
			}
		case e.Write != nil:
			if pod := condemned(e.Write); pod != nil && !s.orphaned(e.Write) {
				return x.judge(s, e.Write, pod)
			}
		}
		return nil
	}}
}

type evictions struct {
	delay  time.Duration
	spells map[client][]*spell  // actor and node; the newest last
	heard  map[client]heartbeat // actor and node
	full   *full
}

// A spell is a time during which a process sees a node with NoExecute taints.
type spell struct {
	since, until time.Time      // until is zero: it lasts
	taints       []corev1.Taint // that it has seen in it
}

// A heartbeat is the last news that a node was ready, and when a process saw it. The
// first sight of a node counts as one.
type heartbeat struct {
	of   time.Time
	seen time.Time
}

func (x *evictions) follow(c client, node *corev1.Node, now time.Time) {
	var taints []corev1.Taint
	if node != nil {
		taints = noExecute(node)
		if of := lastHeartbeat(node); x.heard[c].seen.IsZero() || isReady(node) && of.After(x.heard[c].of) {
			x.heard[c] = heartbeat{of, now}
		}
	}
	var last *spell
	if n := len(x.spells[c]); n > 0 && x.spells[c][n-1].until.IsZero() {
		last = x.spells[c][n-1]
	}
	switch {
	case last == nil && len(taints) > 0:
		x.spells[c] = append(x.spells[c], &spell{since: now, taints: taints})
	case last != nil && len(taints) == 0:
		last.until = now
	case last != nil:
		last.taints = append(last.taints, taints...)
	}
}

func lastHeartbeat(node *corev1.Node) time.Time {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.LastHeartbeatTime.Time
		}
	}
	return time.Time{}
}

// judge leaves out a decision for which the Node can have been seen gone.
func (x *evictions) judge(s *State, w *Write, pod *corev1.Pod) error {
	nodes, known := s.possibleNodes(w, pod.Spec.NodeName)
	if !known || slices.Contains(nodes, nil) {
		return nil
	}
	d, _ := s.decided(w)
	c := client{d.actor, pod.Spec.NodeName}
	if w.by("nodelifecycle") {
		return x.judgeSilence(pod, d, x.heard[c])
	}
	var longest string
	for _, sp := range x.spells[c] {
		if sp.since.After(d.by.At) || !sp.until.IsZero() && sp.until.Before(d.after.At) {
			continue
		}
		least := forEver
		for _, taint := range sp.taints {
			least = min(least, tolerates(pod, taint))
		}
		lasted := d.by.At.Sub(sp.since)
		if lasted >= least {
			return nil
		}
		longest = fmt.Sprintf(", but for %s, and it is tolerated for %s", lasted, least)
	}
	return fmt.Errorf("pod %s is evicted, and %s has not seen a taint of node %s for long enough%s", key(pod), d.actor, pod.Spec.NodeName, longest)
}

// judgeSilence: what was counted before a time in which every node was lost does not count after it.
func (x *evictions) judgeSilence(pod *corev1.Pod, d decision, last heartbeat) error {
	since := last.seen
	if ended := x.full.ended[d.actor]; ended.After(since) {
		since = ended
	}
	if silent := d.by.At.Sub(since); silent < x.delay {
		return fmt.Errorf("pod %s is evicted %s after %s began to count the silence of node %s, less than %s",
			key(pod), silent, d.actor, pod.Spec.NodeName, x.delay)
	}
	return nil
}

func readiness(node *corev1.Node) corev1.ConditionStatus {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status
		}
	}
	return corev1.ConditionUnknown
}

// newJudgedFresh looks at the lease as it was when the pass that has judged the node began.
func newJudgedFresh(sc Scenario) Judge {
	return Judge{Observe: func(s *State, e Event) error {
		w := e.Write
		if w == nil || !w.by("nodelifecycle") {
			return nil
		}
		before, _ := w.Before.(*corev1.Node)
		after, _ := w.After.(*corev1.Node)
		if before == nil || after == nil || readiness(before) == corev1.ConditionUnknown || readiness(after) != corev1.ConditionUnknown {
			return nil
		}
		d, known := s.decided(w)
		lease, _ := s.at("leases", join(corev1.NamespaceNodeLease, after.Name), d.after.Revision).(*coordinationv1.Lease)
		if !known || lease == nil || lease.Spec.RenewTime == nil {
			return nil
		}
		if age := s.Now.Sub(lease.Spec.RenewTime.Time); age < sc.grace() {
			return fmt.Errorf("node %s is judged Unknown, when it had renewed its lease %s ago, within the grace period of %s", after.Name, age, sc.grace())
		}
		return nil
	}}
}

// newlyTainted returns a node that a write of the node lifecycle controller has given
// its NoExecute taint for not being ready.
func newlyTainted(w *Write) *corev1.Node {
	if w == nil || !w.by("nodelifecycle") {
		return nil
	}
	before, _ := w.Before.(*corev1.Node)
	after, _ := w.After.(*corev1.Node)
	if before == nil || after == nil || lost(before) || !lost(after) {
		return nil
	}
	return after
}

func lost(node *corev1.Node) bool {
	for _, taint := range noExecute(node) {
		if taint.Key == corev1.TaintNodeUnreachable || taint.Key == corev1.TaintNodeNotReady {
			return true
		}
	}
	return false
}

// A full follows when each process sees every node not ready, and when its node
// controller must have noticed that: it had nothing under way then, and had nothing
// under way again when a period of its monitor had passed.
type full struct {
	period time.Duration
	calm   map[string]time.Time // actor: when it first had nothing under way in this
	began  map[string]bool      // actor
	ended  map[string]time.Time // actor: when what it must have noticed was last seen to be so
}

func newFull(sc Scenario) *full {
	return &full{sc.monitorPeriod(), map[string]time.Time{}, map[string]bool{}, map[string]time.Time{}}
}

func (f *full) observe(s *State, e Event) {
	switch {
	case e.Process != nil:
		delete(f.began, e.Process.Actor)
		delete(f.calm, e.Process.Actor)
		delete(f.ended, e.Process.Actor)
	case e.Seen != nil && e.Seen.Resource == "nodes":
		actor := e.Seen.Actor
		if s.noneReady(e.Seen.Revision) {
			f.began[actor] = true
			return
		}
		if f.noticed(actor, s.rest[actor].At) {
			f.ended[actor] = e.At
		}
		delete(f.began, actor)
		delete(f.calm, actor)
	case e.Rest:
		for actor := range f.began {
			_, busy := s.busy[client{actor, "nodelifecycle"}]
			if _, calm := f.calm[actor]; !calm && !busy {
				f.calm[actor] = e.At
			}
		}
	}
}

// noticed reports whether the node controller of an actor knew at a moment at which it had
// nothing under way.
func (f *full) noticed(actor string, at time.Time) bool {
	calm, was := f.calm[actor]
	return was && at.Sub(calm) > f.period
}

func newFullDisruption(sc Scenario) Judge {
	f := newFull(sc)
	return Judge{Observe: func(s *State, e Event) error {
		f.observe(s, e)
		if e.Write == nil {
			return nil
		}
		d, known := s.decided(e.Write)
		if !known || !f.noticed(d.actor, d.after.At) || !s.caughtUp(d.after, "leases") {
			return nil
		}
		if node := newlyTainted(e.Write); node != nil {
			return fmt.Errorf("node %s is tainted, when no node has been seen ready since %s", node.Name, f.calm[d.actor].UTC())
		}
		if pod := condemned(e.Write); pod != nil && (sc.Unassuming || e.Write.by("nodelifecycle")) {
			return fmt.Errorf("pod %s is evicted, when no node has been seen ready since %s", key(pod), f.calm[d.actor].UTC())
		}
		return nil
	}}
}

// caughtUp reports whether a process had seen all writes of a kind that there were.
func (s *State) caughtUp(m Mark, resource string) bool {
	missing := s.after(resource, m.Seen[resource])
	return len(missing) == 0 || missing[0].Revision > m.Revision
}

// noneReady reports whether there are nodes at a revision, none of which is ready.
func (s *State) noneReady(revision int64) bool {
	some := false
	for k := range s.history["nodes"] {
		node, _ := s.at("nodes", k, revision).(*corev1.Node)
		if node != nil && isReady(node) {
			return false
		}
		some = some || node != nil
	}
	return some
}

func newCancelled(sc Scenario) Judge {
	return Judge{Observe: func(s *State, e Event) error {
		if e.Write == nil {
			return nil
		}
		return cancelled(s, e.Write, sc.Unassuming)
	}}
}

// cancelled asks, where nothing is assumed, for the condition of the node alone: its
// taints are to follow at once.
func cancelled(s *State, w *Write, unassuming bool) error {
	node, pod := newlyTainted(w), condemned(w)
	switch {
	case unassuming && pod != nil && s.sawOnly(w, pod.Spec.NodeName, isReady):
		return fmt.Errorf("pod %s is evicted, when node %s is seen to be ready", key(pod), pod.Spec.NodeName)
	case node != nil && s.sawOnly(w, node.Name, isReady):
		return fmt.Errorf("node %s is tainted, when it is seen to be ready", node.Name)
	case pod != nil && w.by("nodelifecycle") && s.sawOnly(w, pod.Spec.NodeName, isReady):
		return fmt.Errorf("pod %s is evicted, when node %s is seen to be ready", key(pod), pod.Spec.NodeName)
	case pod != nil && w.by("tainteviction") && s.sawOnly(w, pod.Spec.NodeName, func(n *corev1.Node) bool { return len(noExecute(n)) == 0 }):
		return fmt.Errorf("pod %s is evicted, when node %s is seen to have no NoExecute taint", key(pod), pod.Spec.NodeName)
	}
	return nil
}

func isReady(node *corev1.Node) bool { return readiness(node) == corev1.ConditionTrue }

// sawOnly reports whether every state of a node that led to a write can only have been such.
func (s *State) sawOnly(w *Write, node string, such func(*corev1.Node) bool) bool {
	nodes, known := s.possibleNodes(w, node)
	for _, n := range nodes {
		known = known && n != nil && such(n)
	}
	return known
}

// tolerated: a taint among several that the pod does not tolerate for ever is a reason.
func tolerated(s *State, w *Write) error {
	pod := condemned(w)
	if pod == nil || !w.by("tainteviction") {
		return nil
	}
	toleratesAll := func(node *corev1.Node) bool {
		return len(noExecute(node)) > 0 && !slices.ContainsFunc(noExecute(node), func(t corev1.Taint) bool { return tolerates(pod, t) != forEver })
	}
	if s.sawOnly(w, pod.Spec.NodeName, toleratesAll) {
		return fmt.Errorf("pod %s is evicted, though it tolerates for ever all that node %s is seen to be tainted with", key(pod), pod.Spec.NodeName)
	}
	return nil
}

// newRate compares the latest moment at which one node can have been decided on
// with the earliest at which the one before it can.
func newRate(sc Scenario) Judge {
	last := map[string]*Write{} // zone
	return Judge{Observe: func(s *State, e Event) error {
		node := s.givenUp(e.Write)
		if node == nil {
			return nil
		}
		zone := node.Labels[corev1.LabelTopologyRegion] + "/" + node.Labels[corev1.LabelTopologyZone]
		previous := last[zone]
		last[zone] = e.Write
		if previous == nil || s.givenUp(previous).Name == node.Name && !sc.Unassuming {
			return nil
		}
		first, known := s.decided(previous)
		second, also := s.decided(e.Write)
		if gap := second.by.At.Sub(first.after.At); known && also && gap < sc.taintInterval() {
			return fmt.Errorf("nodes %s and %s of zone %q are given up within %s", s.givenUp(previous).Name, node.Name, zone, gap)
		}
		return nil
	}}
}

// givenUp returns the node that a write taints, or a pod of which the node controller of 1.9 deletes.
func (s *State) givenUp(w *Write) *corev1.Node {
	if w == nil {
		return nil
	}
	if pod := condemned(w); pod != nil && w.by("nodelifecycle") {
		node, _ := s.at("nodes", pod.Spec.NodeName, w.Revision).(*corev1.Node)
		return node
	}
	return newlyTainted(w)
}

// orphanedByNode: the pass of pod GC read the Node live, so it must have been absent
// from the store at some moment since the pass began. The other pods that
// it deletes are not bound, or on a node that is out of service.
func orphanedByNode(s *State, w *Write) error {
	pod, _ := w.Before.(*corev1.Pod)
	d, known := s.decided(w)
	if pod == nil || !known || !w.by("podgc") || pod.Spec.NodeName == "" {
		return nil
	}
	for _, o := range s.versions("nodes", pod.Spec.NodeName, d.after.Revision, s.Revision) {
		node, _ := o.(*corev1.Node)
		if node == nil || outOfService(node) && controller.IsTerminating(pod) || outOfService(node) && controller.IsTerminal(pod) {
			return nil
		}
	}
	return fmt.Errorf("pod GC takes pod %s for an orphan, when its node %s was there all the time", key(pod), pod.Spec.NodeName)
}

func outOfService(node *corev1.Node) bool {
	for _, taint := range node.Spec.Taints {
		if taint.Key == corev1.TaintNodeOutOfService {
			return true
		}
	}
	return false
}
