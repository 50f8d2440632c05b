package claims

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var hazardPairs = map[string]pair{
	"P-DEL-TARGET-TAINT": namesakeDeleted("kcm/tainteviction"),
	"P-DEL-TARGET-NODE":  namesakeDeleted("kcm/nodelifecycle"),
	"P-DEL-TARGET-PODGC": namesakeDeleted("kcm/podgc"),
	"P-DEL-TARGET-FORCE": {
		accepts: func(s *story) {
			s.put(web("a"))
			r := s.send("somebody", "delete pods")
			s.write(r, web("a", isDeleting))
			s.remove(r, web("a"))
		},
		violates: func(s *story) {
			s.put(web("a"))
			r := s.send("somebody", "delete pods")
			s.write(r, web("a", isDeleting))
			s.remove(nil, web("a"))
			s.put(web("a", uid("other")))
			s.remove(r, web("a"))
		},
	},
	"P-DEL-TARGET-DRAIN": {
		accepts: func(s *story) {
			s.put(web("a", ready))
			s.tell(Event{Drain: &Drain{Node: "n1", Pods: uidsOf("a")}})
			s.does("drain", "create pods/eviction", web("a", ready, isDeleting))
		},
		violates: func(s *story) {
			s.put(web("a", ready))
			s.tell(Event{Drain: &Drain{Node: "n1", Pods: uidsOf("a")}})
			s.remove(nil, web("a"))
			s.put(web("a", uid("other"), ready))
			s.does("drain", "create pods/eviction", web("a", uid("other"), ready, isDeleting))
		},
	},
	"P-RS-RUN": {
		accepts: func(s *story) {
			s.put(set(1), web("a"))
			s.tell(starts("a"))
			s.put(web("a", isDeleting), web("b"))
			s.tell(starts("b"))
		},
		violates: func(s *story) {
			s.put(set(1), web("a"))
			s.tell(starts("a"))
			s.remove(nil, web("a"))
			s.put(web("b"))
			s.tell(starts("b"))
		},
	},
	"P-CAP-RUN": {
		accepts: func(s *story) {
			s.put(roomFor(node("n1", well), "1"))
			s.tell(starts("a"))
			s.tell(stops("a", true))
			s.tell(starts("b"))
		},
		violates: func(s *story) {
			s.put(roomFor(node("n1", well), "1"))
			s.tell(starts("a"))
			s.tell(starts("b"))
		},
	},
	"P-TAINT-KEPT": {
		accepts: func(s *story) {
			s.put(node("n1", unknown, unreachable), node("n1", well, unreachable), node("n2", well))
			s.does("kcm/nodelifecycle", "patch nodes", node("n1", well))
		},
		violates: func(s *story) {
			s.put(node("n1", unknown, unreachable), node("n2", well))
			s.does("kcm/nodelifecycle", "patch nodes", node("n1", unknown))
		},
	},
	"P-EVICT-WELL": {
		accepts: func(s *story) {
			s.put(web("a", on("n1")))
			s.tell(Event{Machine: &Machine{Node: "n1", Works: true}})
			s.does("kcm/tainteviction", "delete pods", web("a", on("n1"), isDeleting))
		},
		violates: func(s *story) {
			s.put(web("a", on("n1")))
			s.does("kcm/tainteviction", "delete pods", web("a", on("n1"), isDeleting))
		},
	},
	"P-ORPHAN-LAG": {
		accepts:  func(s *story) { lettingGo(s); s.put(free("a")); s.remove(nil, set(1)) },
		violates: func(s *story) { lettingGo(s); s.remove(nil, set(1)) },
	},
	"P-STATUS-MONO": {
		accepts: func(s *story) {
			s.put(set(1))
			s.see("kcm", "replicasets")
			s.does("kcm/replicaset", "update replicasets/status", set(1))
		},
		violates: func(s *story) {
			s.put(set(1))
			s.see("kcm", "replicasets")
			r := s.send("kcm/replicaset", "update replicasets/status")
			s.remove(nil, set(1))
			again := set(1)
			again.UID = "second"
			s.put(again)
			s.write(r, again)
		},
	},
	"L-NOTREADY-FALSE": {
		accepts:  func(s *story) { s.put(node("n1", corev1.ConditionFalse), web("a", on("n1"))); s.settled() },
		violates: func(s *story) { s.put(node("n1", corev1.ConditionFalse), web("a", on("n1"), ready)); s.settled() },
	},
	"P-ADOPT-LIVE": {
		accepts:  func(s *story) { s.put(set(1), free("a")); s.does("kcm/replicaset", "patch pods", web("a")) },
		violates: func(s *story) { s.put(free("a")); s.does("kcm/replicaset", "patch pods", web("a")) },
	},
	"P-RESTART": {
		accepts:  func(s *story) { listedAt(s, 2); listedAt(s, 3) },
		violates: func(s *story) { listedAt(s, 3); listedAt(s, 2) },
	},
}

