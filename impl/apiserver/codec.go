package apiserver

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"mime"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// A format is how a response is written.
type format uint8

const (
	inJSON format = iota
	inProtobuf
	// metadataJSON and metadataProtobuf are PartialObjectMetadata in place of the object.
	metadataJSON
	metadataProtobuf
	formats
)

func (f format) protobuf() bool { return f == inProtobuf || f == metadataProtobuf }
func (f format) metadata() bool { return f >= metadataJSON }

func (f format) mediaType() string {
	if f.protobuf() {
		return runtime.ContentTypeProtobuf
	}
	return runtime.ContentTypeJSON
}

// protobufPrefix begins every message that is wrapped in a runtime.Unknown.
var protobufPrefix = []byte{'k', '8', 's', 0}

type protobufObject interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
	Reset()
}

// accepted chooses the first format of an Accept header that the server can write.
func accepted(header string, proto bool) (format, error) {
	switch header {
	case "", "*/*", runtime.ContentTypeJSON, "application/json, */*":
		return inJSON, nil
	}
	for _, part := range strings.Split(header, ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		var f format
		switch media {
		case runtime.ContentTypeJSON, "application/*", "*/*":
			f = inJSON
		case runtime.ContentTypeProtobuf:
			f = inProtobuf
		default:
			continue
		}
		switch as := params["as"]; as {
		case "":
			if f == inProtobuf && !proto {
				continue
			}
			return f, nil
		case "PartialObjectMetadata", "PartialObjectMetadataList":
			if params["v"] == "v1" {
				return f + metadataJSON, nil
			}
		}
	}
	return 0, statusError(406, metav1.StatusReasonNotAcceptable,
		"only the following media types are accepted: application/json, application/vnd.kubernetes.protobuf")
}

// marshal writes an object without the envelope of a protobuf message.
func marshal(o runtime.Object, f format) ([]byte, error) {
	if f.protobuf() {
		return o.(protobufObject).Marshal()
	}
	return json.Marshal(o)
}

// envelope wraps a protobuf message as runtime.Unknown does.
func envelope(gvk schema.GroupVersionKind, raw []byte) []byte {
	apiVersion := gvk.GroupVersion().String()
	typeMeta := make([]byte, 0, len(apiVersion)+len(gvk.Kind)+8)
	typeMeta = appendField(typeMeta, 1, apiVersion)
	typeMeta = appendField(typeMeta, 2, gvk.Kind)
	b := make([]byte, 0, len(protobufPrefix)+len(typeMeta)+len(raw)+16)
	b = append(b, protobufPrefix...)
	b = appendField(b, 1, typeMeta)
	b = appendField(b, 2, raw)
	return append(b, 3<<3|2, 0, 4<<3|2, 0)
}

