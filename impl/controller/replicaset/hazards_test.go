package replicaset_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller/replicaset"
)

// Each hazard is one story, told twice: once with the option, where it ends badly, and
// once without.
func TestHazards(t *testing.T) {
	for name, c := range map[string]struct {
		hazard, right replicaset.Options
		story         func(w *world) int // a number of pods, or of requests
		bad, good     int
	}{
		"rs.noExpectations": {replicaset.Options{NoExpectations: true}, right, twoLooksAtALaggingCache, 4, 2},
		"rs.noExpectations in 1.9": {
			replicaset.Options{V1_9: true, NoExpectations: true}, replicaset.Options{V1_9: true}, twoLooksAtALaggingCache, 4, 2},
		"rs.noConsistencyGate": {replicaset.Options{NoConsistencyGate: true}, right, aLookAfterFiveMinutes, 2, 1},
		"rs.noExpiry":          {replicaset.Options{NoExpiry: true}, right, aPodThatNobodySaw, 0, 1},
		"rs.listBeforeGate": {
			replicaset.Options{V1_9: true, ListBeforeGate: true}, replicaset.Options{V1_9: true}, aPodArrivesDuringALook, 2, 1},
		"rs.unnamedDeletes":    {replicaset.Options{UnnamedDeletes: true}, right, oneOfTwoDeletionsIsSeen, 1, 2},
		"rs.keepExpectations":  {replicaset.Options{KeepExpectations: true}, right, aNamesakeFollows, 0, 1},
		"rs.countTerminating":  {replicaset.Options{CountTerminating: true}, right, aPodOnADeadNode, 0, 1},
		"rs.ignoreOwnDeletion": {replicaset.Options{IgnoreOwnDeletion: true}, right, aPodGoesOfAnOwnerThatGoes, 1, 0},
		"adopt.noLiveRecheck":  {replicaset.Options{NoLiveRecheck: true}, right, anOwnerLetsGoAndGoes, 1, 0},
		"adopt.terminatingToo": {replicaset.Options{AdoptTerminating: true}, right, anOrphanThatIsDeleted, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, c.hazard, func(w *world) { require.Equal(t, c.bad, c.story(w), "with the hazard") })
			in(t, c.right, func(w *world) { require.Equal(t, c.good, c.story(w), "without") })
		})
	}
}

// twoLooksAtALaggingCache wants two pods: the cache shows none of them when it is
// looked at again.
func twoLooksAtALaggingCache(w *world) int {
	w.gate.hold("event pods")
	w.create(2) // its status is written, and that is seen
	return len(w.pods())
}

// aLookAfterFiveMinutes wants one pod, which the cache does not show for so long that
// it is expected no longer.
func aLookAfterFiveMinutes(w *world) int {
	w.gate.hold("event pods")
	w.create(1)
	w.wait(replicaset.ExpectationsTimeout + time.Second)
	w.touch()
	w.wait(time.Minute)
	return len(w.pods())
}

// aPodThatNobodySaw is created and deleted while the watch is down: the list that
// comes after it does not show it. How many pods there are in the end?
func aPodThatNobodySaw(w *world) int {
	w.gate.answer("event pods", func(int) apiserver.Verdict { return apiserver.Verdict{Outcome: apiserver.Expire} })
	w.gate.hold("event pods")
	w.create(1)
	w.gate.hold("list pods")
	w.gate.hold("watch pods")
	w.deletePod(w.pods()[0])
	w.gate.release("event pods")
	w.gate.answer("event pods", nil)
	w.gate.release("list pods")
	w.gate.release("watch pods")
	w.wait(replicaset.ExpectationsTimeout + time.Second)
	w.touch()
	return len(w.pods())
}

// aPodArrivesDuringALook has the controller look again after it has created its pod.
// The pod arrives in the cache while it does.
func aPodArrivesDuringALook(w *world) int {
	w.gate.hold("event pods")
	w.gate.hold("event replicasets")
	w.create(1)
	w.gate.hold("get replicasets")
	w.gate.step("event replicasets") // the ReplicaSet itself
	w.gate.lets("get replicasets")   // the look that creates
	w.gate.step("event replicasets") // the status: the next look
	w.gate.step("event pods")
	w.gate.lets("get replicasets")
	return len(w.pods())
}

// oneOfTwoDeletionsIsSeen deletes two of four pods. When the cache has shown that one
// of them is marked and removed, another pod has become the first to go.
func oneOfTwoDeletionsIsSeen(w *world) int {
	w.create(4)
	w.gate.hold("delete pods")
	w.scale(2)
	w.gate.hold("event pods")
	w.patch(w.pods()[3], `{"metadata":{"annotations":{"`+v1.PodDeletionCost+`":"-1"}}}`)
	w.gate.step("delete pods")
	w.gate.step("delete pods")
	for range 3 { // the annotation, and the one pod twice
		w.gate.step("event pods")
	}
	w.gate.release("delete pods")
	w.wait(time.Second)
	return len(w.pods())
}

// aNamesakeFollows deletes a ReplicaSet whose create has not been seen, and makes
// another of the same name. How many pods does it have?
func aNamesakeFollows(w *world) int {
	w.gate.hold("event pods")
	w.create(1)
	w.remove()
	again := newReplicaSet(1)
	again.UID = ""
	again = w.store(again)
	w.wait(time.Minute)
	n := 0
	for _, p := range w.pods() {
		if metav1.IsControlledBy(p, again) {
			n++
		}
	}
	return n
}

// aPodOnADeadNode is deleted, and nobody ever removes it.
func aPodOnADeadNode(w *world) int {
	w.create(1)
	w.bind(w.pods()[0])
	w.deletePod(w.pods()[0])
	w.wait(time.Hour)
	return len(w.active())
}

// aPodGoesOfAnOwnerThatGoes deletes a ReplicaSet that waits for its pods to be gone.
// How many are created?
func aPodGoesOfAnOwnerThatGoes(w *world) int {
	w.create(1)
	foreground := metav1.DeletePropagationForeground
	require.NoError(w, w.user.AppsV1().ReplicaSets("default").Delete(w.Context(), "web", metav1.DeleteOptions{PropagationPolicy: &foreground}))
	w.wait(0)
	w.gate.count("create pods")
	w.deletePod(w.pods()[0])
	return w.gate.count("create pods")
}

// anOwnerLetsGoAndGoes is what an orphaning delete does. The controller sees the pod
// without owner, and not yet that the owner is gone. How many pods name that owner?
func anOwnerLetsGoAndGoes(w *world) int {
	w.create(1)
	w.gate.hold("event replicasets")
	w.gate.hold("event pods")
	w.patch(w.pods()[0], `{"metadata":{"ownerReferences":null}}`)
	w.remove()
	w.gate.release("event pods")
	w.wait(time.Minute)
	if metav1.GetControllerOf(w.pods()[0]) != nil {
		return 1
	}
	return 0
}

// anOrphanThatIsDeleted matches the selector. How often is it adopted?
func anOrphanThatIsDeleted(w *world) int {
	stray := w.createPod(pod("stray", orphan))
	w.deletePod(stray)
	w.create(0)
	return w.gate.count("patch pods")
}
