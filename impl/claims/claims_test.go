package claims

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"
)

// A pair of histories, of which a claim accepts the one and not the other.
type pair struct {
	accepts  func(*story)
	violates func(*story)
}

var pairs = map[string]pair{
	"P-RV": {
		accepts: func(s *story) {
			s.put(web("a"), web("a"))
			s.write(&Request{ResourceVersion: 3}, web("a"))
		},
		violates: func(s *story) {
			s.put(web("a"), web("a"))
			s.write(&Request{ResourceVersion: 2}, web("a"))
		},
	},
	"P-UID": {
		accepts:  func(s *story) { s.put(web("a")); s.remove(nil, web("a")); s.put(web("a", uid("other"))) },
		violates: func(s *story) { s.put(web("a")); s.remove(nil, web("a")); s.put(web("a")) },
	},
	"P-DT": {
		accepts: func(s *story) {
			s.put(web("a", isDeleting))
			s.wait(time.Minute)
			now := web("a", isDeleting) // it is overdue, and takes the rest of its grace
			now.DeletionTimestamp, now.DeletionGracePeriodSeconds = &metav1.Time{Time: s.now}, ptr.To[int64](0)
			s.put(now)
		},
		violates: func(s *story) {
			later := web("a", isDeleting)
			later.DeletionTimestamp = &metav1.Time{Time: later.DeletionTimestamp.Add(time.Second)}
			s.put(web("a", isDeleting), later)
		},
	},
	"P-NODE1": {
		accepts:  func(s *story) { s.put(web("a"), web("a", on("n1")), web("a", on("n1"))) },
		violates: func(s *story) { s.put(web("a", on("n1")), web("a", on("n2"))) },
	},
	"P-NOBIND-T": {
		accepts:  func(s *story) { s.put(web("a"), web("a", on("n1")), web("a", on("n1"), isDeleting)) },
		violates: func(s *story) { s.put(web("a", isDeleting), web("a", on("n1"), isDeleting)) },
	},
	"P-BIND-UID": {
		accepts: func(s *story) {
			s.put(web("a"))
			s.see("scheduler", "pods")
			s.does("scheduler/scheduler", "create pods/binding", web("a", on("n1")))
		},
		violates: func(s *story) {
			s.see("scheduler", "pods")
			s.put(web("a"))
			s.tell(Event{Seen: &Seen{Actor: "scheduler", Resource: "pods", Revision: s.rev}})
			r := s.send("scheduler/scheduler", "create pods/binding")
			s.remove(nil, web("a"))
			s.put(web("a", uid("other")))
			s.write(r, web("a", uid("other"), on("n1")))
		},
	},
	"P-PHASE": {
		accepts:  func(s *story) { s.put(web("a"), web("a", ready), web("a", phase(corev1.PodFailed))) },
		violates: func(s *story) { s.put(web("a", phase(corev1.PodFailed)), web("a", ready)) },
	},
	"P-TERM-NR": {
		accepts: func(s *story) {
			s.put(web("a", ready), web("a", phase(corev1.PodFailed)), web("b", ready))
			s.does("kcm/podgc", "patch pods/status", web("b", ready, phase(corev1.PodFailed)))
		},
		violates: func(s *story) { s.put(web("a", ready), web("a", ready, phase(corev1.PodFailed))) },
	},
	"P-T-NOTREADY": {
		accepts:  func(s *story) { s.put(web("a", ready), web("a", ready, isDeleting), web("a", isDeleting)) },
		violates: func(s *story) { s.put(web("a", isDeleting), web("a", ready, isDeleting)) },
	},
	"P-WATCH": {
		accepts: func(s *story) {
			s.put(web("a"), web("b"))
			listed := []Version{{"default", "b", 3}, {"default", "a", 2}}
			s.tell(Event{Seen: &Seen{Actor: "kcm", Resource: "pods", Revision: 3, Objects: listed}})
			s.put(node("n1", well), web("a", ready))
			s.tell(Event{Seen: &Seen{Actor: "kcm", Resource: "pods", Type: watch.Bookmark, Revision: 4}})
			s.tell(Event{Seen: &Seen{Actor: "kcm", Resource: "pods", Type: watch.Modified, Revision: 5, Objects: []Version{{"default", "a", 5}}}})
		},
		violates: func(s *story) {
			s.put(web("a"))
			s.tell(Event{Seen: &Seen{Actor: "kcm", Resource: "pods", Revision: 2, Objects: []Version{{"default", "a", 2}}}})
			s.put(web("b"), web("c"))
			s.tell(Event{Seen: &Seen{Actor: "kcm", Resource: "pods", Type: watch.Added, Revision: 4, Objects: []Version{{"default", "c", 4}}}})
		},
	},
	"P-OVER2": {
		accepts:  func(s *story) { s.put(set(2), web("a"), web("b"), web("a", isDeleting), web("c")) },
		violates: func(s *story) { s.put(set(2), web("a"), web("b"), web("c")) },
	},
	"P-OVER1": {
		accepts: func(s *story) {
			s.put(set(3), web("a"), web("b"))
			s.see("kcm", "replicasets", "pods")
			s.put(set(2), web("c")) // decided when three were wanted
		},
		violates: func(s *story) {
			s.put(set(3), web("a"), web("b"), set(2))
			s.see("kcm", "replicasets", "pods")
			s.put(web("c"))
		},
	},
	"P-UNDER2": {
		accepts: func(s *story) {
			s.put(set(2), web("a"), web("b"))
			s.see("kcm", "replicasets", "pods")
			s.put(set(1), set(2)) // decided when one was wanted
			s.does("kcm/replicaset", "delete pods", web("b", isDeleting))
		},
		violates: func(s *story) {
			s.put(set(2), web("a"), web("b"))
			s.see("kcm", "replicasets", "pods")
			s.does("kcm/replicaset", "delete pods", web("b", isDeleting))
		},
	},
	"P-OWN": {
		accepts:  func(s *story) { s.put(web("a"), free("a"), web("a", owned("other", "o"))) },
		violates: func(s *story) { s.put(web("a"), web("a", owned("other", "o"))) },
	},
	"P-CLAIM": {
		accepts: func(s *story) {
			s.put(set(1), free("a"))
			s.see("kcm", "replicasets", "pods")
			r := s.send("kcm/replicaset", "patch pods")
			s.put(free("a", isDeleting)) // too late
			s.see("kcm", "pods")
			s.write(r, web("a", isDeleting))
		},
		violates: func(s *story) {
			s.put(set(1), free("a", isDeleting))
			s.see("kcm", "replicasets", "pods")
			s.does("kcm/replicaset", "patch pods", web("a", isDeleting))
		},
	},
	"P-QUIET": {
		accepts: func(s *story) {
			s.put(set(1))
			s.see("kcm", "replicasets", "pods")
			r := s.send("kcm/replicaset", "create pods")
			s.remove(nil, set(1))
			s.write(r, web("a"))
		},
		violates: func(s *story) {
			s.put(set(1))
			s.remove(nil, set(1))
			s.see("kcm", "replicasets", "pods")
			s.does("kcm/replicaset", "create pods", web("a"))
		},
	},
	"P-FORGET": {
		accepts: func(s *story) {
			namesake(s)
			s.wait(30 * time.Second)
			s.put(web("a", owned("web", "second")))
			s.wait(2 * time.Minute)
		},
		violates: func(s *story) {
			namesake(s)
			s.wait(2 * time.Minute)
		},
	},
	"P-NOREVIVE": {
		accepts: func(s *story) {
			s.put(web("a", on("n1")))
			s.tell(Event{Process: &Process{Actor: "kubelet-n1", Node: "n1", Started: true}})
			s.put(web("a", on("n1"), isDeleting))
			s.tell(starts("a")) // it has not heard yet
		},
		violates: func(s *story) {
			s.put(web("a", on("n1")))
			s.remove(nil, web("a"))
			s.tell(Event{Process: &Process{Actor: "kubelet-n1", Node: "n1", Started: true}})
			s.tell(starts("a"))
		},
	},
	"P-NORESTART": {
		accepts:  func(s *story) { s.tell(starts("a")); s.tell(stops("a", false)); s.tell(starts("a")) },
		violates: func(s *story) { s.tell(starts("a")); s.tell(stops("a", true)); s.tell(starts("a")) },
	},
	"P-NAME-RUN": {
		accepts:  func(s *story) { s.tell(starts("a")); s.tell(stops("a", true)); s.tell(startsAs("a", "other")) },
		violates: func(s *story) { s.tell(starts("a")); s.tell(startsAs("a", "other")) },
	},
	"P-DEL-TARGET-KUBELET": {
		accepts: func(s *story) {
			s.tell(Event{Process: &Process{Actor: "kubelet-n1", Node: "n1", Started: true}})
			s.put(web("a", on("n1"), isDeleting, phase(corev1.PodFailed)))
			s.does("kubelet-n1/kubelet", "remove pods", web("a"))
		},
		violates: func(s *story) {
			s.tell(Event{Process: &Process{Actor: "kubelet-n1", Node: "n1", Started: true}})
			s.put(web("a", uid("other"), on("n1"), ready))
			s.does("kubelet-n1/kubelet", "remove pods", web("a"))
		},
	},
	"P-CAP": {
		accepts: func(s *story) {
			s.put(small("n1"), web("a"), web("b"), web("a", on("n1"), phase(corev1.PodFailed)), web("b", on("n1")))
		},
		violates: func(s *story) { s.put(small("n1"), web("a"), web("b"), web("a", on("n1")), web("b", on("n1"))) },
	},
	"P-GC": {
		accepts: func(s *story) {
			s.put(set(1), web("a"))
			s.remove(nil, set(1))
			s.does("kcm/garbagecollector", "remove pods", web("a"))
		},
		violates: func(s *story) {
			s.put(set(1), web("a"))
			s.does("kcm/garbagecollector", "remove pods", web("a"))
		},
	},
	"P-ORPHAN": {
		accepts: func(s *story) {
			letGo(s)
			s.put(web("b")) // which the collector had not seen
			s.does("kcm/garbagecollector", "remove pods", web("b"))
		},
		violates: func(s *story) {
			letGo(s)
			s.does("kcm/replicaset", "patch pods", web("a")) // without a read of its owner
			s.does("kcm/garbagecollector", "remove pods", web("a"))
		},
	},
	"P-PDB": {
		accepts: func(s *story) {
			s.put(set(3), web("a", ready), budget(1, 2))
			s.see("kcm", "pods", "poddisruptionbudgets")
			s.put(budget(1, 1, "a"), budget(1, 0, "a", "b"))
			s.put(web("a", isDeleting))
			s.see("kcm", "pods")
			s.does("kcm/disruption", "update poddisruptionbudgets/status", budget(1, 1, "b"))
		},
		violates: func(s *story) {
			s.put(set(3), web("a", ready), budget(1, 2))
			s.see("kcm", "pods", "poddisruptionbudgets")
			s.put(budget(1, 1, "a"))
			s.does("kcm/disruption", "update poddisruptionbudgets/status", budget(1, 2))
		},
	},
	"P-PDB-H": {
		accepts: func(s *story) {
			s.put(set(2), web("a", ready), web("b", ready), budget(1, 1))
			s.see("kcm", "pods", "poddisruptionbudgets")
			s.does("user/drain", "create pods/eviction", web("a", ready, isDeleting))
		},
		violates: func(s *story) {
			s.put(set(2), web("a", ready), web("b", ready), budget(2, 1))
			s.see("kcm", "pods", "poddisruptionbudgets")
			s.does("user/drain", "create pods/eviction", web("a", ready, isDeleting))
		},
	},
	"P-EVICT-WHY": {
		accepts:  func(s *story) { tainted(s); s.wait(5 * time.Minute); evict(s) },
		violates: func(s *story) { tainted(s); s.wait(4 * time.Minute); evict(s) },
	},
	"P-EVICT-FRESH": {
		accepts:  func(s *story) { judged(s, time.Minute) },
		violates: func(s *story) { judged(s, 30*time.Second) },
	},
	"P-FULL": {
		accepts: func(s *story) {
			s.put(node("n1", unknown), node("n2", unknown))
			s.see("kcm", "nodes", "leases")
			s.wait(3 * time.Second) // before the next pass
			s.does("kcm/nodelifecycle", "patch nodes", node("n1", unknown, unreachable))
		},
		violates: func(s *story) {
			s.put(node("n1", unknown), node("n2", unknown))
			s.see("kcm", "nodes", "leases")
			s.wait(6 * time.Second)
			s.does("kcm/nodelifecycle", "patch nodes", node("n1", unknown, unreachable))
		},
	},
	"P-CANCEL": {
		accepts: func(s *story) {
			tainted(s)
			r := s.send("kcm/tainteviction", "delete pods")
			s.put(node("n1", well)) // too late
			s.see("kcm", "nodes")
			s.write(r, web("a", on("n1"), isDeleting))
		},
		violates: func(s *story) {
			tainted(s)
			s.put(node("n1", well))
			s.see("kcm", "nodes")
			evict(s)
		},
	},
	"P-TOLERATES": {
		accepts: func(s *story) {
			s.put(node("n1", well, "bad"), web("a", on("n1"), tolerating("good", nil)))
			s.see("kcm", "nodes", "pods")
			evict(s)
		},
		violates: func(s *story) {
			s.put(node("n1", well, "bad"), web("a", on("n1"), tolerating("bad", nil)))
			s.see("kcm", "nodes", "pods")
			evict(s)
		},
	},
	"P-RATE":    {accepts: func(s *story) { twoTainted(s, 10*time.Second) }, violates: func(s *story) { twoTainted(s, 5*time.Second) }},
	"P-GC-SAFE": {accepts: func(s *story) { collected(s, true) }, violates: func(s *story) { collected(s, false) }},

	"ESR": {
		accepts:  func(s *story) { s.put(set(1), web("a"), web("b", isDeleting)); s.settled() },
		violates: func(s *story) { s.put(set(2), web("a"), web("b", isDeleting)); s.settled() },
	},
	"L-READY": {
		accepts:  func(s *story) { s.put(node("n1", well), set(1), web("a", on("n1"), ready)); s.settled() },
		violates: func(s *story) { s.put(node("n1", well), set(1), web("a", on("n1"))); s.settled() },
	},
	"L-EVICT": {
		accepts: func(s *story) {
			dead(s)
			s.put(web("a", on("n1"), isDeleting), web("b", on("n2")))
			s.settled()
		},
		violates: func(s *story) { dead(s); s.settled() },
	},
	"L-BACK": {
		accepts:  func(s *story) { s.put(node("n1", well, "a user's"), web("a", on("n1"), ready)); s.settled() },
		violates: func(s *story) { s.put(node("n1", well, unreachable)); s.settled() },
	},
	"L-GONE": {
		accepts: func(s *story) {
			dead(s)
			s.put(web("a", on("n1"), isDeleting))
			s.settled()
		},
		violates: func(s *story) { dead(s); s.put(web("b", on("n2"), isDeleting)); s.settled() },
	},
	"L-NOTREADY": {
		accepts:  func(s *story) { dead(s); s.put(web("b", on("n2"), ready)); s.settled() },
		violates: func(s *story) { dead(s); s.put(web("a", on("n1"), ready)); s.settled() },
	},
	"L-ORPHAN": {
		accepts:  func(s *story) { s.put(node("n1", well), web("a", on("n1")), web("b")); s.settled() },
		violates: func(s *story) { s.put(node("n1", well), web("a", on("n2"))); s.settled() },
	},
	"L-STOP": {
		accepts:  func(s *story) { s.put(web("a", on("n1"))); s.tell(starts("a")); s.settled() },
		violates: func(s *story) { s.tell(starts("a")); s.settled() },
	},
	"L-DRAIN": {
		accepts: func(s *story) {
			s.put(web("a"), web("b"))
			s.tell(Event{Drain: &Drain{"n1", uidsOf("a", "b")}})
			s.put(web("a", isDeleting))
			s.remove(nil, web("b"))
			s.settled()
		},
		violates: func(s *story) { s.put(web("a")); s.tell(Event{Drain: &Drain{"n1", uidsOf("a")}}); s.settled() },
	},
	"L-OWNER": {
		accepts: func(s *story) {
			dead(s)
			s.remove(nil, set(1))
			s.settled() // its pod is on a dead node
		},
		violates: func(s *story) { s.put(set(1), web("a")); s.remove(nil, set(1)); s.settled() },
	},
	"L-STATUS": {
		accepts: func(s *story) {
			is := set(1)
			is.Status.Replicas = 1
			s.put(is, web("a"))
			s.settled()
		},
		violates: func(s *story) { s.put(set(1), web("a")); s.settled() },
	},
}

