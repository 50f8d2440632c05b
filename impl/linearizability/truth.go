package linearizability

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/reconverge/reconverge/impl/apiserver/store"
)

// ReadTruth reads the whole history of the ConfigMaps of a namespace from a store
// that has not been compacted and that nobody else writes to.
func ReadTruth(ctx context.Context, s store.Store, namespace string) (Truth, error) {
	now, err := s.Revision(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.Watch(ctx, "/", 1)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	prefix := "/registry/configmaps/" + namespace + "/"
	var t Truth
	for at := int64(1); at < now; {
		e, err := w.Next(ctx)
		if err != nil {
			return nil, err
		}
		at = e.Revision
		if !strings.HasPrefix(e.Key, prefix) {
			continue
		}
		known, err := truthOf(e)
		if err != nil {
			return nil, fmt.Errorf("linearizability: the store has %s at %d: %w", e.Key, e.Revision, err)
		}
		t = append(t, known)
	}
	return t, nil
}

// truthOf is what a watch must show of a write.
func truthOf(e store.Event) (Event, error) {
	t, value := watch.Modified, e.Value
	switch {
	case e.Value == nil:
		t, value = watch.Deleted, e.Previous
	case e.Previous == nil:
		t = watch.Added
	}
	m := &corev1.ConfigMap{}
	err := runtime.DecodeInto(scheme.Codecs.UniversalDeserializer(), value, m)
	return Event{Type: t, Key: m.Name, Object: Object{UID: string(m.UID), Value: m.Data[valueKey], Revision: e.Revision}}, err
}
