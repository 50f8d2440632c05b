package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/mergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// A patcher makes what an object or a part of it becomes, in JSON, from what it was.
// The type is that of the object or the part.
type patcher func(old, patch []byte, typ any) ([]byte, error)

// operationLimit bounds a JSON patch (apiserver/pkg/endpoints/handlers/patch.go).
const operationLimit = 10_000

func (c *call) preparePatch() (action, error) {
	c.Verb = "patch"
	if err := c.checkWriteOptions(); err != nil {
		return nil, err
	}
	media, _, _ := strings.Cut(c.http.Header.Get("Content-Type"), ";")
	patch, err := c.patcher(types.PatchType(media))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ Verdict) (answer, error) {
		v, err := c.modify(ctx, c.r, c.Namespace, c.Name, func(was *version) (object, error) {
			next, err := c.patched(patch, was)
			if err != nil {
				return nil, err
			}
			if next.GetResourceVersion() == "" {
				if err := c.unconditional(next, was); err != nil {
					return nil, err
				}
			}
			return c.next(next, was)
		})
		if err != nil {
			return answer{}, err
		}
		return c.succeeded(http.StatusOK, v)
	}, nil
}

// patcher checks the patch in the body (apiserver/pkg/endpoints/handlers/patch.go).
func (c *call) patcher(t types.PatchType) (patcher, error) {
	switch t {
	case types.JSONPatchType:
		patch, err := jsonpatch.DecodePatch(c.body)
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		if len(patch) > operationLimit {
			return nil, apierrors.NewRequestEntityTooLargeError(fmt.Sprintf(
				"The allowed maximum operations in a JSON patch is %d, got %d", operationLimit, len(patch)))
		}
		return func(old, _ []byte, _ any) ([]byte, error) {
			doc, err := patch.Apply(old)
			if err != nil {
				return nil, unprocessable(err)
			}
			return doc, nil
		}, nil
	case types.MergePatchType:
		return mergePatch, c.splitPatch()
	case types.StrategicMergePatchType:
		if c.r.builtin {
			return strategicMerge, c.splitPatch()
		}
	}
	return nil, unsupportedMediaType(string(t), string(types.JSONPatchType), string(types.MergePatchType), string(types.StrategicMergePatchType))
}

func mergePatch(old, patch []byte, _ any) ([]byte, error) {
	doc, err := jsonpatch.MergePatch(old, patch)
	if errors.Is(err, jsonpatch.ErrBadJSONPatch) {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return doc, err
}

func strategicMerge(old, patch []byte, typ any) ([]byte, error) {
	doc, err := strategicpatch.StrategicMergePatch(old, patch, typ)
	if errors.Is(err, mergepatch.ErrBadJSONDoc) {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if err != nil {
		return nil, unprocessable(err)
	}
	return doc, nil
}

// parts are the fields of a Go object that a merge patch most often names.
var parts = map[string]string{"metadata": "ObjectMeta", "spec": "Spec", "status": "Status"}

// splitPatch notes the parts that a merge patch names, unless it names anything
// else or replaces one: then it has to be applied to the whole.
func (c *call) splitPatch() error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(c.body, &fields); err != nil {
		return apierrors.NewBadRequest(fmt.Sprintf("error decoding patch: %v", err))
	}
	for name, patch := range fields {
		if field, ok := c.r.typ.FieldByName(parts[name]); !ok || patch[0] != '{' || field.Type.Kind() != reflect.Struct {
			return nil
		}
	}
	c.patchParts = fields
	return nil
}

func unprocessable(err error) error {
	return apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", schema.GroupResource{}, "", err.Error(), 0, false)
}

// badPatch says that what a patch makes is no object of the kind
// (patch.go:applyPatchToCurrentObject).
func badPatch(doc []byte, err error) error {
	return apierrors.NewInvalid(schema.GroupKind{}, "", field.ErrorList{
		field.Invalid(field.NewPath("patch"), string(doc), err.Error()),
	})
}

// patched applies a patch to a copy of an object.
func (c *call) patched(patch patcher, was *version) (object, error) {
	apply := c.patchedParts
	if c.patchParts == nil {
		apply = c.patchedWhole
	}
	next, err := apply(patch, was)
	if err != nil {
		return nil, err
	}
	if next.GetName() != c.Name {
		return nil, apierrors.NewBadRequest(fmt.Sprintf(
			"the name of the object (%s) does not match the name on the URL (%s)", next.GetName(), c.Name))
	}
	return next, c.sameNamespace(next)
}

// patchedParts writes only those parts as JSON, and reads them again, that the patch
// names. A merge of parts is the part of the merge.
func (c *call) patchedParts(patch patcher, was *version) (object, error) {
	next := was.obj.DeepCopyObject().(object)
	for name, sub := range c.patchParts {
		field := reflect.ValueOf(next).Elem().FieldByName(parts[name])
		old, err := json.Marshal(field.Interface())
		if err != nil {
			return nil, err
		}
		part := reflect.New(field.Type())
		doc, err := patch(old, sub, part.Interface())
		if err != nil {
			return nil, err
		}
		if err := unmarshal(doc, part.Interface(), c.strict()); err != nil {
			return nil, badPatch(doc, err)
		}
		field.Set(part.Elem())
	}
	return next, nil
}

func (c *call) patchedWhole(patch patcher, was *version) (object, error) {
	old, err := was.encoded(inJSON)
	if err != nil {
		return nil, err
	}
	next := c.r.empty()
	doc, err := patch(old, c.body, next)
	if err != nil {
		return nil, err
	}
	got, err := decode(doc, next, c.strict())
	if err != nil {
		return nil, badPatch(doc, err)
	}
	if got = withDefaults(got, c.r.GroupVersionKind); got != c.r.GroupVersionKind {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("patch may not change the kind to %s", got))
	}
	return next, nil
}
