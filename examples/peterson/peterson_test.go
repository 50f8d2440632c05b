package peterson_test

import (
	"testing"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/check/checktest"
	"github.com/reconverge/reconverge/examples/peterson"
)

func TestLock(t *testing.T) {
	r := checktest.Holds(t, peterson.Lock(check.Weak))
	if got := [2]uint64{r.Stats.Distinct, r.Stats.Generated}; got != [2]uint64{20, 35} {
		t.Errorf("states and transitions: got %d, want 20 and 35, as Spin counts", got)
	}
}

func TestLockWithoutFairness(t *testing.T) {
	m := peterson.Lock(check.Unfair)
	checktest.Violates(t, m, "served", "0 is asks", checktest.ForEver, check.Stutter)
	checktest.Violates(t, m, "again", checktest.ForEver, check.Stutter)
}
