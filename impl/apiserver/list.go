package apiserver

import (
	"bytes"
	"encoding/json"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// listed writes a list by joining the encodings that its objects have already: in
// JSON the array items, in protobuf the field 2 that all lists have.
func (c *call) listed(meta metav1.ListMeta, found []*version) (answer, error) {
	kind := c.r.GroupVersionKind
	if c.format.metadata() {
		kind = partialKind
	}
	gvk := kind.GroupVersion().WithKind(kind.Kind + "List")
	var body []byte
	var err error
	if c.format.protobuf() {
		body, err = protobufList(gvk, meta, found, c.format)
	} else {
		body, err = jsonList(gvk, meta, found, c.format, c.r.builtin)
	}
	return answer{code: http.StatusOK, media: c.format.mediaType(), body: body}, err
}

func protobufList(gvk schema.GroupVersionKind, meta metav1.ListMeta, found []*version, f format) ([]byte, error) {
	head, err := meta.Marshal()
	if err != nil {
		return nil, err
	}
	list := appendField(nil, 1, head)
	for _, v := range found {
		item, err := v.encoded(f)
		if err != nil {
			return nil, err
		}
		list = appendField(list, 2, item)
	}
	return envelope(gvk, list), nil
}

// jsonList names the type of each item only if it is a custom resource, as upstream
// does: whoever looks at TypeMeta finds out here.
func jsonList(gvk schema.GroupVersionKind, meta metav1.ListMeta, found []*version, f format, untyped bool) ([]byte, error) {
	head, err := json.Marshal(struct {
		metav1.TypeMeta
		Metadata metav1.ListMeta `json:"metadata"`
	}{metav1.TypeMeta{Kind: gvk.Kind, APIVersion: gvk.GroupVersion().String()}, meta})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Write(head[:len(head)-1])
	b.WriteString(`,"items":[`)
	for i, v := range found {
		item, err := v.encoded(f)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		if untyped {
			item = withoutType(item)
		}
		b.Write(item)
	}
	b.WriteString("]}")
	return b.Bytes(), nil
}

// withoutType removes the type from the beginning of an object that encoding/json
// has written.
func withoutType(item []byte) []byte {
	const kind, apiVersion = `{"kind":"`, `","apiVersion":"`
	if !bytes.HasPrefix(item, []byte(kind)) {
		return item
	}
	_, rest, _ := bytes.Cut(item, []byte(apiVersion))
	end := bytes.IndexByte(rest, '"') + len(`",`)
	return append([]byte{'{'}, rest[end:]...)
}
