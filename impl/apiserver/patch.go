package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/mergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// A patcher makes the JSON of an object's new state from that of its old one.
type patcher func(old []byte) ([]byte, error)

func (c *call) preparePatch() (action, error) {
	c.Verb = "patch"
	media, _, err := mime.ParseMediaType(c.http.Header.Get("Content-Type"))
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
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
			return c.next(next, was)
		})
		if err != nil {
			return answer{}, err
		}
		return c.succeeded(http.StatusOK, v)
	}, nil
}

// patcher reads the patch in the body (apiserver/pkg/endpoints/handlers/patch.go).
func (c *call) patcher(t types.PatchType) (patcher, error) {
	switch t {
	case types.JSONPatchType:
		patch, err := jsonpatch.DecodePatch(c.body)
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		return func(old []byte) ([]byte, error) {
			doc, err := patch.Apply(old)
			if err != nil {
				return nil, unprocessable(err)
			}
			return doc, nil
		}, nil
	case types.MergePatchType:
		if err := isJSONObject(c.body); err != nil {
			return nil, err
		}
		return func(old []byte) ([]byte, error) { return jsonpatch.MergePatch(old, c.body) }, nil
	case types.StrategicMergePatchType:
		if !c.r.builtin {
			break
		}
		if err := isJSONObject(c.body); err != nil {
			return nil, err
		}
		return func(old []byte) ([]byte, error) {
			doc, err := strategicpatch.StrategicMergePatch(old, c.body, c.r.empty())
			if errors.Is(err, mergepatch.ErrBadJSONDoc) {
				return nil, apierrors.NewBadRequest(err.Error())
			}
			if err != nil {
				return nil, unprocessable(err)
			}
			return doc, nil
		}, nil
	}
	return nil, unsupportedMediaType(string(t), string(types.JSONPatchType), string(types.MergePatchType), string(types.StrategicMergePatchType))
}

func isJSONObject(body []byte) error {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return apierrors.NewBadRequest(fmt.Sprintf("error decoding patch: %v", err))
	}
	return nil
}

func unprocessable(err error) error {
	return apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", schema.GroupResource{}, "", err.Error(), 0, false)
}

// patched applies a patch to a copy of an object.
func (c *call) patched(patch patcher, was *version) (object, error) {
	old, err := was.encoded(inJSON)
	if err != nil {
		return nil, err
	}
	doc, err := patch(old)
	if err != nil {
		return nil, err
	}
	next := c.r.empty()
	got, err := decode(doc, next, c.query.Get("fieldValidation") == metav1.FieldValidationStrict)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if got != c.r.GroupVersionKind {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("patch may not change the kind to %s", got))
	}
	if next.GetName() != c.Name {
		return nil, apierrors.NewBadRequest(fmt.Sprintf(
			"the name of the object (%s) does not match the name on the URL (%s)", next.GetName(), c.Name))
	}
	return next, c.sameNamespace(next)
}
