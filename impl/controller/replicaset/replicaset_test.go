package replicaset_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller/replicaset"
)

var right = replicaset.Options{}

// refuse is a verdict without effect.
func refuse(err error) apiserver.Verdict {
	return apiserver.Verdict{Outcome: apiserver.Fail, Err: err}
}

func forbidden() error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New("quota"))
}

func TestKeepsAsManyPodsAsAreWanted(t *testing.T) {
	for name, o := range map[string]replicaset.Options{"1.37": {}, "1.9": {V1_9: true}} {
		t.Run(name, func(t *testing.T) {
			in(t, o, func(w *world) {
				w.create(3)
				require.Len(t, w.pods(), 3)
				w.scale(7)
				require.Len(t, w.pods(), 7)
				w.scale(2)
				require.Len(t, w.pods(), 2)
				w.deletePod(w.pods()[0])
				require.Len(t, w.pods(), 2)
				w.scale(0)
				require.Empty(t, w.pods())
			})
		})
	}
}

func TestAPodIsTheTemplateWithAnOwner(t *testing.T) {
	in(t, right, func(w *world) {
		rs := newReplicaSet(1)
		rs.UID = ""
		rs.Spec.Template.Annotations = map[string]string{"note": "x"}
		rs.Spec.Template.Finalizers = []string{"example.com/hold"}
		rs = w.store(rs)
		pod := w.pods()[0]
		require.Regexp(t, "^web-.", pod.Name)
		require.Equal(t, rs.Spec.Template.Labels, pod.Labels)
		require.Equal(t, rs.Spec.Template.Annotations, pod.Annotations)
		require.Equal(t, rs.Spec.Template.Finalizers, pod.Finalizers)
		require.Equal(t, "pause", pod.Spec.Containers[0].Image)
		require.Equal(t, metav1.NewControllerRef(rs, apps.SchemeGroupVersion.WithKind("ReplicaSet")), metav1.GetControllerOf(pod))
	})
}

// R1: no sync begins before the caches show what the last one wrote.
func TestR1OwnWritesAreWaitedFor(t *testing.T) {
	in(t, right, func(w *world) {
		w.gate.hold("event replicasets")
		w.create(1)
		w.gate.step("event replicasets") // the ReplicaSet itself
		require.Len(t, w.pods(), 1)
		w.gate.count("update replicasets/status")
		w.ready(w.pods()[0]) // the own write of the status is not seen yet
		w.wait(time.Minute)
		require.Zero(t, w.gate.count("update replicasets/status"))
		w.gate.release("event replicasets")
		w.wait(time.Minute) // the back-off is that long by now
		require.EqualValues(t, 1, w.replicaSet().Status.ReadyReplicas)
	})
}

// R3: what is expected stops creates and deletes, and nothing else.
func TestR3UnseenCreatesStopCreatesOnly(t *testing.T) {
	in(t, replicaset.Options{V1_9: true}, func(w *world) {
		w.gate.hold("event pods")
		w.create(2)
		require.Len(t, w.pods(), 2)
		w.gate.step("event pods")
		w.scale(3)
		require.Len(t, w.pods(), 2)
		require.EqualValues(t, 1, w.replicaSet().Status.Replicas, "the status is written all the same")
		w.gate.release("event pods")
		require.Len(t, w.pods(), 3)
	})
}

// R5: pods come to be owned when they match, and are let go when they do not.
func TestR5AdoptsAndReleases(t *testing.T) {
	in(t, right, func(w *world) {
		for _, name := range []string{"stray-1", "stray-2"} {
			stray := pod(name, orphan, on(""))
			w.createPod(stray)
		}
		w.gate.count("get replicasets")
		rs := w.create(3)
		require.Len(t, w.pods(), 3)
		require.Equal(t, 1, w.gate.count("get replicasets"), "one live read for both")
		for _, p := range w.pods() {
			require.True(t, metav1.IsControlledBy(p, rs), p.Name)
		}

		w.patch(w.pods()[0], `{"metadata":{"labels":{"app":"db"}}}`)
		require.Len(t, w.pods(), 4)
		require.Nil(t, metav1.GetControllerOf(w.pods()[0]))

		w.patch(w.pods()[0], `{"metadata":{"labels":{"app":"web"}}}`)
		require.Len(t, w.pods(), 3, "adopted again, one is too many")
	})
}

