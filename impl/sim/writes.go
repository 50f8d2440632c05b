package sim

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver/store"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// A recordedStore notes the writes of a store.
type recordedStore struct {
	store.Store
	cluster *Cluster
}

// A write is one that has succeeded.
type write struct {
	revision int64
	key      string
	value    []byte // nil: deleted
	call     *Call  // nil: of the user
}

// Create implements store.Store.
func (s *recordedStore) Create(ctx context.Context, key string, value []byte) (int64, error) {
	revision, err := s.Store.Create(ctx, key, value)
	s.note(ctx, err, write{revision: revision, key: key, value: value})
	return revision, err
}

// Update implements store.Store.
func (s *recordedStore) Update(ctx context.Context, key string, want int64, value []byte) (int64, error) {
	revision, err := s.Store.Update(ctx, key, want, value)
	s.note(ctx, err, write{revision: revision, key: key, value: value})
	return revision, err
}

// Delete implements store.Store.
func (s *recordedStore) Delete(ctx context.Context, key string, want int64) (int64, error) {
	revision, err := s.Store.Delete(ctx, key, want)
	s.note(ctx, err, write{revision: revision, key: key})
	return revision, err
}

func (s *recordedStore) note(ctx context.Context, err error, w write) {
	if err != nil {
		return
	}
	if c := callOf(ctx); c != nil {
		w.call = &c.Call
	}
	s.cluster.gate.noteWrite(w)
}

// written makes the entry of a write, which is the next one in the order of revisions.
func (c *Cluster) written(w write, at time.Duration) *Written {
	e := &Written{At: at, Revision: w.revision, Call: w.call, Type: watch.Modified}
	e.Resource, e.Namespace, e.Name = splitKey(w.key)
	e.Before = c.objects[w.key]
	switch {
	case w.value == nil:
		e.Type = watch.Deleted
		delete(c.objects, w.key)
		return e
	case e.Before == nil:
		e.Type = watch.Added
	}
	e.After = c.decode(w)
	c.objects[w.key] = e.After
	return e
}

// decode reads a stored value, which does not know its revision.
func (c *Cluster) decode(w write) runtime.Object {
	object, _, err := c.decoder.Decode(w.value, nil, nil)
	if err != nil {
		c.fatal(err) // the API server has encoded it with the same scheme
	}
	if m, err := meta.Accessor(object); err == nil {
		m.SetResourceVersion(strconv.FormatInt(w.revision, 10))
	}
	return object
}

// splitKey reads a key of the API server: /registry/<resource>[.<group>]/[<namespace>/]<name>.
func splitKey(key string) (resource schema.GroupResource, namespace, name string) {
	parts := strings.Split(strings.TrimPrefix(key, "/registry/"), "/")
	resource = schema.ParseGroupResource(parts[0])
	if len(parts) > 2 {
		namespace = parts[1]
	}
	return resource, namespace, parts[len(parts)-1]
}
