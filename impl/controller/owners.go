package controller

import (
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Resolve returns the object that an owner reference means, if it is of the kind
// and get finds it under that name with that UID. (A cache cannot be asked for a
// UID; a namesake with another UID is not the owner.)
//
// Abstracts: pkg/controller/replicaset/replica_set.go:resolveControllerRef.
func Resolve[T metav1.Object](ref *metav1.OwnerReference, kind string, get func(name string) (T, error)) (owner T, ok bool) {
	if ref == nil || ref.Kind != kind {
		return owner, false
	}
	found, err := get(ref.Name)
	if err != nil || found.GetUID() != ref.UID {
		return owner, false
	}
	return found, true
}

// Names of indexes of pods, for AddIndex and Indexed.
const (
	PodsByController = "controller" // keys: ControllerKey
	PodsByNode       = "node"       // keys: names of nodes; "" has the pods that are not bound
)

// IndexByController is the index PodsByController.
//
// Abstracts: pkg/controller/controller_utils.go:AddPodControllerIndexer.
func IndexByController(obj any) ([]string, error) {
	pod, ok := obj.(*v1.Pod)
	if !ok {
		return nil, nil
	}
	return []string{ControllerKey(pod.Namespace, metav1.GetControllerOfNoCopy(pod))}, nil
}

// ControllerKey is the key of the pods of a namespace that have this controller;
// nil: of those that have none.
func ControllerKey(namespace string, ref *metav1.OwnerReference) string {
	if ref == nil {
		return namespace
	}
	return namespace + "/" + ref.Kind + "/" + ref.Name + "/" + string(ref.UID)
}

// IndexByNode is the index PodsByNode.
func IndexByNode(obj any) ([]string, error) {
	pod, ok := obj.(*v1.Pod)
	if !ok {
		return nil, nil
	}
	return []string{pod.Spec.NodeName}, nil
}
