package classic

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/reconverge/reconverge/check"
)

const (
	paxosManagers  = 2
	paxosAcceptors = 3
	paxosBallots   = 2 // 0 is the manager's own, 1 a leader's
)

// A Proposal is the value of a ballot, Prepared or Aborted. The zero Proposal,
// whose value is Working, is none.
type Proposal struct {
	Ballot uint8
	Value  Decision
}

func (p Proposal) String() string {
	if p.Value == Working {
		return "-"
	}
	return fmt.Sprintf("%v@%d", p.Value, p.Ballot)
}

// An Acceptor is what one acceptor remembers of one instance.
type Acceptor struct {
	Ballot uint8    // it takes part in no lower one
	Vote   Proposal // the latest that it accepted
}

// A Promise is a phase 1b message for ballot 1, with the sender's vote until then.
type Promise struct {
	Sent bool
	Vote Proposal
}

// Consensus is one instance of Paxos: it chooses Prepared or Aborted for one
// manager. A ballot has one value at most, so only phase 2a has to name it.
type Consensus struct {
	Acceptors [paxosAcceptors]Acceptor
	Phase1a   bool // sent, for ballot 1
	Phase1b   [paxosAcceptors]Promise
	Phase2a   [paxosBallots]Proposal // sent
	Phase2b   [paxosBallots]uint8    // per ballot: bit mask of the acceptors that sent
}

// Paxos is a state of Paxos Commit. Messages stay where they were sent.
type Paxos struct {
	RM     [paxosManagers]Decision
	For    [paxosManagers]Consensus
	Commit bool // sent by a leader
	Abort  bool // sent by a leader
}

// PaxosCommit is the protocol of Gray and Lamport ("Consensus on Transaction
// Commit", 2006), which outlives its coordinator, for two managers, three
// acceptors and two ballots. A majority is any set of that many acceptors: two.
//
// It has the counts of PaxosCommit.tla of tlaplus/Examples as TLC finds them.
// Whoever waits for a majority goes on once for each that answered, so several
// successors may be the same state: with votes of all three acceptors for both
// managers there are nine ways to commit. What was sent can be sent again.
func PaxosCommit(majority int) *check.Model[Paxos] {
	var majorities []uint8
	for set := range uint8(1 << paxosAcceptors) {
		if bits.OnesCount8(set) == majority {
			majorities = append(majorities, set)
		}
	}
	m := &check.Model[Paxos]{
		Name: "Paxos Commit",
		Init: []Paxos{{}},
		Properties: []check.Property[Paxos]{
			check.Invariant("no manager commits while another aborts", func(s Paxos) bool {
				return !slices.Contains(s.RM[:], Committed) || !slices.Contains(s.RM[:], Aborted)
			}),
			check.Reachable("all commit", func(s Paxos) bool {
				return s.RM == [paxosManagers]Decision{Committed, Committed}
			}),
		},
		Packing: check.Pack(packPaxos, unpackPaxos),
	}
	for i := range paxosManagers {
		m.Actions = append(m.Actions, managerOfPaxos(i)...)
		m.Actions = append(m.Actions, leaderOfPaxos(i, majorities)...)
	}
	m.Actions = append(m.Actions, decisionOfPaxos(majorities)...)
	for acc := range paxosAcceptors {
		m.Actions = append(m.Actions, acceptorOfPaxos(acc)...)
	}
	return m
}

func managerOfPaxos(i int) []check.Action[Paxos] {
	choose := func(name string, value Decision) check.Action[Paxos] {
		return check.Action[Paxos]{Name: instance(name, i), Next: func(dst []Paxos, s Paxos) []Paxos {
			if s.RM[i] != Working {
				return dst
			}
			s.RM[i], s.For[i].Phase2a[0] = value, Proposal{0, value}
			return append(dst, s)
		}}
	}
	obey := func(name string, sent func(s Paxos) bool, value Decision) check.Action[Paxos] {
		return check.Action[Paxos]{Name: instance(name, i), Next: func(dst []Paxos, s Paxos) []Paxos {
			if !sent(s) {
				return dst
			}
			s.RM[i] = value
			return append(dst, s)
		}}
	}
	return []check.Action[Paxos]{
		choose("Prepare", Prepared),
		choose("ChooseToAbort", Aborted),
		obey("ObeyCommit", func(s Paxos) bool { return s.Commit }, Committed),
		obey("ObeyAbort", func(s Paxos) bool { return s.Abort }, Aborted),
	}
}

// leaderOfPaxos is what any leader may do for manager i, in ballot 1.
func leaderOfPaxos(i int, majorities []uint8) []check.Action[Paxos] {
	return []check.Action[Paxos]{
		{Name: instance("Phase1a", i), Next: func(dst []Paxos, s Paxos) []Paxos {
			s.For[i].Phase1a = true
			return append(dst, s)
		}},
		{Name: instance("Phase2a", i), Next: func(dst []Paxos, s Paxos) []Paxos {
			if s.For[i].Phase2a[1] != (Proposal{}) {
				return dst
			}
			for _, majority := range majorities {
				if value, ok := s.For[i].safe(majority); ok {
					t := s
					t.For[i].Phase2a[1] = Proposal{1, value}
					dst = append(dst, t)
				}
			}
			return dst
		}},
	}
}

