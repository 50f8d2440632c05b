package check

import "math/bits"

// The graph is what liveness needs to remember of a search: per state its
// edges and the truth of each predicate, per edge an action and a target.
// Stuttering steps are not in it.
type graph struct {
	nodes  [partitions]vec[node]
	labels [partitions]vec[label]
	target vec[stateID]
	action vec[uint8]
}

// A node is where a state's edges start, shifted by degreeBits, and how many
// there are.
type node uint64

const (
	degreeBits      = 24
	degreeMask      = 1<<degreeBits - 1
	unexplored node = degreeMask // no degree: the state's successors are not known
)

func makeNode(first, degree int) node { return node(first)<<degreeBits | node(degree) }
func (n node) edges() (lo, hi int) {
	lo = int(n >> degreeBits)
	return lo, lo + int(n&degreeMask)
}

// A label holds the truth of each predicate of a liveness property in one
// state, and whether fairness lets a behaviour stay there for ever.
type label uint32

const (
	maxAtoms       = 31
	mayRest  label = 1 << maxAtoms
)

func (g *graph) explored(id stateID) bool {
	part := &g.nodes[id.partition()]
	return id.local() < part.len() && *part.at(id.local()) != unexplored
}

// edges returns the range of a state's edges; empty if it is not explored.
func (g *graph) edges(id stateID) (lo, hi int) {
	if !g.explored(id) {
		return 0, 0
	}
	return g.nodes[id.partition()].at(id.local()).edges()
}

func (g *graph) label(id stateID) label { return *g.labels[id.partition()].at(id.local()) }

// enabled returns the actions that lead from id to another state.
func (g *graph) enabled(id stateID) (as actionSet) {
	for lo, hi := g.edges(id); lo < hi; lo++ {
		as.add(int(*g.action.at(lo)))
	}
	return as
}

func (g *graph) bytes() int64 {
	n := g.target.bytes() + g.action.bytes()
	for i := range partitions {
		n += g.nodes[i].bytes() + g.labels[i].bytes()
	}
	return n
}

// An actionSet is a set of action indices.
type actionSet [maxActions / 64]uint64

func (as *actionSet) add(a int)      { as[a/64] |= 1 << (a % 64) }
func (as *actionSet) has(a int) bool { return as[a/64]>>(a%64)&1 == 1 }
func (as *actionSet) intersects(o *actionSet) bool {
	for i := range as {
		if as[i]&o[i] != 0 {
			return true
		}
	}
	return false
}
func (as actionSet) and(o actionSet) actionSet {
	for i := range as {
		as[i] &= o[i]
	}
	return as
}
func (as actionSet) or(o actionSet) actionSet {
	for i := range as {
		as[i] |= o[i]
	}
	return as
}
func (as actionSet) minus(o actionSet) actionSet {
	for i := range as {
		as[i] &^= o[i]
	}
	return as
}
func (as *actionSet) empty() bool { return *as == actionSet{} }

// first returns the least member; the set must not be empty.
func (as *actionSet) first() int {
	for i, w := range as {
		if w != 0 {
			return i*64 + bits.TrailingZeros64(w)
		}
	}
	panic("check: first of an empty set")
}