// appendField adds a field of bytes to a protobuf message.
func appendField[T string | []byte](b []byte, number byte, value T) []byte {
	b = append(b, number<<3|2)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

// encode writes a whole response body.
func encode(o runtime.Object, f format) ([]byte, error) {
	raw, err := marshal(o, f)
	if err != nil || !f.protobuf() {
		return raw, err
	}
	return envelope(o.GetObjectKind().GroupVersionKind(), raw), nil
}

// decode reads a request body or a stored value into an empty object and returns
// the type that the body names, which may be empty.
func decode(body []byte, into runtime.Object, strict bool) (schema.GroupVersionKind, error) {
	if !bytes.HasPrefix(body, protobufPrefix) {
		into.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
		err := unmarshal(body, into, strict)
		return into.GetObjectKind().GroupVersionKind(), err
	}
	var u runtime.Unknown
	if err := u.Unmarshal(body[len(protobufPrefix):]); err != nil {
		return schema.GroupVersionKind{}, err
	}
	message, ok := into.(protobufObject)
	if !ok {
		return u.GroupVersionKind(), fmt.Errorf("%T has no protobuf encoding", into)
	}
	return u.GroupVersionKind(), message.Unmarshal(u.Raw)
}

// unmarshal reads JSON as upstream does. In strict mode an unknown or repeated field
// is an error.
func unmarshal(body []byte, into any, strict bool) error {
	if !strict {
		return kjson.UnmarshalCaseSensitivePreserveInts(body, into)
	}
	strictErrs, err := kjson.UnmarshalStrict(body, into)
	if err == nil && len(strictErrs) > 0 {
		err = fmt.Errorf("strict decoding error: %w", strictErrs[0])
	}
	return err
}

// decodeAny reads the body of a request by its content type and returns the type
// that it names.
func decodeAny(contentType string, body []byte, into runtime.Object, strict bool) (schema.GroupVersionKind, error) {
	media := contentType
	if strings.Contains(media, ";") {
		var err error
		if media, _, err = mime.ParseMediaType(contentType); err != nil {
			media = contentType // none that is known
		}
	}
	switch media {
	case "", runtime.ContentTypeJSON:
	case runtime.ContentTypeProtobuf:
		if !bytes.HasPrefix(body, protobufPrefix) {
			return schema.GroupVersionKind{}, apierrors.NewBadRequest(fmt.Sprintf(
				"provided data does not appear to be a protobuf message, expected prefix %v", protobufPrefix))
		}
	case runtime.ContentTypeYAML:
		var err error
		toJSON := yaml.YAMLToJSON
		if strict {
			toJSON = yaml.YAMLToJSONStrict
		}
		if body, err = toJSON(body); err != nil {
			return schema.GroupVersionKind{}, apierrors.NewBadRequest(err.Error())
		}
	default:
		return schema.GroupVersionKind{}, unsupportedMediaType(contentType,
			runtime.ContentTypeJSON, runtime.ContentTypeYAML, runtime.ContentTypeProtobuf)
	}
	got, err := decode(body, into, strict)
	if err != nil {
		return got, apierrors.NewBadRequest(fmt.Sprintf("the body of the request cannot be handled as %T: %v", into, err))
	}
	return got, nil
}

// decodeBody reads an object of one kind, which the body need not name.
func decodeBody(contentType string, body []byte, into runtime.Object, want schema.GroupVersionKind, strict bool) error {
	got, err := decodeAny(contentType, body, into, strict)
	if err != nil {
		return err
	}
	if got = withDefaults(got, want); got != want {
		return apierrors.NewBadRequest(fmt.Sprintf(
			"%s in version %q cannot be handled as a %s: the API version or kind of the request is %s", got.Kind, got.Version, want.Kind, want))
	}
	into.GetObjectKind().SetGroupVersionKind(want)
	return nil
}

// withDefaults completes the type that a body names
// (apimachinery/pkg/runtime/serializer/json/json.go:gvkWithDefaults).
func withDefaults(got, want schema.GroupVersionKind) schema.GroupVersionKind {
	if got.Kind == "" {
		got.Kind = want.Kind
	}
	if got.Version == "" && (got.Group == "" || got.Group == want.Group) {
		got.Group, got.Version = want.Group, want.Version
	}
	return got
}

// partial is what a client sees of an object when it asks for metadata alone.
func partial(o object) *metav1.PartialObjectMetadata {
	p := &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{Kind: "PartialObjectMetadata", APIVersion: "meta.k8s.io/v1"},
	}
	p.Name, p.GenerateName, p.Namespace = o.GetName(), o.GetGenerateName(), o.GetNamespace()
	p.UID, p.ResourceVersion, p.Generation = o.GetUID(), o.GetResourceVersion(), o.GetGeneration()
	p.CreationTimestamp, p.DeletionTimestamp = o.GetCreationTimestamp(), o.GetDeletionTimestamp()
	p.DeletionGracePeriodSeconds = o.GetDeletionGracePeriodSeconds()
	p.Labels, p.Annotations = o.GetLabels(), o.GetAnnotations()
	p.OwnerReferences, p.Finalizers = o.GetOwnerReferences(), o.GetFinalizers()
	p.ManagedFields = o.GetManagedFields()
	return p
}