func TestEveryClaimAcceptsAndAccuses(t *testing.T) {
	pairs := maps.Clone(pairs)
	maps.Copy(pairs, hazardPairs)
	for _, c := range All() {
		t.Run(c.ID, func(t *testing.T) {
			p, has := pairs[c.ID]
			require.True(t, has, "no histories")
			good := newStory(t, Scenario{}, c.ID)
			p.accepts(good)
			require.NoError(t, good.err)
			bad := newStory(t, Scenario{}, c.ID)
			p.violates(bad)
			var v *Violation
			require.ErrorAs(t, bad.err, &v)
			require.Equal(t, c.ID, v.Claim.ID)
			t.Log(bad.err)
		})
	}
	require.Len(t, pairs, len(All()))
}

// namesake is a ReplicaSet that takes the name of another, in the sight of its controller.
func namesake(s *story) {
	s.put(set(1))
	s.remove(nil, set(1))
	again := set(1)
	again.UID = "second"
	s.put(again)
	s.see("kcm", "replicasets", "pods")
}

func starts(pod string) Event { return startsAs(pod, "uid-of-"+pod) }

func startsAs(pod, uid string) Event {
	return Event{Container: &Container{Node: "n1", Pod: "default/" + pod, UID: uidOf(uid), Started: true}}
}

