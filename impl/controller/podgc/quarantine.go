package podgc

import (
	"slices"
	"time"
)

// A quarantine holds the names of missing nodes, each until its time.
//
// Abstracts: the delaying queue of gc_controller.go:gcOrphaned. Its timer and the
// loop may be due at the same moment, and then the loop comes second here.
type quarantine map[string]time.Time

// release takes out the names whose time has come, sorted.
func (q quarantine) release(now time.Time) (over []string) {
	for node, until := range q {
		if !now.Before(until) {
			over = append(over, node)
			delete(q, node)
		}
	}
	slices.Sort(over)
	return over
}

// hold puts a name in, unless it is in: the earlier time counts.
func (q quarantine) hold(node string, until time.Time) {
	if _, in := q[node]; !in {
		q[node] = until
	}
}
