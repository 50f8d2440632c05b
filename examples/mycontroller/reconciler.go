// Package mycontroller is a controller to test: it keeps as many pods as a Fleet
// wants. Its first version has a classic bug, and its tests find it in a hostile
// cluster of impl/sim. See docs/testing-controllers.md.
package mycontroller

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metrics "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// NewManager makes the process of the controller: a manager that serves no metrics,
// and elects no leader.
func NewManager(c *rest.Config, r Reconciler) (manager.Manager, error) {
	scheme, err := NewScheme()
	if err != nil {
		return nil, err
	}
	m, err := ctrl.NewManager(c, ctrl.Options{
		Scheme:  scheme,
		Metrics: metrics.Options{BindAddress: "0"},
		// A process that is started again in a test brings its controllers again.
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
	})
	if err != nil {
		return nil, err
	}
	r.Client = m.GetClient()
	return m, ctrl.NewControllerManagedBy(m).
		For(&Fleet{}).
		Owns(&corev1.Pod{}).
		Complete(&r)
}

// A Reconciler gives each Fleet the members that it wants, one write of a pod at a
// time: the event of that write brings it back for the next one.
type Reconciler struct {
	client.Client // writes, and reads the cache

	// GenerateNames is the bug. Something else than the event of its last write may
	// bring the reconciler back: an edit of the Fleet, or an error and its retry. The
	// cache does not show the last member yet, so it creates one too many.
	GenerateNames bool
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var fleet Fleet
	if err := r.Get(ctx, request.NamespacedName, &fleet); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	members, err := r.members(ctx, &fleet)
	if err != nil {
		return ctrl.Result{}, err
	}
	switch size := fleet.Spec.Size; {
	case !fleet.DeletionTimestamp.IsZero():
		return ctrl.Result{}, nil // the members are for the garbage collector
	case len(members) < size:
		err = r.Create(ctx, r.newMember(&fleet, members))
	case len(members) > size:
		err = client.IgnoreNotFound(r.Delete(ctx, &members[len(members)-1]))
	}
	return ctrl.Result{}, err
}

// members are the pods that the cache shows to be the fleet's, the oldest numbers
// first.
func (r *Reconciler) members(ctx context.Context, fleet *Fleet) ([]corev1.Pod, error) {
	var pods corev1.PodList
	if err := r.List(ctx, &pods, client.InNamespace(fleet.Namespace)); err != nil {
		return nil, err
	}
	members := slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool { return !metav1.IsControlledBy(&p, fleet) })
	slices.SortFunc(members, func(a, b corev1.Pod) int {
		return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return members, nil
}

// newMember is a pod that the fleet lacks. The API server refuses a name that is
// taken: then the cache lags, the reconciler returns the error, and is called again.
func (r *Reconciler) newMember(fleet *Fleet, members []corev1.Pod) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       fleet.Namespace,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(fleet, GroupVersionKind)},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "ship", Image: "ship"}}},
	}
	if r.GenerateNames {
		pod.GenerateName = fleet.Name + "-"
		return pod
	}
	for i := 0; ; i++ {
		pod.Name = fmt.Sprintf("%s-%d", fleet.Name, i)
		if !slices.ContainsFunc(members, func(p corev1.Pod) bool { return p.Name == pod.Name }) {
			return pod
		}
	}
}
