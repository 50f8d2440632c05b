package conform

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces/internal/abstract"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// A world is a cluster as the model would see it: pods and nodes by index. Pods are
// numbered as they are created, after those that are there in the beginning, which
// are in the order of the model's initial states: a user's first, then by node.
type world struct {
	m     *model.Model
	label labelled

	pods   map[types.UID]int
	names  []string // of the pods, by index
	nodes  map[string]int
	owners map[types.UID]uint8

	store    model.Observation // objects and containers
	reported [model.MaxPods]report
	omitted  int       // reports that the model omits
	versions []version // of objects, in the order of revisions
	caches   [numCaches]cache
}

// A report is phase and readiness of a pod as they are in the store, and as the model
// has them.
type report struct {
	phase model.Phase
	ready bool
	as    struct {
		phase model.Phase
		ready bool
	}
}

// report is what the model has of a pod's phase and readiness. Two things that a
// kubelet writes it omits, as Kubelet.ReportRunning and kubelet.go say: that
// containers run which are not ready yet, and, after a reboot, that they do not run yet
// again. To the model a pod is as it was before, until the next report.
func (w *world) report(i int, p *model.PodObservation, byKubelet bool) {
	r := &w.reported[i]
	switch {
	case r.phase == p.Phase && r.ready == p.Ready:
	case byKubelet && p.Phase == model.Running && !p.Ready:
		w.omitted++
	case byKubelet:
		r.as.phase, r.as.ready = p.Phase, p.Ready
	default: // others change one of them
		if p.Phase != r.phase {
			r.as.phase = p.Phase
		}
		if p.Ready != r.ready {
			r.as.ready = p.Ready
		}
	}
	r.phase, r.ready = p.Phase, p.Ready
	p.Phase, p.Ready = r.as.phase, r.as.ready
}

// labelled reports whether a pod has the label that the selector asks for.
type labelled func(*corev1.Pod) bool

// A version is an object as a write has left it.
type version struct {
	revision int64
	of       kind
	index    int
	pod      model.PodObservation
	node     model.NodeView
	owner    model.ReplicaSet
}

// A kind of objects that the model speaks of.
type kind uint8

const (
	pods kind = iota
	nodes
	replicaSets
	budgets
)

var kinds = map[string]kind{"pods": pods, "nodes": nodes, "replicasets": replicaSets, "poddisruptionbudgets": budgets}

// A cacheID is one of the caches that the model speaks of.
type cacheID uint8

const (
	managerPods cacheID = iota
	managerNodes
	managerOwners
	schedulerPods
	schedulerNodes
	numCaches
)

// cacheKinds and seeing are the kinds that the caches are of, and the actions of the
// model by which they advance.
var (
	cacheKinds = [numCaches]kind{pods, nodes, replicaSets, pods, nodes}
	seeing     = [numCaches]string{"KCM.SeePod", "KCM.SeeNode", "KCM.SeeReplicaSet", "Scheduler.SeePod", "Scheduler.SeeNode"}
)

// A cache holds the store as it was at a revision, of one kind.
type cache struct {
	known    bool // else it has not been listed since its process started
	revision int64
	content  model.Observation // its part of Manager or Scheduler
	unseen   int               // changes to come of what its process looks at
}

func newWorld(m *model.Model, l labelled) *world {
	return &world{m: m, label: l, pods: map[types.UID]int{}, nodes: map[string]int{}, owners: map[types.UID]uint8{}}
}

// withoutOwner makes it a world in which nobody has created a ReplicaSet. To the model
// that is one of no pods.
func (w *world) withoutOwner() {
	w.store.Owner = model.ReplicaSet{UID: 1}
}