func listedAt(s *story, revision int64) {
	s.tell(Event{Process: &Process{Actor: "kcm", Started: true}})
	s.tell(Event{Seen: &Seen{Actor: "kcm", Resource: "pods", Revision: revision}})
}

// namesakeDeleted are deletes by name, of the pod that was there when they were sent
// and of another.
func namesakeDeleted(by string) pair {
	return pair{
		accepts: func(s *story) {
			s.put(web("a", on("n1")))
			s.see("kcm", "pods")
			s.does(by, "delete pods", web("a", on("n1"), isDeleting))
		},
		violates: func(s *story) {
			s.put(web("a", on("n1")))
			s.see("kcm", "pods")
			r := s.send(by, "delete pods")
			s.remove(nil, web("a"))
			s.put(web("a", uid("other")))
			s.write(r, web("a", uid("other"), isDeleting))
		},
	}
}

func roomFor(n *corev1.Node, pods string) *corev1.Node {
	n.Status.Allocatable = corev1.ResourceList{corev1.ResourcePods: resource.MustParse(pods)}
	return n
}

// lettingGo is a ReplicaSet with a pod that is deleted and is to let it go.
func lettingGo(s *story) {
	owner := set(1)
	owner.DeletionTimestamp = &metav1.Time{Time: s.now}
	owner.Finalizers = []string{metav1.FinalizerOrphanDependents}
	s.put(owner, web("a"))
}

// TestUnassumingClaimsSeeNoExcuse has histories that a claim accepts by what it assumes.
func TestUnassumingClaimsSeeNoExcuse(t *testing.T) {
	for id, history := range map[string]func(*story){
		"P-TERM-NR": func(s *story) {
			s.put(web("a", ready))
			s.does("kcm/podgc", "patch pods/status", web("a", ready, phase(corev1.PodFailed)))
		},
		"P-OVER2": func(s *story) {
			s.put(set(1), web("a"), free("b"))
			s.does("kcm/replicaset", "patch pods", web("b"))
		},
		"P-CANCEL": func(s *story) {
			s.put(web("a", on("n1")), node("n1", unknown, unreachable), node("n1", well, unreachable))
			s.see("kcm", "pods", "nodes")
			s.does("kcm/tainteviction", "delete pods", web("a", on("n1"), isDeleting))
		},
		"P-RATE": func(s *story) {
			s.put(node("n1", unknown))
			s.see("kcm", "nodes")
			s.does("kcm/nodelifecycle", "patch nodes", node("n1", unknown, unreachable))
			s.does("kcm/nodelifecycle", "patch nodes", node("n1", unknown))
			s.does("kcm/nodelifecycle", "patch nodes", node("n1", unknown, unreachable))
		},
	} {
		t.Run(id, func(t *testing.T) {
			excused := newStory(t, Scenario{}, id)
			history(excused)
			require.NoError(t, excused.err)
			accused := newStory(t, Scenario{Unassuming: true}, id)
			history(accused)
			var v *Violation
			require.ErrorAs(t, accused.err, &v)
		})
	}
}
