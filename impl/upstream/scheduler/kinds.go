package scheduler

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/reconverge/reconverge/impl/apiserver"
)

// Kinds are those that a scheduler watches and that an API server of this tree does
// not have by itself: a cluster with a scheduler of Kubernetes has to, even if there
// is never an object of them.
func Kinds() []apiserver.Kind {
	kind := func(group, kind, plural string, namespaced bool) apiserver.Kind {
		return apiserver.Kind{
			GroupVersionKind: schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind},
			Plural:           plural, Namespaced: namespaced,
		}
	}
	return []apiserver.Kind{
		kind("", "PersistentVolume", "persistentvolumes", false),
		kind("", "PersistentVolumeClaim", "persistentvolumeclaims", true),
		kind("", "ReplicationController", "replicationcontrollers", true),
		kind("resource.k8s.io", "DeviceClass", "deviceclasses", false),
		kind("resource.k8s.io", "DeviceTaintRule", "devicetaintrules", false),
		kind("resource.k8s.io", "ResourceClaim", "resourceclaims", true),
		kind("resource.k8s.io", "ResourceSlice", "resourceslices", false),
		kind("storage.k8s.io", "CSIDriver", "csidrivers", false),
		kind("storage.k8s.io", "CSINode", "csinodes", false),
		kind("storage.k8s.io", "CSIStorageCapacity", "csistoragecapacities", true),
		kind("storage.k8s.io", "StorageClass", "storageclasses", false),
		kind("storage.k8s.io", "VolumeAttachment", "volumeattachments", false),
	}
}