// write takes up a write of an object, and reports whether the model has a word for
// what it changes. A pod beyond those that the model has is an error.
func (w *world) write(of kind, revision int64, before, after runtime.Object, byKubelet bool) (changed bool, err error) {
	v := version{revision: revision, of: of}
	was := w.store
	switch of {
	case pods:
		pod, _ := cmp.Or(after, before).(*corev1.Pod)
		if v.index, err = w.podIndex(pod); err != nil {
			return false, err
		}
		if v.pod = (model.PodObservation{Object: model.Removed}); after != nil {
			v.pod = w.pod(pod)
			w.report(v.index, &v.pod, byKubelet)
		}
		v.pod.Running = was.Pods[v.index].Running
		w.store.Pods[v.index] = v.pod
	case nodes:
		node, _ := cmp.Or(after, before).(*corev1.Node)
		v.index = w.nodeIndex(node.Name)
		if after != nil {
			v.node = abstract.Node(node)
		}
		w.store.Nodes[v.index] = v.node
	case replicaSets:
		if set, ok := after.(*appsv1.ReplicaSet); ok {
			if v.owner = w.owner(set); v.owner.UID > 1+maxOwnerCreates {
				return false, &Outside{Reason: "the model has no more UIDs for the ReplicaSet"}
			}
		}
		w.store.Owner = v.owner
	}
	if of == budgets {
		if b, ok := after.(*policyv1.PodDisruptionBudget); ok {
			w.store.PDB = budget(b)
		}
		return was != w.store, nil
	}
	w.versions = append(w.versions, v)
	for id := range w.caches {
		if c := &w.caches[id]; cacheKinds[id] == of && w.looksAt(cacheID(id), &was, &w.store) {
			c.unseen += writes(&was, &w.store)
		}
	}
	return was != w.store, nil
}

// writes is how many writes of the model lead from one store to the next: a user there
// adds or removes one replica at a time.
func writes(a, b *model.Observation) int {
	if a.Owner.UID == 0 || a.Owner.UID != b.Owner.UID {
		return 1
	}
	by := int(b.Owner.Replicas) - int(a.Owner.Replicas)
	return max(by, -by, 1)
}

// looksAt reports whether the process of a cache looks at something in which two
// stores differ.
func (w *world) looksAt(id cacheID, a, b *model.Observation) bool {
	return w.view(id, a) != w.view(id, b)
}

// view is what a cache holds if it is as a store.
func (w *world) view(id cacheID, store *model.Observation) (o model.Observation) {
	switch id {
	case managerPods:
		for i := range store.Pods {
			pod := store.Pods[i].Pod()
			o.Manager.Pods[i] = w.m.ManagerViewOfPod(&pod)
		}
	case managerNodes:
		o.Manager.Nodes = store.Nodes
	case managerOwners:
		o.Manager.Owner = w.m.ManagerViewOfOwner(&store.Owner)
	case schedulerPods:
		for i := range store.Pods {
			pod := store.Pods[i].Pod()
			o.Scheduler.Pods[i] = w.m.SchedulerViewOfPod(&pod)
		}
	case schedulerNodes:
		for n := range store.Nodes {
			if v := store.Nodes[n]; v.Object {
				o.Scheduler.Nodes[n] = w.m.SchedulerViewOfNode(&model.Node{Object: true, Ready: v.Ready, Taints: v.Taints, Unschedulable: v.Unschedulable})
			}
		}
	}
	return o
}

// seek makes a cache the store of a revision, and reports whether what its process
// looks at is another now.
func (w *world) seek(id cacheID, revision int64) (changed bool) {
	c := &w.caches[id]
	var store model.Observation
	for i := range w.versions {
		if v := &w.versions[i]; v.of == cacheKinds[id] && v.revision <= revision {
			v.put(&store)
		}
	}
	before := c.content
	c.known, c.revision, c.content = true, revision, w.view(id, &store)
	c.unseen = 0
	for i := range w.versions {
		if v := &w.versions[i]; v.of == cacheKinds[id] && v.revision > revision {
			was := store
			if v.put(&store); w.looksAt(id, &was, &store) {
				c.unseen += writes(&was, &store)
			}
		}
	}
	return c.content != before
}

func (v *version) put(store *model.Observation) {
	switch v.of {
	case pods:
		store.Pods[v.index] = v.pod
	case nodes:
		store.Nodes[v.index] = v.node
	case replicaSets:
		store.Owner = v.owner
	}
}

// forget says that what the caches of a process hold is not known any more.
func (w *world) forget(ids ...cacheID) {
	for _, id := range ids {
		w.caches[id] = cache{}
	}
}

// observed is all that is known: what is in it, and what a state of the model must be
// compared without.
func (w *world) observed() (o model.Observation) {
	o = w.store
	for id := range w.caches {
		c := &w.caches[id]
		copyPart(&o, &c.content, cacheID(id))
	}
	return o
}

