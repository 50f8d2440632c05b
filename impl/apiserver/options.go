package apiserver

import (
	"net/url"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	internalscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	internalvalidation "k8s.io/apimachinery/pkg/apis/meta/internalversion/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// decodeParameters reads the parameters of a query as upstream does: any value of a
// boolean but 0 and false is true, and a number that is none is 400.
func decodeParameters(query url.Values, into runtime.Object) error {
	if len(query) == 0 {
		return nil
	}
	if err := internalscheme.ParameterCodec.DecodeParameters(query, metav1.SchemeGroupVersion, into); err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	return nil
}

func invalidOptions(kind string, errs field.ErrorList) error {
	if len(errs) == 0 {
		return nil
	}
	return apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: kind}, "", errs)
}

// listOptions are those of a list, a watch or a deletecollection
// (apiserver/pkg/endpoints/handlers/get.go:listOpts).
func (c *call) listOptions() (*internalversion.ListOptions, error) {
	o := &internalversion.ListOptions{}
	if err := decodeParameters(c.query, o); err != nil {
		return nil, err
	}
	return o, invalidOptions("ListOptions", internalvalidation.ValidateListOptions(o, true))
}

// checkWriteOptions refuses what is wrong in the options of a write that has them in
// its query (apiserver/pkg/endpoints/handlers/{create,update,patch}.go).
func (c *call) checkWriteOptions() error {
	var create metav1.CreateOptions
	var update metav1.UpdateOptions
	var patch metav1.PatchOptions
	if len(c.query) == 0 {
		return nil
	}
	switch c.Verb {
	case "create":
		if err := decodeParameters(c.query, &create); err != nil {
			return err
		}
		return invalidOptions("CreateOptions", metav1validation.ValidateCreateOptions(&create))
	case "update":
		if err := decodeParameters(c.query, &update); err != nil {
			return err
		}
		return invalidOptions("UpdateOptions", metav1validation.ValidateUpdateOptions(&update))
	}
	if err := decodeParameters(c.query, &patch); err != nil {
		return err
	}
	return invalidOptions("PatchOptions", metav1validation.ValidatePatchOptions(&patch, types.MergePatchType))
}
