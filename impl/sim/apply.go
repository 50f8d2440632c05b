package sim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

// Apply creates objects, or changes those that are there by a merge patch, in this
// order and at once; a status is written too. A namespaced object without a namespace goes to
// "default". What the API server refuses ends the test.
func (c *Cluster) Apply(objects ...runtime.Object) {
	for _, o := range objects {
		if err := c.apply(o); err != nil {
			c.fatal(err)
		}
	}
}

// ApplyFile applies the objects of a file of YAML documents.
func (c *Cluster) ApplyFile(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		c.fatal(err)
	}
	if err := c.ApplyYAML(string(text)); err != nil {
		c.fatal(fmt.Errorf("%s: %w", path, err))
	}
}

// ApplyYAML applies the objects of YAML documents.
func (c *Cluster) ApplyYAML(text string) error {
	objects, err := parseYAML(text)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if err := c.apply(o); err != nil {
			return err
		}
	}
	return nil
}

func parseYAML(text string) ([]*unstructured.Unstructured, error) {
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(text)), 4096)
	var out []*unstructured.Unstructured
	for n := 1; ; n++ {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(&o.Object)
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("document %d: %w", n, err)
		case len(o.Object) == 0:
			continue
		case o.GetKind() == "" || o.GetAPIVersion() == "":
			return nil, fmt.Errorf("document %d: apiVersion and kind are required", n)
		}
		out = append(out, o)
	}
}

func (c *Cluster) apply(o runtime.Object) error {
	u, err := c.unstructured(o)
	if err != nil {
		return err
	}
	gvr, ok := c.resources().byKind[u.GroupVersionKind()]
	if !ok {
		return fmt.Errorf("there is no resource for %s", u.GroupVersionKind())
	}
	if u.GetNamespace() == "" && !c.resources().cluster[gvr] {
		u.SetNamespace("default")
	}
	client := c.dynamic.Resource(gvr).Namespace(u.GetNamespace())
	applied, err := client.Create(c.context, u, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		var change []byte
		if change, err = u.MarshalJSON(); err != nil {
			return err
		}
		applied, err = client.Patch(c.context, u.GetName(), types.MergePatchType, change, metav1.PatchOptions{})
	}
	if err != nil {
		return err
	}
	status, ok := u.Object["status"]
	if m, isMap := status.(map[string]any); !ok || isMap && len(m) == 0 {
		return nil
	}
	applied.Object["status"] = status
	_, err = client.UpdateStatus(c.context, applied, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
		return nil // a kind without the subresource: it has been written with the rest
	}
	return err
}

// unstructured is a copy of o with its kind.
func (c *Cluster) unstructured(o runtime.Object) (*unstructured.Unstructured, error) {
	if u, ok := o.(*unstructured.Unstructured); ok {
		return u.DeepCopy(), nil
	}
	kinds, _, err := c.Server.Scheme.ObjectKinds(o)
	if err != nil {
		return nil, err
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{Object: fields}
	u.SetGroupVersionKind(kinds[0])
	return u, nil
}
