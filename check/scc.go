package check

// components calls visit for each strongly connected component of the product
// restricted to the nodes of in, as far as it can be reached from roots, that
// has a cycle: more than one node, or a step from its only node to itself.
// (Tarjan 1972, without recursion.)
//
// visit may remove members of its argument from in and call components with
// the others as roots: all that these lead to is either among them or finished.
func (l *fairness) components(in []bitset, roots []node, visit func(component []node)) error {
	t := &tarjan{l: l, g: l.g, in: in, visit: visit}
	for _, at := range roots {
		*t.number(at) = 0
	}
	for _, at := range roots {
		if *t.number(at) == 0 {
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
	calls []call
	steps int
}

// number is the place of a node in the order of discovery, from 1, or finished
// once its component is known. Nested searches share it: each starts by
// forgetting its own nodes, and leaves them finished.
func (t *tarjan) number(at node) *uint32 { return &t.l.numbers[at.q][at.s] }

// A call is a node being visited, where Tarjan's formulation would recurse.
type call struct {
	at          node
	edge, end   int
	transition  int // of the automaton, to be tried next on this edge
	number, low uint32
	self        bool
}

const finished = ^uint32(0)

func (t *tarjan) run(root node) error {
	t.enter(root)
	for len(t.calls) > 0 {
		if t.steps++; t.steps%pause == 0 && t.l.canceled() {
			return errCanceled
		}
		c := &t.calls[len(t.calls)-1]
		to, ok := t.advance(c)
		if !ok {
			t.leave()
			continue
		}
		switch n := *t.number(to); {
		case n == 0:
			t.enter(to)
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
	for ; c.edge < c.end; c.edge, c.transition = c.edge+1, 0 {
		s := t.g.target[c.edge]
		if int(s) >= t.g.n {
			continue
		}
		for c.transition < len(out) {
			tr := &out[c.transition]
			c.transition++
			if in := t.in[tr.To]; in != nil && in.has(int(s)) && tr.Reads(t.l.letter(s, t.g.action[c.edge])) {
				return node{uint32(tr.To), s}, true
			}
		}
	}
	return node{}, false
}

func (t *tarjan) enter(at node) {
	t.next++
	*t.number(at) = t.next
	t.stack = append(t.stack, at)
	lo, hi := t.g.edges(int(at.s))
	t.calls = append(t.calls, call{at: at, edge: lo, end: hi, number: t.next, low: t.next})
}

func (t *tarjan) leave() {
	c := t.calls[len(t.calls)-1]
	t.calls = t.calls[:len(t.calls)-1]
	if len(t.calls) > 0 {
		up := &t.calls[len(t.calls)-1]
		up.low = min(up.low, c.low)
	}
	if c.low != c.number {
		return
	}
	from := len(t.stack) - 1
	for t.stack[from] != c.at {
		from--
	}
	component := t.stack[from:]
	for _, at := range component {
		*t.number(at) = finished
	}
	if len(component) > 1 || c.self {
		t.visit(component)
	}
	t.stack = t.stack[:from]
}
