package check

import (
	"github.com/reconverge/reconverge/check/internal/buchi"
)

// A product runs the automaton of a claim's negation along the behaviours of a
// graph. The automaton is in q at a state s after it has read the letters of a
// path to s, the last of them that of s itself and of the action that led there.
type product struct {
	g         *frozen
	automaton *buchi.Automaton
	letters   []uint64 // per action: the bits that say it was taken
	reached   []bitset // per automaton state: where some behaviour takes it
}

// A node is a state of the product.
type node struct{ q, s uint32 }

// actionBits is where the letter of a step says which action it was; below are
// the atoms of the label.
const (
	actionBits    = 32
	maxActionBits = 64 - actionBits
)

// letter is what the automaton reads when an action leads to s.
func (p *product) letter(s uint32, action uint8) uint64 {
	return uint64(p.g.label[s]&^mayRest) | p.letters[action]
}

// letterAtRest is what it reads in an initial state, and while s stutters.
func (p *product) letterAtRest(s int) uint64 { return uint64(p.g.label[s] &^ mayRest) }

// successors calls visit for what the edges of a node lead to.
func (p *product) successors(at node, visit func(edge int, to node, marks uint64)) {
	for lo, hi := p.g.edges(int(at.s)); lo < hi; lo++ {
		to := p.g.target[lo]
		if int(to) >= p.g.n {
			continue
		}
		letter := p.letter(to, p.g.action[lo])
		for i := range p.automaton.Out[at.q] {
			if t := &p.automaton.Out[at.q][i]; t.Reads(letter) {
				visit(lo, node{uint32(t.To), to}, t.Marks)
			}
		}
	}
}

// starts calls visit for the nodes that behaviours begin in.
func (p *product) starts(visit func(node)) {
	for s := range p.g.initial {
		for _, q := range p.automaton.Initial {
			for _, t := range p.automaton.Out[q] {
				if t.Reads(p.letterAtRest(s)) {
					visit(node{uint32(t.To), uint32(s)})
				}
			}
		}
	}
}

// reach finds the nodes that behaviours come through.
func (p *product) reach(canceled func() bool) error {
	p.reached = make([]bitset, len(p.automaton.Out))
	for q := range p.reached {
		p.reached[q] = newBitset(p.g.n)
	}
	var todo []node
	add := func(to node) {
		if at := p.reached[to.q]; !at.has(int(to.s)) {
			at.add(int(to.s))
			todo = append(todo, to)
		}
	}
	step := func(_ int, to node, _ uint64) { add(to) }
	p.starts(add)
	if q := p.waiting(); q >= 0 {
		// Claims that speak of the end of a behaviour begin by waiting for it:
		// no need to walk through the whole graph to find it reached.
		p.reached[q].fill(p.g.n)
		for s := range p.g.n {
			if p.speaksOfActions(q) {
				p.successors(node{uint32(q), uint32(s)}, step)
				continue
			}
			for _, t := range p.automaton.Out[q] {
				if t.Reads(p.letterAtRest(s)) {
					add(node{uint32(t.To), uint32(s)})
				}
			}
		}
	}
	for steps := 0; len(todo) > 0; steps++ {
		if steps%pause == 0 && canceled() {
			return errCanceled
		}
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		p.successors(at, step)
	}
	return nil
}

// pause is the number of steps between two looks at the context.
const pause = 1 << 14

// waiting is an initial state of the automaton that reads every letter and
// stays, or -1: it is reached at every state of the graph.
func (p *product) waiting() int {
	for _, q := range p.automaton.Initial {
		for _, t := range p.automaton.Out[q] {
			if t.To == q && t.True|t.False == 0 {
				return q
			}
		}
	}
	return -1
}

func (p *product) speaksOfActions(q int) bool {
	for _, t := range p.automaton.Out[q] {
		if (t.True|t.False)>>actionBits != 0 {
			return true
		}
	}
	return false
}
