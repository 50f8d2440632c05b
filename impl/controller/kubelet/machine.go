package kubelet

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// A Machine is the computer below a kubelet: it runs containers, whether a
// kubelet watches over them or not. The containers of a pod start and stop
// together. Its methods may be called from any goroutine.
type Machine struct {
	node     string
	observer Observer

	mu     sync.Mutex
	broken bool
	boxes  map[types.UID]*box
	notify func() // wakes the kubelet that is running; nil: none is
}

// An Observer hears of containers, as they start and stop. It is called in the
// goroutine that starts or stops them, may not block, and may not call the Machine.
type Observer interface {
	ContainersStarted(node string, pod PodRef)
	ContainersStopped(node string, pod PodRef)
}

// A PodRef says which pod containers are of.
type PodRef struct {
	Namespace, Name string
	UID             types.UID
}

// exitUnknown is the exit code of containers that nobody saw exit.
const exitUnknown = 137

// A box is what a machine knows of the containers of one pod.
type box struct {
	pod      PodRef
	running  bool
	started  time.Time // last
	finished time.Time // last; zero: never
	code     int32     // of the last exit
	starts   int32     // since the machine was booted
}

// NewMachine returns a machine that runs nothing. The observer may be nil.
func NewMachine(node string, o Observer) *Machine {
	return &Machine{node: node, observer: o, boxes: map[types.UID]*box{}}
}

// Running returns the pods whose containers run, by namespace, name and UID.
func (m *Machine) Running() []PodRef {
	m.mu.Lock()
	defer m.mu.Unlock()
	var running []PodRef
	for _, b := range m.boxes {
		if b.running {
			running = append(running, b.pod)
		}
	}
	slices.SortFunc(running, comparePods)
	return running
}

func comparePods(a, b PodRef) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID))
}

// Exit ends the containers of a pod as if they had exited by themselves, and
// reports whether they were running.
func (m *Machine) Exit(uid types.UID, code int32) bool {
	ended := m.stop(uid, code, time.Now())
	m.wake()
	return ended
}

// Reboot ends all containers and forgets that they were there. Its kubelet ends
// with the machine: whoever reboots it stops that before, and starts one after.
func (m *Machine) Reboot() {
	for _, pod := range m.Running() {
		m.stop(pod.UID, exitUnknown, time.Now())
	}
	m.mu.Lock()
	m.boxes = map[types.UID]*box{}
	m.broken = false
	m.mu.Unlock()
	m.wake()
}

// Break takes the container runtime down: containers run on, and none can be
// started, stopped or asked about.
func (m *Machine) Break() { m.setBroken(true) }

// Repair brings the container runtime up again.
func (m *Machine) Repair() { m.setBroken(false) }

func (m *Machine) setBroken(broken bool) {
	m.mu.Lock()
	m.broken = broken
	m.mu.Unlock()
	m.wake()
}

// works reports whether the container runtime answers.
func (m *Machine) works() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.broken
}

// attach makes f be called when something has changed that the kubelet did not do.
func (m *Machine) attach(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notify = f
}

func (m *Machine) wake() {
	m.mu.Lock()
	f := m.notify
	m.mu.Unlock()
	if f != nil {
		f()
	}
}

// start runs the containers of a pod.
func (m *Machine) start(pod PodRef, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.boxes[pod.UID]
	if b == nil {
		b = &box{pod: pod}
		m.boxes[pod.UID] = b
	}
	b.running, b.started = true, now
	b.starts++
	if m.observer != nil {
		m.observer.ContainersStarted(m.node, pod)
	}
}

// stop ends the containers of a pod, and reports whether they were running.
func (m *Machine) stop(uid types.UID, code int32, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.boxes[uid]
	if b == nil || !b.running {
		return false
	}
	b.running, b.code, b.finished = false, code, now
	if m.observer != nil {
		m.observer.ContainersStopped(m.node, b.pod)
	}
	return true
}

// inspect returns what the machine knows of a pod, nil if nothing.
func (m *Machine) inspect(uid types.UID) *box {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.boxes[uid]; b != nil {
		copied := *b
		return &copied
	}
	return nil
}

// remove forgets containers that do not run.
func (m *Machine) remove(uid types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.boxes[uid]; b != nil && !b.running {
		delete(m.boxes, uid)
	}
}
