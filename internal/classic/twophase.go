package classic

import (
	"slices"

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

// TwoPhase is a state of two-phase commit. Sets of managers are bit masks.
// Messages stay where they were sent, so they may be received again.
type TwoPhase struct {
	RM       [MaxManagers]Decision
	TM       Decision
	Heard    uint16 // managers whose Prepared message the transaction manager received
	Prepared uint16 // managers that sent Prepared
	Commit   bool   // sent by the transaction manager
	Abort    bool   // sent by the transaction manager
}

// TwoPhaseCommit is the transaction commit protocol of Gray and Lamport
// ("Consensus on Transaction Commit", 2006) with n resource managers.
func TwoPhaseCommit(n int) *check.Model[TwoPhase] {
	everyone := uint16(1)<<n - 1
	each := func(name string, step func(s TwoPhase, i int) (TwoPhase, bool)) check.Action[TwoPhase] {
		return check.Action[TwoPhase]{Name: name, Next: func(dst []TwoPhase, s TwoPhase) []TwoPhase {
			for i := range n {
				if t, ok := step(s, i); ok {
					dst = append(dst, t)
				}
			}
			return dst
		}}
	}
	manager := func(name string, guard func(s TwoPhase, i int) bool, to Decision) check.Action[TwoPhase] {
		return each(name, func(s TwoPhase, i int) (TwoPhase, bool) {
			ok := guard(s, i)
			s.RM[i] = to
			if to == Prepared {
				s.Prepared |= 1 << i
			}
			return s, ok
		})
	}
	working := func(s TwoPhase, i int) bool { return s.RM[i] == Working }
	return &check.Model[TwoPhase]{
		Name: "two-phase commit",
		Init: []TwoPhase{{}},
		Actions: []check.Action[TwoPhase]{
			{Name: "Commit", Next: func(dst []TwoPhase, s TwoPhase) []TwoPhase {
				if s.TM != Working || s.Heard != everyone {
					return dst
				}
				s.TM, s.Commit = Committed, true
				return append(dst, s)
			}},
			{Name: "Abort", Next: func(dst []TwoPhase, s TwoPhase) []TwoPhase {
				if s.TM != Working {
					return dst
				}
				s.TM, s.Abort = Aborted, true
				return append(dst, s)
			}},
			each("Hear", func(s TwoPhase, i int) (TwoPhase, bool) {
				ok := s.TM == Working && s.Prepared&(1<<i) != 0
				s.Heard |= 1 << i
				return s, ok
			}),
			manager("Prepare", working, Prepared),
			manager("ChooseToAbort", working, Aborted),
			manager("ObeyCommit", func(s TwoPhase, _ int) bool { return s.Commit }, Committed),
			manager("ObeyAbort", func(s TwoPhase, _ int) bool { return s.Abort }, Aborted),
		},
		Properties: []check.Property[TwoPhase]{
			check.Invariant("no manager commits while another aborts", func(s TwoPhase) bool {
				return !slices.Contains(s.RM[:n], Committed) || !slices.Contains(s.RM[:n], Aborted)
			}),
			check.Reachable("all commit", func(s TwoPhase) bool {
				return !slices.ContainsFunc(s.RM[:n], func(d Decision) bool { return d != Committed })
			}),
		},
		Canonical: func(s TwoPhase) TwoPhase { return sortManagers(s, n) },
		Packing:   check.Pack(packTwoPhase, unpackTwoPhase),
	}
}

// sortManagers renames the managers so that what each of them did ascends: its
// decision, whether it sent Prepared, whether that was heard.
func sortManagers(s TwoPhase, n int) TwoPhase {
	var did [MaxManagers]uint8
	for i := range n {
		did[i] = uint8(s.RM[i])<<2 | uint8(s.Prepared>>i&1)<<1 | uint8(s.Heard>>i&1)
	}
	slices.Sort(did[:n])
	s.Prepared, s.Heard = 0, 0
	for i, d := range did[:n] {
		s.RM[i] = Decision(d >> 2)
		s.Prepared |= uint16(d>>1&1) << i
		s.Heard |= uint16(d&1) << i
	}
	return s
}

// packTwoPhase lays a state out in 40 bits, low to high: decisions 2 x 9,
// transaction manager 2, heard 9, prepared 9, commit 1, abort 1.
func packTwoPhase(s TwoPhase) uint64 {
	var k uint64
	for i, d := range s.RM {
		k |= uint64(d) << (2 * i)
	}
	k |= uint64(s.TM)<<18 | uint64(s.Heard)<<20 | uint64(s.Prepared)<<29
	if s.Commit {
		k |= 1 << 38
	}
	if s.Abort {
		k |= 1 << 39
	}
	return k
}

func unpackTwoPhase(k uint64) (s TwoPhase) {
	for i := range s.RM {
		s.RM[i] = Decision(k >> (2 * i) & 3)
	}
	s.TM = Decision(k >> 18 & 3)
	s.Heard, s.Prepared = uint16(k>>20&0x1ff), uint16(k>>29&0x1ff)
	s.Commit, s.Abort = k>>38&1 == 1, k>>39&1 == 1
	return s
}
