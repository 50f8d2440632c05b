package apiserver

import (
	"strconv"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A version is an object as one write left it, with its encodings. It is made
// once for each revision, so that what one client has paid for is free for all
// others.
type version struct {
	r        *resource
	key      string
	obj      object
	value    []byte // as it is stored
	revision int64

	mu    sync.Mutex
	bytes [formats][]byte // without envelope
}

// encoded returns the object in format f, without an envelope.
func (v *version) encoded(f format) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.bytes[f] != nil {
		return v.bytes[f], nil
	}
	var err error
	if f.metadata() {
		v.bytes[f], err = marshal(partial(v.obj), f)
	} else {
		v.bytes[f], err = marshal(v.obj, f)
	}
	return v.bytes[f], err
}

// body returns the object as a whole response.
func (v *version) body(f format) ([]byte, error) {
	raw, err := v.encoded(f)
	if err != nil || !f.protobuf() {
		return raw, err
	}
	return envelope(v.kindIn(f), raw), nil
}

func (v *version) kindIn(f format) schema.GroupVersionKind {
	if f.metadata() {
		return partialKind
	}
	return v.r.GroupVersionKind
}

var partialKind = schema.GroupVersionKind{Group: "meta.k8s.io", Version: "v1", Kind: "PartialObjectMetadata"}

// A transition is what one revision did to an object.
type transition struct {
	after  *version // nil: removed
	before *version // nil: created, or not known

	once sync.Once
	gone *version
}

// ended returns the object before the transition, with the revision of the
// transition: what watches show that no longer select it.
func (t *transition) ended(revision int64) *version {
	t.once.Do(func() {
		o := t.before.obj.DeepCopyObject().(object)
		o.SetResourceVersion(strconv.FormatInt(revision, 10))
		t.gone = &version{r: t.before.r, key: t.before.key, obj: o, revision: revision}
	})
	return t.gone
}

// versions remembers what recent revisions have done. It forgets in two
// generations: what has not been asked for since the last but one is dropped.
type versions struct {
	mu         sync.Mutex
	young, old map[int64]*transition
}

// generationSize bounds the number of revisions that are kept to twice as many.
const generationSize = 8192

func (c *versions) get(revision int64, key string) *transition {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.young[revision]
	if t == nil {
		if t = c.old[revision]; t == nil {
			return nil
		}
		c.add(revision, t)
	}
	if t.key() != key {
		return nil
	}
	return t
}

func (c *versions) put(revision int64, t *transition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(revision, t)
}

func (c *versions) add(revision int64, t *transition) {
	if c.young == nil || len(c.young) >= generationSize {
		c.old, c.young = c.young, make(map[int64]*transition)
	}
	c.young[revision] = t
}

func (t *transition) key() string {
	if t.after != nil {
		return t.after.key
	}
	return t.before.key
}

// decodeVersion reads a stored value.
func (s *Server) decodeVersion(r *resource, key string, value []byte, revision int64) (*version, error) {
	o := r.empty()
	if _, err := decode(value, o, false); err != nil {
		return nil, err
	}
	o.GetObjectKind().SetGroupVersionKind(r.GroupVersionKind)
	o.SetResourceVersion(strconv.FormatInt(revision, 10))
	return &version{r: r, key: key, obj: o, value: value, revision: revision}, nil
}

// versionOf returns the object that a stored value holds, from the cache if
// somebody has met it before.
func (s *Server) versionOf(r *resource, key string, value []byte, revision int64) (*version, error) {
	if t := s.versions.get(revision, key); t != nil && t.after != nil {
		return t.after, nil
	}
	v, err := s.decodeVersion(r, key, value, revision)
	if err != nil {
		return nil, err
	}
	s.versions.put(revision, &transition{after: v})
	return v, nil
}
