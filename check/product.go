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

// reach finds the nodes that behaviours come through. It goes through the states
// in their order, in which most steps lead on; only what leads back has to wait
// its turn in a list.
func (p *product) reach(canceled func() bool) error {
	p.reached = make([]bitset, len(p.automaton.Out))
	for q := range p.reached {
		p.reached[q] = newBitset(p.g.n)
	}
	var back []node
	sweep := -1 // the state that the sweep is at
	add := func(to node) {
		if at := p.reached[to.q]; !at.has(int(to.s)) {
			at.add(int(to.s))
			if int(to.s) <= sweep {
				back = append(back, to)
			}
		}
	}
	step := func(_ int, to node, _ uint64) { add(to) }
	p.starts(add)
	waiting := p.waiting()
	if waiting >= 0 {
		p.reached[waiting].fill(p.g.n)
	}
	for s := range p.g.n {
		if s%pause == 0 && canceled() {
			return errCanceled
		}
		if waiting >= 0 && !p.speaksOfActions(waiting) {
			// Claims that speak of the end of a behaviour begin by waiting for it:
			// no need to walk through the whole graph to know where they may stop.
			for _, t := range p.automaton.Out[waiting] {
				if t.Reads(p.letterAtRest(s)) {
					add(node{uint32(t.To), uint32(s)})
				}
			}
		}
		sweep = s
		for q := range p.reached {
			if p.reached[q].has(s) && (q != waiting || p.speaksOfActions(q)) {
				p.successors(node{uint32(q), uint32(s)}, step)
			}
		}
		for steps := 1; len(back) > 0; steps++ {
			if steps%pause == 0 && canceled() {
				return errCanceled
			}
			at := back[len(back)-1]
			back = back[:len(back)-1]
			p.successors(at, step)
		}
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
