package model

import "github.com/reconverge/reconverge/check"

// A State is stored as a row of bits in which every field takes as many as its
// values need. The order of the calls in encode and decode is the layout. It is
// that of one scenario: only its nodes, its budgets, as many events as its
// caches hold, and as many pods as it has identities take any room. Pods come
// last, and those that are not used yet are zeros.
//
//	caches       5 x (3 + 3 bits), and lag + past events each: pods 16, nodes 13, ReplicaSet 8 bits
//	owner, KCM   some 60 bits, 29 if status is written, 2 if the owner is deleted
//	budgets      4 bits each
//	nodes        32 bits each, see packNode
//	pods         39 bits each, see packPod

// packing returns the smallest of the stored forms that has room.
func (y *system) packing() check.Packing[State] {
	switch words := (y.bits() + 63) / 64; {
	case words <= 8:
		return check.PackInPlace(
			func(s *State, k *[8]uint64) { y.encode(s, k[:]) },
			func(k *[8]uint64, s *State) { y.decode(k[:], s) })
	case words <= 12:
		return check.PackInPlace(
			func(s *State, k *[12]uint64) { y.encode(s, k[:]) },
			func(k *[12]uint64, s *State) { y.decode(k[:], s) })
	}
	return check.PackInPlace(
		func(s *State, k *[maxWords]uint64) { y.encode(s, k[:]) },
		func(k *[maxWords]uint64, s *State) { y.decode(k[:], s) })
}

// maxWords has room for every scenario.
const maxWords = 24

const (
	podBits  = 39
	nodeBits = 32
)

// bits returns the length of a stored state.
func (y *system) bits() int {
	w := bitWriter{words: make([]uint64, maxWords)}
	y.encodeShared(&State{}, &w)
	return w.word*64 + int(w.used) + y.Nodes*nodeBits + y.limit*podBits
}

func (y *system) encode(s *State, words []uint64) {
	w := bitWriter{words: words}
	y.encodeShared(s, &w)
	for n := range y.Nodes {
		w.put(packNode(&s.Nodes[n]), nodeBits)
	}
	for i := range s.used() {
		w.put(packPod(&s.Pods[i]), podBits)
	}
	w.flush()
}

// decode expects a zero state.
func (y *system) decode(words []uint64, s *State) {
	r := bitReader{words: words}
	y.decodeShared(s, &r)
	for n := range y.Nodes {
		s.Nodes[n] = unpackNode(r.get(nodeBits))
	}
	for i := range y.limit {
		v := r.get(podBits)
		if v == 0 {
			break
		}
		s.Pods[i] = unpackPod(v)
	}
}

// encodeShared writes everything but nodes and pods.
func (y *system) encodeShared(s *State, w *bitWriter) {
	k := &s.KCM
	for _, c := range [...]*Cache[PodView]{&k.Pods, &s.Scheduler.Pods} {
		w.put(uint64(c.Len)|uint64(c.Seen)<<3, 6)
		for i := range y.lag + y.past {
			w.put(packPodEvent(&c.Events[i]), 16)
		}
	}
	for _, c := range [...]*Cache[NodeView]{&k.Nodes, &s.Scheduler.Nodes} {
		w.put(uint64(c.Len)|uint64(c.Seen)<<3, 6)
		for i := range y.lag + y.past {
			w.put(packNodeEvent(&c.Events[i]), 13)
		}
	}
	w.put(uint64(k.ReplicaSets.Len)|uint64(k.ReplicaSets.Seen)<<3, 6)
	for i := range y.lag + y.past {
		v := &k.ReplicaSets.Events[i].Before
		w.put(uint64(v.UID)|uint64(v.Replicas)<<2|bit(v.Deleting)<<7, 8)
		if y.Status {
			w.put(packStatus(v.Status), 11)
		}
	}
	w.put(packOwner(&s.Owner, &s.PDB), 15)
	w.put(packManager(k), 28)
	w.put(packNodeLifecycle(k), 21)
	if y.Status {
		w.put(packStatus(s.Owner.Status), 11)
		w.put(packStatus(k.Status.Status)|bit(k.Status.Pending)<<11, 12)
	}
	if y.Faults[OwnerDelete] > 0 {
		w.put(uint64(k.Sync), 2)
	}
	w.put(uint64(s.Former.Creates)|bit(s.Tainted[0])<<5|bit(s.Tainted[1])<<6, 7)
	for _, f := range y.spendable {
		w.put(uint64(s.Budget[f]), 4)
	}
}

