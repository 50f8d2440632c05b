package lease_test

import (
	"testing"

	"github.com/reconverge/reconverge/check/checktest"
	"github.com/reconverge/reconverge/examples/lease"
)

func TestLease(t *testing.T) {
	checktest.Holds(t, lease.Model(lease.Bugs{}))
}

// c1 sleeps through the end of its lease, and renews what is c2's by then.
func TestRenewExpired(t *testing.T) {
	m := lease.Model(lease.Bugs{RenewExpired: true})
	trace := checktest.Violates(t, m, "at most one leads", "Acquire(c1)", "Tick", "Tick", "Acquire(c2)", "Renew(c1)")
	checktest.Golden(t, trace, "two_leaders.trace")
}

// The first lease is the last: its holder did not renew it in time, and nobody
// may acquire it again.
func TestKeepForEver(t *testing.T) {
	m := lease.Model(lease.Bugs{KeepForEver: true})
	checktest.Violates(t, m, "somebody leads again and again", "Acquire(c1)", "Tick", "Tick", checktest.ForEver, "stutter")
}