func stops(pod string, ended bool) Event {
	return Event{Container: &Container{Node: "n1", Pod: "default/" + pod, UID: uidOf("uid-of-" + pod), Ended: ended}}
}

// small is a node with room for one pod.
func small(name string) *corev1.Node {
	n := node(name, well)
	n.Status.Allocatable = corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}
	return n
}

// letGo is an orphan deletion, at the beginning of which the collector has seen pod a.
func letGo(s *story) {
	going := set(1)
	going.Finalizers = []string{metav1.FinalizerOrphanDependents}
	s.put(going, web("a"))
	s.see("kcm", "replicasets", "pods")
	going.DeletionTimestamp = &metav1.Time{Time: s.now}
	s.put(going)
	s.see("kcm", "replicasets")
	s.does("kcm/garbagecollector", "patch pods", free("a"))
	r := s.send("kcm/garbagecollector", "patch replicasets")
	s.remove(r, going)
	s.answer(r)
	s.rest()
}

// tainted is a node that is lost, with a pod that tolerates that for five minutes.
func tainted(s *story) {
	s.put(node("n1", unknown, unreachable), web("a", on("n1"), tolerating(unreachable, ptr.To[int64](300))))
	s.see("kcm", "nodes", "pods")
}

func evict(s *story) { s.does("kcm/tainteviction", "delete pods", web("a", on("n1"), isDeleting)) }