// copyPart copies what a cache holds.
func copyPart(to, from *model.Observation, id cacheID) {
	switch id {
	case managerPods:
		to.Manager.Pods = from.Manager.Pods
	case managerNodes:
		to.Manager.Nodes = from.Manager.Nodes
	case managerOwners:
		to.Manager.Owner = from.Manager.Owner
	case schedulerPods:
		to.Scheduler.Pods = from.Scheduler.Pods
	case schedulerNodes:
		to.Scheduler.Nodes = from.Scheduler.Nodes
	}
}

// mask leaves of an observation what is known.
func (w *world) mask(o *model.Observation) {
	var nothing model.Observation
	for id := range w.caches {
		if !w.caches[id].known {
			copyPart(o, &nothing, cacheID(id))
		}
	}
}

// begin numbers what is there anew, in the order of the model's initial states, and
// forgets how it came about.
func (w *world) begin() error {
	type known struct {
		uid   types.UID
		name  string
		index int
	}
	var live []known
	for uid, i := range w.pods {
		if w.store.Pods[i].Object == model.Stored {
			live = append(live, known{uid, w.names[i], i})
		}
	}
	was := w.store
	slices.SortFunc(live, func(a, b known) int {
		p, q := was.Pods[a.index], was.Pods[b.index]
		return cmp.Or(-compareBool(p.Bare, q.Bare), cmp.Compare(p.Node, q.Node), cmp.Compare(a.index, b.index))
	})
	reported := w.reported
	w.pods, w.names, w.store.Pods, w.reported = map[types.UID]int{}, nil, [model.MaxPods]model.PodObservation{}, [model.MaxPods]report{}
	for i, k := range live {
		w.reported[i] = reported[k.index]
		w.pods[k.uid], w.store.Pods[i] = i, was.Pods[k.index]
		w.names = append(w.names, k.name)
	}
	w.versions = nil
	for i := range w.names {
		w.versions = append(w.versions, version{of: pods, index: i, pod: w.store.Pods[i]})
	}
	for n := range w.nodes {
		w.versions = append(w.versions, version{of: nodes, index: w.nodes[n], node: w.store.Nodes[w.nodes[n]]})
	}
	w.versions = append(w.versions, version{of: replicaSets, owner: w.store.Owner})
	for id := range w.caches {
		c := &w.caches[id]
		if c.unseen > 0 || !c.known {
			return fmt.Errorf("%w: %s: known %v, at %d, %d to come", errNotAtRest, seeing[id], c.known, c.revision, c.unseen)
		}
		c.content = w.view(cacheID(id), &w.store)
	}
	return nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (w *world) podIndex(pod *corev1.Pod) (int, error) {
	i, ok := w.pods[pod.UID]
	if !ok {
		if i = len(w.names); i == model.MaxPods {
			return 0, &Outside{Reason: "the model has no more pod identities"}
		}
		w.pods[pod.UID] = i
		w.names = append(w.names, pod.Name)
	}
	return i, nil
}

func (w *world) nodeIndex(name string) int {
	n, ok := w.nodes[name]
	if !ok {
		n = len(w.nodes)
		w.nodes[name] = n
	}
	return n
}

func (w *world) ownerIndex(uid types.UID) uint8 {
	n, ok := w.owners[uid]
	if !ok {
		n = uint8(len(w.owners) + 1)
		w.owners[uid] = n
	}
	return n
}

// pod is a stored pod as the model sees it.
func (w *world) pod(pod *corev1.Pod) model.PodObservation {
	o := abstract.Pod(pod)
	if pod.Spec.NodeName != "" {
		o.Node = model.NodeRef(w.nodeIndex(pod.Spec.NodeName) + 1)
	}
	if ref := metav1.GetControllerOf(pod); ref != nil {
		o.Owner = w.ownerIndex(ref.UID)
	}
	o.Bare = pod.GenerateName == ""
	o.Unlabelled = !o.Bare && !w.label(pod)
	return o
}

// owner is a stored ReplicaSet as the model sees it.
func (w *world) owner(set *appsv1.ReplicaSet) model.ReplicaSet {
	o := abstract.ReplicaSet(set)
	o.UID = w.ownerIndex(set.UID)
	return o
}

// budget is what a stored PodDisruptionBudget allows, as the model sees it.
func budget(b *policyv1.PodDisruptionBudget) model.PDB {
	s := b.Status
	return model.PDB{Allowed: uint8(s.DisruptionsAllowed), Met: s.CurrentHealthy >= s.DesiredHealthy && s.DesiredHealthy > 0}
}
