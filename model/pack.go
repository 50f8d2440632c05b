package model

// packed is a State as it is stored: every field in as many bits as its values
// need, pods first. The order of the calls in pack and unpack is the layout:
//
//	pods        16 x 24 bits   see packPod
//	nodes        4 x 14 bits   see packNode
//	pod caches   2 x (2 + 2 x 12) bits
//	node caches  2 x (2 + 2 x 6) bits
//	replicas, cached replicas, creates to send, creates expected: 5 bits each
//	uptime       2 bits
//	budgets      8 x 4 bits
type packed [packedWords]uint64

const packedWords = 10

// maxBudget is what the layout has room for; Scenario.Validate keeps to it.
const maxBudget = 1<<4 - 1

func pack(s State) packed {
	var b bitWriter
	for i := range s.Pods {
		b.put(uint64(packPod(&s.Pods[i])), 24)
	}
	for n := range s.Nodes {
		b.put(uint64(packNode(&s.Nodes[n])), 14)
	}
	for _, c := range []*Cache[PodView]{&s.KCM.Pods, &s.Scheduler.Pods} {
		b.put(uint64(c.Len), 2)
		for i := range c.Events {
			b.put(uint64(packPodEvent(&c.Events[i])), 12)
		}
	}
	for _, c := range []*Cache[NodeView]{&s.KCM.Nodes, &s.Scheduler.Nodes} {
		b.put(uint64(c.Len), 2)
		for i := range c.Events {
			b.put(uint64(packNodeEvent(&c.Events[i])), 6)
		}
	}
	for _, v := range [...]uint8{s.Replicas, s.KCM.Replicas, s.KCM.ToCreate, s.KCM.ExpectAdd} {
		b.put(uint64(v), 5)
	}
	b.put(uint64(s.KCM.Uptime), 2)
	for _, v := range s.Budget {
		b.put(uint64(v), 4)
	}
	return b.words
}

func unpack(k packed) State {
	b := bitReader{words: k}
	var s State
	for i := range s.Pods {
		s.Pods[i] = unpackPod(uint32(b.get(24)))
	}
	for n := range s.Nodes {
		s.Nodes[n] = unpackNode(uint32(b.get(14)))
	}
	for _, c := range []*Cache[PodView]{&s.KCM.Pods, &s.Scheduler.Pods} {
		c.Len = uint8(b.get(2))
		for i := range c.Events {
			c.Events[i] = unpackPodEvent(uint32(b.get(12)))
		}
	}
	for _, c := range []*Cache[NodeView]{&s.KCM.Nodes, &s.Scheduler.Nodes} {
		c.Len = uint8(b.get(2))
		for i := range c.Events {
			c.Events[i] = unpackNodeEvent(uint32(b.get(6)))
		}
	}
	for _, v := range [...]*uint8{&s.Replicas, &s.KCM.Replicas, &s.KCM.ToCreate, &s.KCM.ExpectAdd} {
		*v = uint8(b.get(5))
	}
	s.KCM.Uptime = uint8(b.get(2))
	for f := range s.Budget {
		s.Budget[f] = uint8(b.get(4))
	}
	return s
}

// packPod lays out a pod: from bit 0 container 2, seen 2, assumed 3, timer 2,
// chosen, expected, condemned 1 each, bare, lost 1 each, deletion 2, ready 1,
// node 3, phase 2, object 2.
func packPod(p *Pod) uint32 {
	return uint32(p.Container) | uint32(p.Seen)<<2 | uint32(p.Assumed)<<4 | uint32(p.Timer)<<7 |
		bit(p.Chosen)<<9 | bit(p.ExpectDel)<<10 | bit(p.Condemned)<<11 | bit(p.Bare)<<12 | bit(p.Lost)<<13 |
		uint32(p.Deletion)<<14 | bit(p.Ready)<<16 | uint32(p.Node)<<17 | uint32(p.Phase)<<20 | uint32(p.Object)<<22
}