func (y *system) decodeShared(s *State, r *bitReader) {
	k := &s.KCM
	for _, c := range [...]*Cache[PodView]{&k.Pods, &s.Scheduler.Pods} {
		c.Len, c.Seen = unpackLens(r.get(6))
		for i := range y.lag + y.past {
			c.Events[i] = unpackPodEvent(r.get(16))
		}
	}
	for _, c := range [...]*Cache[NodeView]{&k.Nodes, &s.Scheduler.Nodes} {
		c.Len, c.Seen = unpackLens(r.get(6))
		for i := range y.lag + y.past {
			c.Events[i] = unpackNodeEvent(r.get(13))
		}
	}
	k.ReplicaSets.Len, k.ReplicaSets.Seen = unpackLens(r.get(6))
	for i := range y.lag + y.past {
		v := r.get(8)
		e := &k.ReplicaSets.Events[i].Before
		e.UID, e.Replicas, e.Deleting = uint8(v&3), uint8(v>>2&31), flag(v, 7)
		if y.Status {
			e.Status = unpackStatus(r.get(11))
		}
	}
	unpackOwner(r.get(15), &s.Owner, &s.PDB)
	unpackManager(r.get(28), k)
	unpackNodeLifecycle(r.get(21), k)
	if y.Status {
		s.Owner.Status = unpackStatus(r.get(11))
		v := r.get(12)
		k.Status = PendingStatus{Pending: flag(v, 11), Status: unpackStatus(v)}
	}
	if y.Faults[OwnerDelete] > 0 {
		k.Sync = uint8(r.get(2))
	}
	v := r.get(7)
	s.Former.Creates, s.Tainted[0], s.Tainted[1] = uint8(v&31), flag(v, 5), flag(v, 6)
	for _, f := range y.spendable {
		s.Budget[f] = uint8(r.get(4))
	}
}

func unpackLens(v uint64) (length, seen uint8) { return uint8(v & 7), uint8(v >> 3) }

// packOwner lays out, from bit 0, UID 2, replicas 5, finalizer 2, budget 6.
func packOwner(o *ReplicaSet, b *PDB) uint64 {
	return uint64(o.UID) | uint64(o.Replicas)<<2 | uint64(o.Finalizer)<<7 | packPDB(*b)<<9
}

func unpackOwner(v uint64, o *ReplicaSet, b *PDB) {
	o.UID, o.Replicas, o.Finalizer, *b = uint8(v&3), uint8(v>>2&31), Finalizer(v>>7&3), unpackPDB(v>>9)
}

// packPDB lays out allowed 5, met 1.
func packPDB(b PDB) uint64 { return uint64(b.Allowed) | bit(b.Met)<<5 }

func unpackPDB(v uint64) PDB { return PDB{uint8(v & 31), flag(v, 5)} }

// packStatus lays out replicas 5, ready 5, observed 1.
func packStatus(t ReplicaSetStatus) uint64 {
	return uint64(t.Replicas) | uint64(t.Ready)<<5 | bit(t.Observed)<<10
}

func unpackStatus(v uint64) ReplicaSetStatus {
	return ReplicaSetStatus{uint8(v & 31), uint8(v >> 5 & 31), flag(v, 10)}
}

// packManager lays out what the ReplicaSet controller remembers: creates to
// send 5, of the batch 4, its size 4, expected 5, for how long 3, and the
// pending budget 1 + 6.
func packManager(k *ControllerManager) uint64 {
	return uint64(k.ToCreate) | uint64(k.Batch)<<5 | uint64(k.BatchSize)<<9 | uint64(k.ExpectAdd)<<13 | uint64(k.ExpectAge)<<18 |
		bit(k.NewPDB.Pending)<<21 | packPDB(k.NewPDB.PDB)<<22
}

