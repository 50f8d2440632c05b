package linearizability

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

// A Client uses ConfigMaps as registers, and records each call. The key of a
// register is the name of its ConfigMap. It is used by one goroutine.
type Client struct {
	api     typedcorev1.ConfigMapInterface
	history *History
	number  int
}

// NewClient returns a client with the next number of the history.
func NewClient(api typedcorev1.ConfigMapInterface, h *History) *Client {
	return &Client{api: api, history: h, number: h.client()}
}

// valueKey is the entry of a ConfigMap that holds the register's value.
const valueKey = "value"

func objectOf(c *corev1.ConfigMap) (Object, error) {
	rev, err := strconv.ParseInt(c.ResourceVersion, 10, 64)
	return Object{UID: string(c.UID), Value: c.Data[valueKey], Revision: rev}, err
}

func configMap(o Operation) *corev1.ConfigMap {
	c := &corev1.ConfigMap{Data: map[string]string{valueKey: o.Value}}
	c.Name, c.UID = o.Key, types.UID(o.IfUID)
	if o.IfRev != 0 {
		c.ResourceVersion = strconv.FormatInt(o.IfRev, 10)
	}
	return c
}

// Do makes the call of an operation, of which Verb, Key, Value and the
// preconditions are given, and returns it with what came of it. Its error is an
// answer that no register gives.
func (c *Client) Do(ctx context.Context, o Operation) (Operation, error) {
	o.Client, o.Call = c.number, c.history.now()
	found, err := c.call(ctx, o)
	if o.Outcome, err = outcome(err); err != nil {
		return o, fmt.Errorf("linearizability: %s %s: %w", o.Verb, o.Key, err)
	}
	if o.Outcome == OK && o.Verb != Delete {
		if o.Result, err = objectOf(found); err != nil {
			return o, err
		}
	}
	c.history.record(o)
	if o.Outcome == Unknown {
		// The call is still under way, and one client makes one call at a time.
		c.number = c.history.client()
	}
	return o, nil
}

func (c *Client) call(ctx context.Context, o Operation) (*corev1.ConfigMap, error) {
	switch o.Verb {
	case Get:
		return c.api.Get(ctx, o.Key, metav1.GetOptions{})
	case Create:
		return c.api.Create(ctx, configMap(o), metav1.CreateOptions{})
	case Update:
		return c.api.Update(ctx, configMap(o), metav1.UpdateOptions{})
	case Patch:
		body, err := json.Marshal(patchOf(o))
		if err != nil {
			return nil, err
		}
		return c.api.Patch(ctx, o.Key, types.MergePatchType, body, metav1.PatchOptions{})
	case Delete:
		return nil, c.api.Delete(ctx, o.Key, deleteOptions(o))
	}
	return nil, fmt.Errorf("unknown verb %q", o.Verb)
}

func patchOf(o Operation) any {
	patch := map[string]any{"data": map[string]string{valueKey: o.Value}}
	if o.IfRev != 0 {
		patch["metadata"] = map[string]string{"resourceVersion": strconv.FormatInt(o.IfRev, 10)}
	}
	return patch
}

func deleteOptions(o Operation) metav1.DeleteOptions {
	var p metav1.Preconditions
	if o.IfUID != "" {
		uid := types.UID(o.IfUID)
		p.UID = &uid
	}
	if o.IfRev != 0 {
		rev := strconv.FormatInt(o.IfRev, 10)
		p.ResourceVersion = &rev
	}
	return metav1.DeleteOptions{Preconditions: &p}
}

// outcome sorts the error of a call. Errors that say nothing of what the call did
// are outcomes too; those that say it was wrong are not.
func outcome(err error) (Outcome, error) {
	switch {
	case err == nil:
		return OK, nil
	case apierrors.IsNotFound(err):
		return NotFound, nil
	case apierrors.IsAlreadyExists(err):
		return Exists, nil
	case apierrors.IsConflict(err):
		return Conflict, nil
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsForbidden(err), apierrors.IsMethodNotSupported(err):
		return "", err
	}
	return Unknown, nil
}

// List reads all registers.
func (c *Client) List(ctx context.Context) (Listing, error) {
	l := Listing{Client: c.number, Objects: map[string]Object{}, Call: c.history.now()}
	found, err := c.api.List(ctx, metav1.ListOptions{})
	if o, err := outcome(err); o != OK {
		return l, err // a read without an answer says nothing
	}
	if l.Revision, err = strconv.ParseInt(found.ResourceVersion, 10, 64); err != nil {
		return l, err
	}
	for i := range found.Items {
		m := &found.Items[i]
		if l.Objects[m.Name], err = objectOf(m); err != nil {
			return l, err
		}
	}
	c.history.recordListing(l)
	return l, nil
}