// judged is a node whose lease is as old as that when it is judged Unknown.
func judged(s *story, age time.Duration) {
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: corev1.NamespaceNodeLease, Name: "n1"}}
	lease.Spec.RenewTime = &metav1.MicroTime{Time: s.now}
	s.put(node("n1", well), lease)
	s.see("kcm", "nodes", "leases")
	s.wait(age)
	s.does("kcm/nodelifecycle", "update nodes/status", node("n1", unknown))
}

func twoTainted(s *story, gap time.Duration) {
	s.put(node("n1", unknown), node("n2", unknown), node("n3", well))
	s.see("kcm", "nodes")
	s.does("kcm/nodelifecycle", "patch nodes", node("n1", unknown, unreachable))
	s.wait(gap)
	s.does("kcm/nodelifecycle", "patch nodes", node("n2", unknown, unreachable))
}

// collected is a pod that pod GC removes; the node comes back before that, during the pass or before it.
func collected(s *story, during bool) {
	s.put(node("n1", well), web("a", on("n1")))
	s.remove(nil, node("n1", well))
	s.see("kcm", "nodes", "pods")
	if !during {
		s.put(node("n1", well))
		s.rest()
	}
	r := s.send("kcm/podgc", "delete pods")
	if during {
		s.put(node("n1", well))
	}
	s.remove(r, web("a"))
}

// dead is a ReplicaSet of one pod, on node n1 that is dead, beside n2 that is well.
func dead(s *story) {
	s.put(set(1), node("n1", unknown), node("n2", well), web("a", on("n1")))
	s.tell(Event{Machine: &Machine{Node: "n1"}})
}