func unpackManager(v uint64, k *ControllerManager) {
	k.ToCreate, k.Batch, k.BatchSize = uint8(v&31), uint8(v>>5&15), uint8(v>>9&15)
	k.ExpectAdd, k.ExpectAge = uint8(v>>13&31), uint8(v>>18&7)
	k.NewPDB = PendingPDB{flag(v, 21), unpackPDB(v >> 22)}
}

// packNodeLifecycle lays out uptime 2, zone states 2 each, tokens spent 1 each,
// in pass, breaker, stalls 1 each.
func packNodeLifecycle(k *ControllerManager) uint64 {
	return uint64(k.Uptime) | uint64(k.Zones[0])<<2 | uint64(k.Zones[1])<<4 | bit(k.Spent[0])<<6 | bit(k.Spent[1])<<7 |
		bit(k.InPass)<<8 | bit(k.Breaker)<<9 | bit(k.Stalls.Pods)<<10 | bit(k.Stalls.Nodes)<<11 | bit(k.Stalls.Leases)<<12
}

func unpackNodeLifecycle(v uint64, k *ControllerManager) {
	k.Uptime, k.Zones = uint8(v&3), [MaxZones]ZoneState{ZoneState(v >> 2 & 3), ZoneState(v >> 4 & 3)}
	k.Spent = [MaxZones]bool{flag(v, 6), flag(v, 7)}
	k.InPass, k.Breaker = flag(v, 8), flag(v, 9)
	k.Stalls = Stalls{Pods: flag(v, 10), Nodes: flag(v, 11), Leases: flag(v, 12)}
}

// packPod lays out a pod: first the object (from bit 0: object 2, phase 2, node
// 3, ready 1, deletion 2, lost, bare 1, owner 2, unlabelled 1), then what is
// remembered of it (from bit 15: assumed 3, seen 2, container 2, timer 3,
// chosen, expected, condemned, late 1 each, drain 2, disrupted 1, collect 2,
// removing, adopting, spared, untold 1 each). It is 0 only for one that is not used.
func packPod(p *Pod) uint64 {
	return uint64(p.Object) | uint64(p.Phase)<<2 | uint64(p.Node)<<4 | bit(p.Ready)<<7 | uint64(p.Deletion)<<8 |
		bit(p.Lost)<<10 | bit(p.Bare)<<11 | uint64(p.Owner)<<12 | bit(p.Unlabelled)<<14 |
		uint64(p.Assumed)<<15 | uint64(p.Seen)<<18 | uint64(p.Container)<<20 | uint64(p.Timer)<<22 |
		bit(p.Chosen)<<25 | bit(p.ExpectDel)<<26 | bit(p.Condemned)<<27 | bit(p.Late)<<28 |
		uint64(p.Drain)<<29 | bit(p.Disrupted)<<31 | uint64(p.Collect)<<32 | bit(p.Removing)<<34 |
		bit(p.Adopting)<<35 | bit(p.Spared)<<36 | bit(p.Untold)<<37
}

func unpackPod(v uint64) Pod {
	return Pod{
		Object: Object(v & 3), Phase: Phase(v >> 2 & 3), Node: NodeRef(v >> 4 & 7), Ready: flag(v, 7), Deletion: Deletion(v >> 8 & 3),
		Lost: flag(v, 10), Bare: flag(v, 11), Owner: uint8(v >> 12 & 3), Unlabelled: flag(v, 14),
		Assumed: NodeRef(v >> 15 & 7), Seen: Seen(v >> 18 & 3), Container: Container(v >> 20 & 3), Timer: Timer(v >> 22 & 7),
		Chosen: flag(v, 25), ExpectDel: flag(v, 26), Condemned: flag(v, 27), Late: flag(v, 28),
		Drain: Drain(v >> 29 & 3), Disrupted: flag(v, 31), Collect: Collect(v >> 32 & 3), Removing: flag(v, 34),
		Adopting: flag(v, 35), Spared: flag(v, 36), Untold: flag(v, 37),
	}
}

