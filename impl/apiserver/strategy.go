package apiserver

import (
	"reflect"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/kubernetes/scheme"
)

// A strategy is what is special about one kind (upstream: pkg/registry/<group>/
// <kind>/strategy.go). The zero value is that of a custom resource.
type strategy struct {
	onCreate       func(o object) // defaults, and what a client may not choose
	onStatus       func(next, was object)
	valid          func(o object) field.ErrorList
	validChange    func(next, was object) field.ErrorList
	selectable     func(o object, set fields.Set)
	validName      validation.ValidateNameFunc
	builtin        bool
	graceful       bool // deleted in two writes: pods
	returnsDeleted bool // a DELETE answers with the object and not with Success
	uncollected    bool // no finalizers for garbage collection
	noGeneration   bool

	unconditionalUpdate bool // PUT without a resourceVersion
	createOnUpdate      bool // PUT of what is not there
}

func strategyOf(gvk schema.GroupVersionKind) strategy {
	st, ok := strategies[gvk.GroupKind()]
	if ok || scheme.Scheme.Recognizes(gvk) {
		st.builtin = true
	}
	if st.validName == nil {
		st.validName = validation.NameIsDNSSubdomain
	}
	return st
}

// specOf and statusOf are the two sides of an object, invalid if it has none.
func specOf(o object) reflect.Value         { return reflect.ValueOf(o).Elem().FieldByName("Spec") }
func statusOfObject(o object) reflect.Value { return reflect.ValueOf(o).Elem().FieldByName("Status") }

// keepStatus is what an update of the object itself may not do: change the status
// of a kind with a subresource for it. A change of the spec is a new generation.
func (r *resource) keepStatus(next, was object) {
	if status := statusOfObject(next); r.Status && status.IsValid() {
		status.Set(statusOfObject(was))
	}
	if r.noGeneration {
		return
	}
	if spec := specOf(next); spec.IsValid() && !equality.Semantic.DeepEqual(spec.Interface(), specOf(was).Interface()) {
		next.SetGeneration(was.GetGeneration() + 1)
	}
}

// keepSpec is what an update of the status may not do. Built-in kinds let it change
// labels, annotations and finalizers, custom resources nothing else.
func (r *resource) keepSpec(next, was object) {
	if r.builtin {
		if spec := specOf(next); spec.IsValid() {
			spec.Set(specOf(was))
		}
		if r.onStatus != nil {
			r.onStatus(next, was)
		}
		return
	}
	whole := was.DeepCopyObject().(object)
	if status := statusOfObject(next); status.IsValid() {
		statusOfObject(whole).Set(status)
	}
	uid := next.GetUID()
	reflect.ValueOf(next).Elem().Set(reflect.ValueOf(whole).Elem())
	if uid != "" {
		next.SetUID(uid)
	}
}

// prepareCreate fills in what the server decides of a new object.
func (r *resource) prepareCreate(o object) {
	if status := statusOfObject(o); r.Status && status.IsValid() && r.Kind.Kind != "Node" {
		status.SetZero()
	}
	if !r.noGeneration && specOf(o).IsValid() {
		o.SetGeneration(1)
	}
	if r.onCreate != nil {
		r.onCreate(o)
	}
}

func (r *resource) validateCreate(o object) field.ErrorList {
	errs := validation.ValidateObjectMetaAccessor(o, r.Namespaced, r.validName, field.NewPath("metadata"))
	if r.valid != nil {
		errs = append(errs, r.valid(o)...)
	}
	return errs
}

func (r *resource) validateUpdate(next, was object) field.ErrorList {
	var errs field.ErrorList
	if r.valid != nil {
		errs = r.valid(next)
	}
	if r.validChange != nil {
		errs = append(errs, r.validChange(next, was)...)
	}
	return errs
}