func TestR5AClaimThatFailsEndsTheSync(t *testing.T) {
	in(t, right, func(w *world) {
		w.createPod(pod("stray", orphan, on("")))
		w.gate.answer("patch pods", func(n int) apiserver.Verdict {
			if n == 1 {
				return refuse(errors.New("connection refused"))
			}
			return apiserver.Verdict{}
		})
		w.gate.hold("create pods")
		w.create(2)
		require.Nil(t, metav1.GetControllerOf(w.pods()[0]))
		require.EqualValues(t, 0, w.replicaSet().Status.ObservedGeneration, "nothing came after it")
		w.gate.release("create pods")
		w.wait(time.Second)
		require.Len(t, w.pods(), 2)
		require.NotNil(t, metav1.GetControllerOf(w.pods()[0]))
	})
}

// R6a: batches of 1, 2, 4, and so on; the first with a failure is the last.
func TestR6CreatesStartSlowly(t *testing.T) {
	in(t, right, func(w *world) {
		w.gate.hold("create pods")
		w.create(9)
		for _, batch := range []int{1, 2, 4, 2} {
			for range batch {
				w.gate.step("create pods")
			}
			require.Equal(t, batch, w.gate.count("create pods"))
		}
		require.Len(t, w.pods(), 9)
	})
}

func TestR6AFailedCreateIsNotExpected(t *testing.T) {
	in(t, right, func(w *world) {
		w.gate.answer("create pods", func(n int) apiserver.Verdict {
			if n <= 3 { // the second batch fails, half of it
				return map[bool]apiserver.Verdict{true: refuse(forbidden())}[n == 3]
			}
			return apiserver.Verdict{}
		})
		w.gate.hold("update replicasets/status")
		w.create(9)
		require.Len(t, w.pods(), 2)
		require.Equal(t, 3, w.gate.count("create pods"))
		w.gate.step("update replicasets/status")
		failure := w.replicaSet().Status.Conditions[0]
		require.Equal(t, apps.ReplicaSetReplicaFailure, failure.Type)
		require.Equal(t, "FailedCreate", failure.Reason)
		w.gate.release("update replicasets/status")
		w.wait(time.Second)
		require.Len(t, w.pods(), 9)
		require.Empty(t, w.replicaSet().Status.Conditions)
	})
}

// In a namespace that is being deleted a create is a success without a pod: it is
// expected until that expires.
func TestR6ANamespaceThatEndsTakesNoPods(t *testing.T) {
	in(t, right, func(w *world) {
		w.gate.answer("create pods", func(int) apiserver.Verdict {
			err := apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New("ending"))
			err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: v1.NamespaceTerminatingCause}}
			return refuse(err)
		})
		w.create(3)
		require.Equal(t, 3, w.gate.count("create pods"))
		require.Empty(t, w.replicaSet().Status.Conditions)
		w.wait(replicaset.ExpectationsTimeout)
		w.touch()
		require.Zero(t, w.gate.count("create pods"))
		w.wait(1)
		w.touch()
		require.Equal(t, 3, w.gate.count("create pods"))
	})
}

// R6b: all deletes of a sync are sent at once, and a pod that is gone is no failure.
func TestR6DeletesAtOnce(t *testing.T) {
	in(t, right, func(w *world) {
		w.create(3)
		w.gate.hold("delete pods")
		w.scale(1)
		w.gate.step("delete pods")
		require.Len(t, w.pods(), 2)
		w.gate.answer("delete pods", func(int) apiserver.Verdict {
			return refuse(apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, "x"))
		})
		w.gate.step("delete pods")
		require.Empty(t, w.replicaSet().Status.Conditions)
		require.Len(t, w.pods(), 2)

		w.gate.answer("delete pods", nil)
		w.gate.release("delete pods")
		w.touch() // what failed is not expected
		require.Len(t, w.pods(), 1)
	})
}

func TestR6ADeleteThatFailsIsTriedAgain(t *testing.T) {
	in(t, right, func(w *world) {
		w.create(2)
		w.gate.answer("delete pods", func(n int) apiserver.Verdict {
			if n == 1 {
				return refuse(forbidden())
			}
			return apiserver.Verdict{}
		})
		w.scale(1)
		w.wait(time.Second)
		require.Len(t, w.pods(), 1)
	})
}

