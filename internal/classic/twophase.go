package classic

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/check"
)

// MaxManagers is how many resource managers TwoPhaseCommit can have.
const MaxManagers = 9

// Decision is where a resource manager, or the transaction manager, has got to.
// The transaction manager is never Prepared.
type Decision uint8

// The decisions, in the order of the symmetry's representative.
const (
	Working Decision = iota
	Prepared
	Committed
	Aborted
)

func (d Decision) String() string {
	return [...]string{"working", "prepared", "committed", "aborted"}[d]
}

// TwoPhase is a state of two-phase commit, in eight bytes. Sets of managers are
// bit masks. Messages stay where they were sent, so they may be received again;
// the transaction manager sends its decision when it takes it, and there is no
// need to keep both.
type TwoPhase struct {
	Decisions uint32 // two bits each: resource managers, then the transaction manager
	Heard     uint16 // managers whose Prepared message the transaction manager received
	Sent      uint16 // managers that sent Prepared
}

// TM is the number of the transaction manager in Decisions.
const TM = MaxManagers

// Of returns the decision of a manager.
func (s TwoPhase) Of(manager int) Decision { return Decision(s.Decisions >> (2 * manager) & 3) }

// With returns s after a manager's decision.
func (s TwoPhase) With(manager int, d Decision) TwoPhase {
	s.Decisions = s.Decisions&^(3<<(2*manager)) | uint32(d)<<(2*manager)
	return s
}

func (s TwoPhase) String() string {
	var b strings.Builder
	for i := range MaxManagers {
		fmt.Fprintf(&b, "%v ", s.Of(i))
	}
	fmt.Fprintf(&b, "TM: %v sent: %b heard: %b", s.Of(TM), s.Sent, s.Heard)
	return b.String()
}

// decided is the set of resource managers that took decision d, each as the low
// bit of its two.
func (s TwoPhase) decided(d Decision, n int) uint32 {
	const low = 0x55555555
	differs := s.Decisions ^ uint32(d)*low
	return ^(differs | differs>>1) & low & (1<<(2*n) - 1)
}

// TwoPhaseCommit is the transaction commit protocol of Gray and Lamport
// ("Consensus on Transaction Commit", 2006) with n resource managers.
func TwoPhaseCommit(n int) *check.Model[TwoPhase] {
	everyone := uint16(1)<<n - 1
	decide := func(name string, guard func(s TwoPhase) bool, d Decision) check.Action[TwoPhase] {
		return check.Action[TwoPhase]{Name: name, Next: func(dst []TwoPhase, s TwoPhase) []TwoPhase {
			if s.Of(TM) != Working || !guard(s) {
				return dst
			}
			return append(dst, s.With(TM, d))
		}}
	}
	whileWorking := func(name string, d Decision) check.Action[TwoPhase] {
		return check.Action[TwoPhase]{Name: name, Next: func(dst []TwoPhase, s TwoPhase) []TwoPhase {
			for rest := s.decided(Working, n); rest != 0; rest &= rest - 1 {
				i := bits.TrailingZeros32(rest) / 2
				t := s.With(i, d)
				if d == Prepared {
					t.Sent |= 1 << i
				}
				dst = append(dst, t)
			}
			return dst
		}}
	}
	obey := func(name string, d Decision) check.Action[TwoPhase] {
		return check.Action[TwoPhase]{Name: name, Next: func(dst []TwoPhase, s TwoPhase) []TwoPhase {
			if s.Of(TM) != d {
				return dst
			}
			for i := range n {
				dst = append(dst, s.With(i, d))
			}
			return dst
		}}
	}
	return &check.Model[TwoPhase]{
		Name: "two-phase commit",
		Init: []TwoPhase{{}},
		Actions: []check.Action[TwoPhase]{
			decide("Commit", func(s TwoPhase) bool { return s.Heard == everyone }, Committed),
			decide("Abort", func(TwoPhase) bool { return true }, Aborted),
			{Name: "Hear", Next: func(dst []TwoPhase, s TwoPhase) []TwoPhase {
				if s.Of(TM) != Working {
					return dst
				}
				for rest := s.Sent; rest != 0; rest &= rest - 1 {
					t := s
					t.Heard |= rest & -rest // the first of the rest
					dst = append(dst, t)
				}
				return dst
			}},
			whileWorking("Prepare", Prepared),
			whileWorking("ChooseToAbort", Aborted),
			obey("ObeyCommit", Committed),
			obey("ObeyAbort", Aborted),
		},
		Properties: []check.Property[TwoPhase]{
			check.Invariant("no manager commits while another aborts", func(s TwoPhase) bool {
				return s.decided(Committed, n) == 0 || s.decided(Aborted, n) == 0
			}),
			check.Reachable("all commit", func(s TwoPhase) bool { return s.decided(Committed, n) == 1<<(2*n)/3 }),
		},
		Canonical: func(s TwoPhase) TwoPhase { return sortManagers(s, n) },
	}
}

// sortManagers renames the managers so that what each of them did ascends: its
// decision, whether it sent Prepared, whether that was heard.
func sortManagers(s TwoPhase, n int) TwoPhase {
	var did [MaxManagers]uint8
	for i := range n {
		did[i] = uint8(s.Of(i))<<2 | uint8(s.Sent>>i&1)<<1 | uint8(s.Heard>>i&1)
	}
	slices.Sort(did[:n])
	s.Sent, s.Heard = 0, 0
	for i, d := range did[:n] {
		s = s.With(i, Decision(d>>2))
		s.Sent |= uint16(d>>1&1) << i
		s.Heard |= uint16(d&1) << i
	}
	return s
}
