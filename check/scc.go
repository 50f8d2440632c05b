package check

import "iter"

// components calls visit for each strongly connected component of the product
// restricted to the nodes of in, as far as it can be reached from roots, that
// has a cycle: more than one node, or a step from its only node to itself.
// (Tarjan 1972, without recursion.) The number of all of these nodes must be 0.
//
// visit may remove members of its argument from in, set the number of the others
// to 0 and call components with them as roots: all that these lead to is either
// among them or finished.
func (l *fairness) components(in []bitset, roots iter.Seq[node], visit func(component []node)) error {
	t := &tarjan{l: l, g: l.g, in: in, visit: visit, stack: l.scratch.stack(), calls: l.scratch.calls()}
	defer l.scratch.giveBack(t)
	for at := range roots {
		if *l.number(at) == 0 {
			if err := t.run(at); err != nil {
				return err
			}
		}
	}
	return nil
}

type tarjan struct {
	l     *fairness
	g     *frozen
	in    []bitset
	visit func([]node)
	next  uint32
	stack []node // nodes whose component is not known yet
	calls *vec[call]
	steps int
}

// A scratch is memory that one search for components leaves to the next. A
// nested search has its own.
type scratch struct {
	stacks  [][]node
	vecs    []*vec[call]
	numbers [][]uint32
}

// zeros returns n zeros, to be given back to s.numbers.
func (s *scratch) zeros(n int) []uint32 {
	last := len(s.numbers) - 1
	if last < 0 {
		return make([]uint32, n)
	}
	numbers := s.numbers[last]
	s.numbers = s.numbers[:last]
	clear(numbers)
	return numbers
}

func (s *scratch) stack() []node {
	if n := len(s.stacks); n > 0 {
		defer func() { s.stacks = s.stacks[:n-1] }()
		return s.stacks[n-1][:0]
	}
	return nil
}

func (s *scratch) calls() *vec[call] {
	if n := len(s.vecs); n > 0 {
		defer func() { s.vecs = s.vecs[:n-1] }()
		return s.vecs[n-1]
	}
	return &vec[call]{}
}

func (s *scratch) giveBack(t *tarjan) {
	t.calls.n = 0
	s.stacks, s.vecs = append(s.stacks, t.stack), append(s.vecs, t.calls)
}

// number is the place of a node in the order of discovery, from 1, or finished
// once its component is known.
func (l *fairness) number(at node) *uint32 { return &l.numbers[at.q][at.s] }

// A call is a node being visited, where Tarjan's formulation would recurse.
type call struct {
	at         node
	edge       int
	transition uint32 // of the automaton, to be tried next on this edge
	low        uint32
	self       bool // a step leads back to it: under symmetry, to another state of its orbit
}

const finished = ^uint32(0)

func (t *tarjan) run(root node) error {
	for c := t.enter(root); c != nil; {
		if t.steps++; t.steps%pause == 0 && t.l.canceled() {
			return errCanceled
		}
		to, ok := t.advance(c)
		if !ok {
			c = t.leave(c)
			continue
		}
		switch n := *t.l.number(to); {
		case n == 0:
			c = t.enter(to)
		case to == c.at:
			c.self = true
		case n != finished:
			c.low = min(c.low, n)
		}
	}
	return nil
}

// advance returns the next successor of c within in.
func (t *tarjan) advance(c *call) (to node, ok bool) {
	out := t.l.automaton.Out[c.at.q]
	_, end := t.g.edges(int(c.at.s))
	for ; c.edge < end; c.edge, c.transition = c.edge+1, 0 {
		s := t.g.target[c.edge]
		if int(s) >= t.g.n {
			continue
		}
		for int(c.transition) < len(out) {
			tr := &out[c.transition]
			c.transition++
			if in := t.in[tr.To]; in != nil && in.has(int(s)) && t.l.reads(c.at.q, tr, s, t.g.action[c.edge]) {
				return node{uint32(tr.To), s}, true
			}
		}
	}
	return node{}, false
}

// enter begins the visit of a node. Calls do not move while others come and go.
func (t *tarjan) enter(at node) *call {
	t.next++
	*t.l.number(at) = t.next
	t.stack = append(t.stack, at)
	t.calls.push(call{at: at, edge: t.g.first[at.s], low: t.next})
	return t.calls.at(t.calls.n - 1)
}

// leave ends the visit of c and returns the one it interrupted, or nil.
func (t *tarjan) leave(c *call) (up *call) {
	if t.calls.n--; t.calls.n > 0 {
		up = t.calls.at(t.calls.n - 1)
		up.low = min(up.low, c.low)
	}
	if c.low != *t.l.number(c.at) {
		return up
	}
	from := len(t.stack) - 1
	for t.stack[from] != c.at {
		from--
	}
	component, self := t.stack[from:], c.self
	for _, at := range component {
		*t.l.number(at) = finished
	}
	if len(component) > 1 || self {
		t.visit(component)
	}
	t.stack = t.stack[:from]
	return up
}
