package check

// The graph is what liveness needs to remember of a search: per state its
// edges and the truth of each predicate, per edge an action and a target.
// Stuttering steps are not in it.
//
// While the search goes on it is written in the order of exploration; targets
// are stateIDs. freeze then numbers the states in that order, so that all that
// reads the graph works with plain numbers, and low ones are near the start.
type graph struct {
	degrees vec[uint32] // per state: how many edges it has
	labels  vec[label]
	target  vec[stateID] // per edge
	action  vec[uint8]   // per edge
	order   vec[stateID] // the order of exploration
	initial int          // of these are initial
}

func (g *graph) useArena(a *arena) {
	g.degrees.arena, g.labels.arena, g.target.arena, g.action.arena, g.order.arena = a, a, a, a, a
}

func (g *graph) enterLevel(level []stateID) {
	if g.order.len() == 0 {
		g.initial = len(level)
	}
	g.order.append(level)
}

func (g *graph) bytes() int64 {
	return g.order.bytes() + g.degrees.bytes() + g.labels.bytes() + g.target.bytes() + g.action.bytes()
}

// A label holds the truth of each predicate of a liveness property in one
// state, and whether fairness lets a behaviour stay there for ever.
type label uint32

const (
	maxAtoms       = 30
	mayRest  label = 1 << 31
)

// A frozen graph has the states 0..n-1, in the order of exploration: all that
// were expanded or stopped at a bound. Edges to the rim of a search that was
// cut short have targets from n on; where they lead is not known, only that
// their action is enabled.
type frozen struct {
	n       int
	initial int   // states 0..initial-1 are initial
	first   []int // per state and at n: its first edge
	target  []uint32
	action  []uint8
	label   []label
	order   []stateID
}

// freeze returns the graph in its final form, and empties g.
func (g *graph) freeze() *frozen {
	f := &frozen{n: g.labels.len(), action: g.action.flat(), label: g.labels.flat(), order: g.order.flat()}
	f.initial = min(g.initial, f.n)
	var number [partitions][]uint32 // of each state of a partition: they ascend
	for i, id := range f.order {
		number[id.partition()] = append(number[id.partition()], uint32(i))
	}

	f.first = make([]int, 0, f.n+1)
	edge := 0
	for _, degree := range g.degrees.flat() {
		f.first = append(f.first, edge)
		edge += int(degree)
	}
	f.first = append(f.first, edge)
	f.target = make([]uint32, edge)
	for i := range f.target {
		id := *g.target.at(i)
		if known := number[id.partition()]; id.local() < len(known) {
			f.target[i] = known[id.local()]
		} else {
			f.target[i] = ^uint32(0) // found after the last level that was entered
		}
	}
	*g = graph{}
	return f
}

// edges returns the range of a state's edges.
func (f *frozen) edges(s int) (lo, hi int) { return f.first[s], f.first[s+1] }

// enabled returns the actions that lead from s to another state.
func (f *frozen) enabled(s int) (as actionSet) {
	for _, a := range f.action[f.first[s]:f.first[s+1]] {
		as.add(int(a))
	}
	return as
}