// R7: the numbers are those of the pods that were listed, on whatever is there now.
func TestR7TheSameNumbersAreWrittenOnceMore(t *testing.T) {
	in(t, right, func(w *world) {
		w.create(1)
		w.gate.hold("event replicasets") // so that the cache has an old resourceVersion
		w.touch()
		w.gate.count("get replicasets")
		w.ready(w.pods()[0])
		require.Equal(t, 1, w.gate.count("get replicasets"))
		require.EqualValues(t, 1, w.replicaSet().Status.ReadyReplicas)
		require.NotEmpty(t, w.replicaSet().Annotations["touched"])
		w.gate.release("event replicasets")
	})
}

func TestR7ObservedGenerationIsThatOfTheSpecActedOn(t *testing.T) {
	in(t, right, func(w *world) {
		w.create(1)
		w.gate.hold("event replicasets")
		w.scale(5)
		w.ready(w.pods()[0])
		require.EqualValues(t, 2, w.replicaSet().Generation)
		require.EqualValues(t, 1, w.replicaSet().Status.ObservedGeneration)
		w.gate.release("event replicasets")
		w.wait(time.Second)
		require.EqualValues(t, 2, w.replicaSet().Status.ObservedGeneration)
	})
}

func TestR7TerminatingPodsAreReplacedAndCounted(t *testing.T) {
	in(t, right, func(w *world) {
		w.create(1)
		old := w.pods()[0]
		w.bind(old)
		w.deletePod(old)
		require.Len(t, w.pods(), 2)
		require.EqualValues(t, 1, w.replicaSet().Status.Replicas)
		require.EqualValues(t, 1, *w.replicaSet().Status.TerminatingReplicas)
		require.NoError(t, w.user.CoreV1().Pods("default").Delete(w.Context(), old.Name, *metav1.NewDeleteOptions(0)))
		w.wait(0)
		require.EqualValues(t, 0, *w.replicaSet().Status.TerminatingReplicas)
	})
}

// R8: a pod that is ready becomes available without anything happening to it.
func TestR8APodBecomesAvailableByItself(t *testing.T) {
	in(t, right, func(w *world) {
		rs := newReplicaSet(1)
		rs.UID = ""
		rs.Spec.MinReadySeconds = 30
		w.store(rs)
		w.ready(w.pods()[0])
		require.EqualValues(t, 1, w.replicaSet().Status.ReadyReplicas)
		w.wait(29 * time.Second)
		require.EqualValues(t, 0, w.replicaSet().Status.AvailableReplicas)
		w.wait(time.Second)
		require.EqualValues(t, 1, w.replicaSet().Status.AvailableReplicas)
	})
}

func TestAReplicaSetThatIsBeingDeletedIsLeftAlone(t *testing.T) {
	in(t, right, func(w *world) {
		w.create(2)
		foreground := metav1.DeletePropagationForeground
		require.NoError(t, w.user.AppsV1().ReplicaSets("default").Delete(w.Context(), "web", metav1.DeleteOptions{PropagationPolicy: &foreground}))
		synctest.Wait() // until the controller has heard of it
		w.deletePod(w.pods()[0])
		require.Len(t, w.pods(), 1)
		require.EqualValues(t, 1, w.replicaSet().Status.Replicas, "its status is still written")
	})
}

func TestEventsOnRequest(t *testing.T) {
	in(t, replicaset.Options{Events: true}, func(w *world) {
		w.create(1)
		w.gate.answer("create pods", func(n int) apiserver.Verdict {
			if n == 1 {
				return refuse(forbidden())
			}
			return apiserver.Verdict{}
		})
		w.deletePod(w.pods()[0])
		w.wait(time.Second)
		w.scale(0)
		events, err := w.user.CoreV1().Events("default").List(w.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		var reasons []string
		for _, e := range events.Items {
			require.Equal(t, "ReplicaSet", e.InvolvedObject.Kind)
			reasons = append(reasons, e.Reason)
		}
		require.ElementsMatch(t, []string{"SuccessfulCreate", "FailedCreate", "SuccessfulCreate", "SuccessfulDelete"}, reasons)
	})
}