// packNode lays out a node: from bit 0 link 2, registered, broken, object 1
// each, ready 2, taints 6, unschedulable 1, silent 2, not ready 2, then the
// flags in the order of the struct, and quarantine 2 among them.
func packNode(n *Node) uint64 {
	return uint64(n.Link) | bit(n.Registered)<<2 | bit(n.Broken)<<3 | bit(n.Object)<<4 | uint64(n.Ready)<<5 | uint64(n.Taints)<<7 |
		bit(n.Unschedulable)<<13 | uint64(n.Silent)<<14 | uint64(n.NotReady)<<16 |
		bit(n.NeedMark)<<18 | bit(n.Known)<<19 | bit(n.Added)<<20 | bit(n.Queued)<<21 | bit(n.InSet)<<22 | bit(n.Listed)<<23 |
		uint64(n.Quarantine)<<24 | bit(n.Draining)<<26
}

func unpackNode(v uint64) Node {
	return Node{
		Link: Link(v & 3), Registered: flag(v, 2), Broken: flag(v, 3), Object: flag(v, 4), Ready: Condition(v >> 5 & 3), Taints: Taints(v >> 7 & 63),
		Unschedulable: flag(v, 13), Silent: uint8(v >> 14 & 3), NotReady: uint8(v >> 16 & 3),
		NeedMark: flag(v, 18), Known: flag(v, 19), Added: flag(v, 20), Queued: flag(v, 21), InSet: flag(v, 22), Listed: flag(v, 23),
		Quarantine: uint8(v >> 24 & 3), Draining: flag(v, 26),
	}
}

// packPodEvent lays out an event: pod 4, then what it was: stored 1, phase 2,
// node 3, ready, deletion 1 each, owner 2, unlabelled 1.
func packPodEvent(e *Event[PodView]) uint64 {
	v := &e.Before
	return uint64(e.Object) | bit(v.Stored)<<4 | uint64(v.Phase)<<5 | uint64(v.Node)<<7 | bit(v.Ready)<<10 | bit(v.Deletion)<<11 |
		uint64(v.Owner)<<12 | bit(v.Unlabelled)<<14
}

func unpackPodEvent(v uint64) Event[PodView] {
	return Event[PodView]{uint8(v & 15), PodView{
		Stored: flag(v, 4), Phase: Phase(v >> 5 & 3), Node: NodeRef(v >> 7 & 7), Ready: flag(v, 10), Deletion: flag(v, 11),
		Owner: uint8(v >> 12 & 3), Unlabelled: flag(v, 14),
	}}
}

// packNodeEvent lays out an event: node 2, then what it was: object 1, ready 2,
// taints 6, unschedulable 1.
func packNodeEvent(e *Event[NodeView]) uint64 {
	v := &e.Before
	return uint64(e.Object) | bit(v.Object)<<2 | uint64(v.Ready)<<3 | uint64(v.Taints)<<5 | bit(v.Unschedulable)<<11
}

func unpackNodeEvent(v uint64) Event[NodeView] {
	return Event[NodeView]{uint8(v & 3), NodeView{Object: flag(v, 2), Ready: Condition(v >> 3 & 3), Taints: Taints(v >> 5 & 63), Unschedulable: flag(v, 11)}}
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func flag(v uint64, at uint) bool { return v>>at&1 == 1 }

type bitWriter struct {
	words []uint64
	last  uint64 // the word under way
	used  uint   // its bits
	word  int    // its index
}

func (b *bitWriter) put(v uint64, n uint) {
	b.last |= v << b.used
	b.used += n
	if b.used >= 64 {
		b.words[b.word] = b.last
		b.word++
		b.used -= 64
		b.last = v >> (n - b.used)
	}
}

func (b *bitWriter) flush() {
	if b.used > 0 {
		b.words[b.word] = b.last
	}
}

type bitReader struct {
	words []uint64
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
