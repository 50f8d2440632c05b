package mycontroller

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
)

// GroupVersionKind is that of a Fleet.
var GroupVersionKind = schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Fleet"}

// A Fleet is a number of equal pods, its members.
type Fleet struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              FleetSpec `json:"spec,omitempty"`
}

// A FleetSpec says what a Fleet should be.
type FleetSpec struct {
	Size int `json:"size,omitempty"` // members
}

// DeepCopyObject implements runtime.Object.
func (f *Fleet) DeepCopyObject() runtime.Object {
	c := *f
	f.ObjectMeta.DeepCopyInto(&c.ObjectMeta)
	return &c
}

// A FleetList is what a list of Fleets is.
type FleetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Fleet `json:"items"`
}

// DeepCopyObject implements runtime.Object.
func (l *FleetList) DeepCopyObject() runtime.Object {
	c := *l
	l.ListMeta.DeepCopyInto(&c.ListMeta)
	c.Items = slices.Clone(l.Items)
	for i := range l.Items {
		l.Items[i].ObjectMeta.DeepCopyInto(&c.Items[i].ObjectMeta)
	}
	return &c
}

// NewScheme has the Go types of Fleets and of the built-in kinds.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	if err := clientscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	scheme.AddKnownTypes(GroupVersionKind.GroupVersion(), &Fleet{}, &FleetList{})
	metav1.AddToGroupVersion(scheme, GroupVersionKind.GroupVersion())
	return scheme, nil
}
