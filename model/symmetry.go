package model

import "slices"

// canonical makes s the representative of the states that differ from it by
// the names of pods and nodes only.
//
// Pods are sorted by everything that is known of each, and the references to
// them renamed. That is sound because a UID is only ever compared for
// equality: no rule orders pods by name, and every choice among equals is a
// free one. Nodes are sorted likewise; nodes that look alike are tried in
// every order, and the least state is taken.
func (y *system) canonical(s *State) {
	var keys [MaxNodes]uint64
	order := identity // order[new] = old
	for n := range y.Nodes {
		keys[n] = s.nodeKey(n) | (1<<8-1-y.class(n))<<48
		for k := n; k > 0 && keys[order[k-1]] < keys[order[k]]; k-- {
			order[k-1], order[k] = order[k], order[k-1]
		}
	}
	s.renameNodes(order)
	s.sortPods()
	var sorted [MaxNodes]uint64
	alike := false
	for n, old := range order[:y.Nodes] {
		sorted[n] = keys[old]
		alike = alike || n > 0 && sorted[n] == sorted[n-1]
	}
	if alike {
		from := *s
		y.permuteAlike(&from, &sorted, identity, 0, s)
	}
}

var identity = [MaxNodes]int{0, 1, 2, 3}

// permuteAlike tries the orders that permute nodes of equal keys from position
// k on, and keeps the least state in best.
func (y *system) permuteAlike(s *State, keys *[MaxNodes]uint64, order [MaxNodes]int, k int, best *State) {
	if k == y.Nodes {
		return
	}
	y.permuteAlike(s, keys, order, k+1, best)
	for j := k + 1; j < y.Nodes && keys[order[j]] == keys[order[k]]; j++ {
		swapped := order
		swapped[k], swapped[j] = order[j], order[k]
		other := *s
		other.renameNodes(swapped)
		other.sortPods()
		if y.less(&other, best) {
			*best = other
		}
		y.permuteAlike(s, keys, swapped, k+1, best)
	}
}

// nodeKey is all that is known of a node itself, and its place in the caches'
// events.
func (s *State) nodeKey(n int) uint64 {
	key := packNode(&s.Nodes[n])
	for _, c := range [...]*Cache[NodeView]{&s.KCM.Nodes, &s.Scheduler.Nodes} {
		for i := range c.Len {
			if int(c.Events[i].Object) == n {
				key |= 1 << (nodeBits + i)
			}
		}
		key = key&(1<<nodeBits-1) | key>>nodeBits<<(nodeBits+maxEvents)
	}
	return key
}

// renameNodes makes the node at order[i] the i-th.
func (s *State) renameNodes(order [MaxNodes]int) {
	if order == identity {
		return
	}
	var to [MaxNodes + 1]NodeRef
	nodes := s.Nodes
	for i, old := range order {
		s.Nodes[i] = nodes[old]
		to[old+1] = NodeRef(i + 1)
	}
	for i := range s.Pods {
		p := &s.Pods[i]
		p.Node, p.Assumed = to[p.Node], to[p.Assumed]
	}
	for _, c := range [...]*Cache[PodView]{&s.KCM.Pods, &s.Scheduler.Pods} {
		for i := range c.Len {
			v := &c.Events[i].Before
			v.Node = to[v.Node]
		}
	}
	for _, c := range [...]*Cache[NodeView]{&s.KCM.Nodes, &s.Scheduler.Nodes} {
		for i := range c.Len {
			e := &c.Events[i]
			e.Object = uint8(to[e.Object+1] - 1)
		}
	}
}

// sortPods puts the pods in descending order of all that is known of them.
func (s *State) sortPods() {
	var keys [MaxPods]uint64 // what is known, places in the caches' events, then the index
	used := s.used()
	for i := range used {
		keys[i] = packPod(&s.Pods[i]) << (2*maxEvents + indexBits)
	}
	for k, c := range [...]*Cache[PodView]{&s.KCM.Pods, &s.Scheduler.Pods} {
		for i := range c.Len {
			keys[c.Events[i].Object] |= 1 << (indexBits + uint8(k)*maxEvents + i)
		}
	}
	sorted := true
	for i := range used {
		keys[i] |= uint64(MaxPods - 1 - i) // equal pods keep their order
		sorted = sorted && (i == 0 || keys[i-1] > keys[i])
	}
	if sorted {
		return
	}
	for i := 1; i < used; i++ {
		for k := i; k > 0 && keys[k-1] < keys[k]; k-- {
			keys[k-1], keys[k] = keys[k], keys[k-1]
		}
	}
	pods := s.Pods
	var to [MaxPods]uint8
	for i, key := range keys[:used] {
		old := MaxPods - 1 - int(key%MaxPods)
		s.Pods[i] = pods[old]
		to[old] = uint8(i)
	}
	for _, c := range [...]*Cache[PodView]{&s.KCM.Pods, &s.Scheduler.Pods} {
		for i := range c.Len {
			c.Events[i].Object = to[c.Events[i].Object]
		}
	}
}

const indexBits = 4 // of a pod

// less is any total order of states whose nodes have the same keys.
func (y *system) less(a, b *State) bool {
	var x, z [maxWords]uint64
	y.encode(a, x[:])
	y.encode(b, z[:])
	return slices.Compare(x[:], z[:]) < 0
}