// safe returns the value that ballot 1 may have after the promises of a
// majority: that of the latest vote, or Aborted if nobody voted. It is not ok
// if a promise is missing.
func (c *Consensus) safe(majority uint8) (value Decision, ok bool) {
	latest := Proposal{Value: Aborted}
	voted := false
	for acc, p := range c.Phase1b {
		switch {
		case majority>>acc&1 == 0:
		case !p.Sent:
			return Working, false
		case p.Vote.Value != Working && (!voted || p.Vote.Ballot > latest.Ballot):
			latest, voted = p.Vote, true
		}
	}
	return latest.Value, true
}

// decisionOfPaxos is the outcome that any leader may announce.
func decisionOfPaxos(majorities []uint8) []check.Action[Paxos] {
	announce := func(dst []Paxos, s Paxos, ways int) []Paxos {
		for range ways {
			dst = append(dst, s)
		}
		return dst
	}
	return []check.Action[Paxos]{
		{Name: "Commit", Next: func(dst []Paxos, s Paxos) []Paxos {
			s.Commit = true
			ways := 1
			for i := range s.For {
				ways *= s.For[i].chosen(Prepared, majorities)
			}
			return announce(dst, s, ways)
		}},
		{Name: "Abort", Next: func(dst []Paxos, s Paxos) []Paxos {
			s.Abort = true
			ways := 0
			for i := range s.For {
				ways += s.For[i].chosen(Aborted, majorities)
			}
			return announce(dst, s, ways)
		}},
	}
}

// chosen counts the majorities that voted for value, in any ballot.
func (c *Consensus) chosen(value Decision, majorities []uint8) int {
	ways := 0
	for ballot, votes := range c.Phase2b {
		for _, majority := range majorities {
			if c.Phase2a[ballot].Value == value && votes&majority == majority {
				ways++
			}
		}
	}
	return ways
}

func acceptorOfPaxos(acc int) []check.Action[Paxos] {
	return []check.Action[Paxos]{
		{Name: instance("Phase1b", acc), Next: func(dst []Paxos, s Paxos) []Paxos {
			for i := range s.For {
				if a := s.For[i].Acceptors[acc]; s.For[i].Phase1a && a.Ballot < 1 {
					t := s
					t.For[i].Acceptors[acc].Ballot = 1
					t.For[i].Phase1b[acc] = Promise{true, a.Vote}
					dst = append(dst, t)
				}
			}
			return dst
		}},
		{Name: instance("Phase2b", acc), Next: func(dst []Paxos, s Paxos) []Paxos {
			for i := range s.For {
				for ballot, p := range s.For[i].Phase2a {
					if p == (Proposal{}) || s.For[i].Acceptors[acc].Ballot > p.Ballot {
						continue
					}
					t := s
					t.For[i].Acceptors[acc] = Acceptor{p.Ballot, p}
					t.For[i].Phase2b[ballot] |= 1 << acc
					dst = append(dst, t)
				}
			}
			return dst
		}},
	}
}

// packPaxos lays a state out in 64 bits, low to high. For each manager 31: its
// decision 2; per acceptor 6, which are its ballot 1, its vote's ballot 1 and
// value 2, its promise 2; phase 1a 1; per ballot 5, which are the value proposed
// 2 and the acceptors that sent phase 2b 3. Then commit 1, abort 1.
func packPaxos(s Paxos) uint64 {
	var k uint64
	at := 0
	put := func(width int, v uint64) {
		k |= v << at
		at += width
	}
	for i, c := range s.For {
		put(2, uint64(s.RM[i]))
		for acc, a := range c.Acceptors {
			put(1, uint64(a.Ballot))
			put(1, uint64(a.Vote.Ballot))
			put(2, uint64(a.Vote.Value))
			put(2, packPromise(c.Phase1b[acc]))
		}
		put(1, packBool(c.Phase1a))
		for ballot, p := range c.Phase2a {
			put(2, uint64(p.Value))
			put(3, uint64(c.Phase2b[ballot]))
		}
	}
	put(1, packBool(s.Commit))
	put(1, packBool(s.Abort))
	return k
}

func unpackPaxos(k uint64) (s Paxos) {
	get := func(width int) uint64 {
		v := k & (1<<width - 1)
		k >>= width
		return v
	}
	for i := range s.For {
		c := &s.For[i]
		s.RM[i] = Decision(get(2))
		for acc := range c.Acceptors {
			c.Acceptors[acc] = Acceptor{uint8(get(1)), Proposal{uint8(get(1)), Decision(get(2))}}
			c.Phase1b[acc] = unpackPromise(get(2))
		}
		c.Phase1a = get(1) == 1
		for ballot := range c.Phase2a {
			if value := Decision(get(2)); value != Working {
				c.Phase2a[ballot] = Proposal{uint8(ballot), value}
			}
			c.Phase2b[ballot] = uint8(get(3))
		}
	}
	s.Commit, s.Abort = get(1) == 1, get(1) == 1
	return s
}

// packPromise needs two bits: the vote was in ballot 0, and nobody ever votes
// Committed, which stands for a promise of one who has not voted.
func packPromise(p Promise) uint64 {
	if p.Sent && p.Vote.Value == Working {
		return uint64(Committed)
	}
	return uint64(p.Vote.Value)
}

func unpackPromise(k uint64) Promise {
	switch value := Decision(k); value {
	case Working:
		return Promise{}
	case Committed:
		return Promise{Sent: true}
	default:
		return Promise{true, Proposal{0, value}}
	}
}

func packBool(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
