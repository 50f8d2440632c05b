package garbagecollector

import (
	"context"
	"encoding/json"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
	"k8s.io/utils/lru"
)

func (c *Controller) resource(it item) metadata.ResourceInterface {
	return c.metadata.Resource(it.resource).Namespace(it.namespace)
}

// get reads an object live. It returns nil if there is none of that UID.
func (c *Controller) get(ctx context.Context, it item) (*metav1.PartialObjectMetadata, error) {
	found, err := c.resource(it).Get(ctx, it.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil || found.UID != it.uid {
		return nil, err
	}
	return found, nil
}

// A metaPatch is a patch of metadata. UID and ResourceVersion are its preconditions.
type metaPatch struct {
	UID             types.UID `json:"uid,omitempty"`
	ResourceVersion string    `json:"resourceVersion,omitempty"`
	OwnerReferences any       `json:"ownerReferences,omitempty"`
	Finalizers      any       `json:"finalizers,omitempty"`
}

// ownerPatch is the strategic patch that removes one owner, if it is there.
type ownerPatch struct {
	Patch string    `json:"$patch"`
	UID   types.UID `json:"uid"`
}

// disown takes owners off an object. The strategic patch says only that; a kind that
// has none gets the references that are left, on the revision that they were read at.
//
// Upstream: patch.go:patch, deleteOwnerRefJSONMergePatch;
// pkg/controller/controller_ref_manager.go:GenerateDeleteOwnerRefStrategicMergeBytes.
func (c *Controller) disown(ctx context.Context, it item, uids []types.UID) error {
	var remove []ownerPatch
	for _, uid := range uids {
		remove = append(remove, ownerPatch{"delete", uid})
	}
	err := c.patch(ctx, it, types.StrategicMergePatchType, metaPatch{UID: it.uid, OwnerReferences: remove})
	if !apierrors.IsUnsupportedMediaType(err) {
		return err
	}
	latest, err := c.get(ctx, it)
	if latest == nil {
		return err
	}
	left := slices.DeleteFunc(latest.OwnerReferences, func(ref metav1.OwnerReference) bool { return slices.Contains(uids, ref.UID) })
	return c.patch(ctx, it, types.MergePatchType, metaPatch{UID: it.uid, ResourceVersion: latest.ResourceVersion, OwnerReferences: left})
}

// removeFinalizer takes a finalizer off an object, which may be its removal.
//
// Upstream: operations.go:removeFinalizer. Omits: trying again on a conflict, which the queue does.
func (c *Controller) removeFinalizer(ctx context.Context, it item, finalizer string) error {
	latest, err := c.get(ctx, it)
	if latest == nil || !has(latest, finalizer) {
		return err
	}
	left := slices.DeleteFunc(latest.Finalizers, func(f string) bool { return f == finalizer })
	return c.patch(ctx, it, types.MergePatchType, metaPatch{ResourceVersion: latest.ResourceVersion, Finalizers: left})
}

// patch patches metadata. An object that is gone is as good as patched.
func (c *Controller) patch(ctx context.Context, it item, t types.PatchType, p metaPatch) error {
	body, err := json.Marshal(map[string]metaPatch{"metadata": p})
	if err != nil {
		return err
	}
	_, err = c.resource(it).Patch(ctx, it.name, t, body, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// absentOwnersKept is how many owners are remembered to be gone.
//
// Upstream: graph_builder.go:NewDependencyGraphBuilder.
const absentOwnersKept = 500

// absentOwners remembers owners that are gone, those that were asked for last.
type absentOwners struct{ cache *lru.Cache }

func newAbsentOwners() *absentOwners { return &absentOwners{lru.New(absentOwnersKept)} }

func (a *absentOwners) add(owner item) { a.cache.Add(owner, nil) }

func (a *absentOwners) has(owner item) bool {
	_, found := a.cache.Get(owner)
	return found
}