func unpackPod(v uint32) Pod {
	return Pod{
		Container: Container(v & 3), Seen: Seen(v >> 2 & 3), Assumed: NodeRef(v >> 4 & 7), Timer: Timer(v >> 7 & 3),
		Chosen: v>>9&1 == 1, ExpectDel: v>>10&1 == 1, Condemned: v>>11&1 == 1, Bare: v>>12&1 == 1, Lost: v>>13&1 == 1,
		Deletion: Deletion(v >> 14 & 3), Ready: v>>16&1 == 1, Node: NodeRef(v >> 17 & 7), Phase: Phase(v >> 20 & 3), Object: Object(v >> 22 & 3),
	}
}

// packNode lays out a node: from bit 0 the flags in the order of the struct,
// backwards, then not ready 2, silent 2, taints and conditions 1 each, link 2.
func packNode(n *Node) uint32 {
	return bit(n.InSet) | bit(n.Queued)<<1 | bit(n.Added)<<2 | bit(n.NeedMark)<<3 | uint32(n.NotReady)<<4 | uint32(n.Silent)<<6 |
		bit(n.NoExecute)<<8 | bit(n.NoSchedule)<<9 | bit(n.Ready)<<10 | bit(n.Object)<<11 | uint32(n.Link)<<12
}

func unpackNode(v uint32) Node {
	return Node{
		InSet: v&1 == 1, Queued: v>>1&1 == 1, Added: v>>2&1 == 1, NeedMark: v>>3&1 == 1,
		NotReady: uint8(v >> 4 & 3), Silent: uint8(v >> 6 & 3),
		NoExecute: v>>8&1 == 1, NoSchedule: v>>9&1 == 1, Ready: v>>10&1 == 1, Object: v>>11&1 == 1, Link: Link(v >> 12 & 3),
	}
}

// packPodEvent lays out an event: pod 4, then what it was: stored 1, phase 2,
// node 3, ready 1, deletion 1.
func packPodEvent(e *Event[PodView]) uint32 {
	v := &e.Before
	return uint32(e.Object) | bit(v.Stored)<<4 | uint32(v.Phase)<<5 | uint32(v.Node)<<7 | bit(v.Ready)<<10 | bit(v.Deletion)<<11
}

func unpackPodEvent(v uint32) Event[PodView] {
	return Event[PodView]{uint8(v & 15), PodView{v>>4&1 == 1, Phase(v >> 5 & 3), NodeRef(v >> 7 & 7), v>>10&1 == 1, v>>11&1 == 1}}
}

// packNodeEvent lays out an event: node 2, then what it was: object, ready,
// NoSchedule, NoExecute 1 each.
func packNodeEvent(e *Event[NodeView]) uint32 {
	v := &e.Before
	return uint32(e.Object) | bit(v.Object)<<2 | bit(v.Ready)<<3 | bit(v.NoSchedule)<<4 | bit(v.NoExecute)<<5
}

func unpackNodeEvent(v uint32) Event[NodeView] {
	return Event[NodeView]{uint8(v & 3), NodeView{v>>2&1 == 1, v>>3&1 == 1, v>>4&1 == 1, v>>5&1 == 1}}
}

func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

type bitWriter struct {
	words packed
	pos   uint
}

func (b *bitWriter) put(v uint64, n uint) {
	w, off := b.pos/64, b.pos%64
	b.words[w] |= v << off
	if off+n > 64 {
		b.words[w+1] = v >> (64 - off)
	}
	b.pos += n
}

type bitReader struct {
	words packed
	pos   uint
}

func (b *bitReader) get(n uint) uint64 {
	w, off := b.pos/64, b.pos%64
	v := b.words[w] >> off
	if off+n > 64 {
		v |= b.words[w+1] << (64 - off)
	}
	b.pos += n
	return v & (1<<n - 1)
}
