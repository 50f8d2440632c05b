package check

// components calls visit for each strongly connected component of the graph
// restricted to the states of in, as far as it can be reached from roots, that
// has a cycle: more than one state, or an edge from its only state to itself.
// (Tarjan 1972, without recursion.)
//
// visit may remove members of its argument from in and call components with
// the others as roots: all that these lead to is either among them or finished.
func (g *graph) components(in *stateSet, roots []stateID, visit func(component []stateID)) {
	t := &tarjan{g: g, in: in, visit: visit}
	for _, id := range roots {
		*t.number(id) = 0
	}
	for _, id := range roots {
		if *t.number(id) == 0 {
			t.run(id)
		}
	}
}

type tarjan struct {
	g     *graph
	in    *stateSet
	visit func([]stateID)
	next  uint32
	stack []stateID // states whose component is not known yet
	calls []call
}

// number is the place of a state in the order of discovery, from 1, or
// finished once its component is known. Nested searches share the array: each
// starts by forgetting its own states, and leaves them finished.
func (t *tarjan) number(id stateID) *uint32 { return &t.in.numbers[t.in.index(id)] }

// A call is a state being visited, where Tarjan's formulation would recurse.
type call struct {
	id     stateID
	edge   int
	end    int
	number uint32
	low    uint32
	self   bool
}

const finished = ^uint32(0)

func (t *tarjan) run(root stateID) {
	t.enter(root)
	for len(t.calls) > 0 {
		c := &t.calls[len(t.calls)-1]
		if c.edge < c.end {
			to := *t.g.target.at(c.edge)
			c.edge++
			if !t.in.has(to) {
				continue
			}
			switch n := *t.number(to); {
			case n == 0:
				t.enter(to)
			case to == c.id:
				c.self = true
			case n != finished:
				c.low = min(c.low, n)
			}
			continue
		}
		t.leave()
	}
}

func (t *tarjan) enter(id stateID) {
	t.next++
	*t.number(id) = t.next
	t.stack = append(t.stack, id)
	lo, hi := t.g.edges(id)
	t.calls = append(t.calls, call{id, lo, hi, t.next, t.next, false})
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
	for t.stack[from] != c.id {
		from--
	}
	component := t.stack[from:]
	for _, id := range component {
		*t.number(id) = finished
	}
	if len(component) > 1 || c.self {
		t.visit(component)
	}
	t.stack = t.stack[:from]
}
