package apiserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver/store"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// stored is the value that the store keeps of an object: without its revision.
func stored(r *resource, o object) ([]byte, error) {
	rv := o.GetResourceVersion()
	o.SetResourceVersion("")
	f := inJSON
	if r.proto {
		f = inProtobuf
	}
	value, err := encode(o, f)
	o.SetResourceVersion(rv)
	return value, err
}

// wrote makes the version of a write that has succeeded and remembers what it did.
// The object belongs to the version from now on.
func (s *Server) wrote(r *resource, key string, before *version, o object, value []byte, revision int64) *version {
	o.SetResourceVersion(strconv.FormatInt(revision, 10))
	v := &version{r: r, key: key, obj: o, value: value, revision: revision}
	s.versions.put(revision, &transition{after: v, before: before})
	return v
}

// A change computes what becomes of the object was, on a copy. It runs again, with
// the newest object, whenever another write comes first. With errFinalized the
// object is removed.
type change func(was *version) (object, error)

var errFinalized = errors.New("apiserver: nothing keeps the object")

// modify applies a change as one atomic read-modify-write
// (apiserver/pkg/storage/etcd3/store.go:GuaranteedUpdate). A change of nothing is
// no write.
func (s *Server) modify(ctx context.Context, r *resource, namespace, name string, f change) (*version, error) {
	for {
		was, err := s.live(ctx, r, namespace, name)
		if err != nil {
			return nil, err
		}
		next, err := f(was)
		var v *version
		switch {
		case errors.Is(err, errFinalized):
			v, err = s.remove(ctx, was, next)
		case err == nil:
			v, err = s.replace(ctx, was, next)
		}
		if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
			continue
		}
		return v, err
	}
}

func (s *Server) replace(ctx context.Context, was *version, next object) (*version, error) {
	value, err := stored(was.r, next)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(value, was.value) {
		return was, nil
	}
	revision, err := s.Store.Update(ctx, was.key, was.revision, value)
	if err != nil {
		return nil, err
	}
	return s.wrote(was.r, was.key, was, next, value, revision), nil
}

// remove deletes an object from the store and returns what its deleter is shown.
func (s *Server) remove(ctx context.Context, was *version, last object) (*version, error) {
	revision, err := s.Store.Delete(ctx, was.key, was.revision)
	if err != nil {
		return nil, err
	}
	s.versions.put(revision, &transition{before: was})
	return &version{r: was.r, key: was.key, obj: last, revision: was.revision}, nil
}

// finalized says that an object of which an update makes next has nothing to wait
// for (apiserver/pkg/registry/generic/registry/store.go:ShouldDeleteDuringUpdate).
func finalized(next, was object) bool {
	grace := was.GetDeletionGracePeriodSeconds()
	return len(next.GetFinalizers()) == 0 && was.GetDeletionTimestamp() != nil && (grace == nil || *grace == 0)
}

// now is the current time as objects carry it, in whole seconds.
func now() metav1.Time { return metav1.NewTime(time.Now().Truncate(time.Second)) }

func (c *call) prepareCreate() (action, error) {
	c.Verb = "create"
	if err := c.checkWriteOptions(); err != nil {
		return nil, err
	}
	o := c.r.empty()
	if err := c.decode(o); err != nil {
		return nil, err
	}
	c.Request.Name, c.Generate = o.GetName(), o.GetGenerateName()
	if c.Request.Name != "" {
		c.Generate = ""
	}
	if err := c.sameNamespace(o); err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ Verdict) (answer, error) {
		v, err := c.create(ctx, o)
		if err != nil {
			return answer{}, err
		}
		return c.succeeded(http.StatusCreated, v)
	}, nil
}

// decode reads the body, which holds an object of the resource's kind.
func (c *call) decode(o object) error {
	return decodeBody(c.http.Header.Get("Content-Type"), c.body, o, c.r.GroupVersionKind, c.strict())
}

// strict says that the client wants unknown fields refused.
func (c *call) strict() bool { return c.query.Get("fieldValidation") == metav1.FieldValidationStrict }

// sameNamespace fills in the namespace of the request, which the object may repeat.
func (c *call) sameNamespace(o object) error {
	if !c.r.Namespaced {
		o.SetNamespace("")
		return nil
	}
	if c.Namespace == "" {
		return apierrors.NewBadRequest("an empty namespace may not be set during creation")
	}
	if ns := o.GetNamespace(); ns != "" && ns != c.Namespace {
		return apierrors.NewBadRequest(fmt.Sprintf(
			"the namespace of the provided object does not match the namespace sent on the request (%s != %s)", ns, c.Namespace))
	}
	o.SetNamespace(c.Namespace)
	return nil
}

// create follows apiserver/pkg/registry/rest/create.go:BeforeCreate.
func (c *call) create(ctx context.Context, o object) (*version, error) {
	r := c.r
	uid, err := c.newUID(ctx)
	if err != nil {
		return nil, err
	}
	if o.GetResourceVersion() != "" && o.GetResourceVersion() != "0" {
		return nil, apierrors.NewBadRequest("resourceVersion should not be set on objects to be created")
	}
	o.SetResourceVersion("")
	o.SetUID(uid)
	o.SetCreationTimestamp(now())
	o.SetDeletionTimestamp(nil)
	o.SetDeletionGracePeriodSeconds(nil)
	o.SetSelfLink("")
	o.SetGeneration(0)
	c.Scheme.Default(o)
	r.prepareCreate(o)
	generate := o.GetName() == ""
	if generate && o.GetGenerateName() == "" {
		return nil, apierrors.NewInvalid(r.qualified(), "", field.ErrorList{
			field.Required(field.NewPath("metadata", "name"), "name or generateName is required")})
	}
	for {
		if generate {
			o.SetName(c.generateName(o.GetGenerateName()))
		}
		if errs := r.validateCreate(o); len(errs) > 0 {
			return nil, apierrors.NewInvalid(r.qualified(), o.GetName(), errs)
		}
		key := r.key(o.GetNamespace(), o.GetName())
		value, err := stored(r, o)
		if err != nil {
			return nil, err
		}
		revision, err := c.Store.Create(ctx, key, value)
		if errors.Is(err, store.ErrExists) {
			if generate {
				continue
			}
			return nil, apierrors.NewAlreadyExists(r.gr, o.GetName())
		}
		if err != nil {
			return nil, err
		}
		return c.wrote(r, key, nil, o, value, revision), nil
	}
}

// suffixAlphabet is that of k8s.io/apimachinery/pkg/util/rand.String: no vowels, no
// digits that look like letters.
const suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789"

const (
	suffixLength = 5
	nameLimit    = 63 // k8s.io/apiserver/pkg/storage/names.maxNameLength
)

// generateName returns the next name of a base. Unlike upstream's they are counted,
// so that a schedule can name them; names that are in use are passed over.
func (s *Server) generateName(base string) string {
	s.mu.Lock()
	n := s.names[base]
	s.names[base]++
	s.mu.Unlock()
	var suffix [suffixLength]byte
	for i := range suffix {
		suffix[suffixLength-1-i] = suffixAlphabet[n%uint64(len(suffixAlphabet))]
		n /= uint64(len(suffixAlphabet))
	}
	return base[:min(len(base), nameLimit-suffixLength)] + string(suffix[:])
}

// newUID returns a UID that no object of the store has had. Servers of one store
// that run one after the other differ in the revision that they found; two at the
// same time are not supported.
func (s *Server) newUID(ctx context.Context) (types.UID, error) {
	found, err := s.Store.Revision(ctx) // before the lock: a store may block
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.epoch == 0 {
		s.epoch = found
	}
	s.uids++
	return types.UID(fmt.Sprintf("%08x-0000-4000-8000-%012x", s.epoch, s.uids)), nil
}

func (c *call) prepareUpdate() (action, error) {
	c.Verb = "update"
	if err := c.checkWriteOptions(); err != nil {
		return nil, err
	}
	o := c.r.empty()
	if err := c.decode(o); err != nil {
		return nil, err
	}
	if name := o.GetName(); name != c.Name {
		return nil, apierrors.NewBadRequest(fmt.Sprintf(
			"the name of the object (%s) does not match the name on the URL (%s)", name, c.Name))
	}
	if err := c.sameNamespace(o); err != nil {
		return nil, err
	}
	rv, err := strconv.ParseUint(o.GetResourceVersion(), 10, 63)
	if err != nil && o.GetResourceVersion() != "" {
		return nil, apierrors.NewInvalid(c.r.qualified(), c.Name, field.ErrorList{
			field.Invalid(field.NewPath("metadata", "resourceVersion"), o.GetResourceVersion(), err.Error())})
	}
	return func(ctx context.Context, _ Verdict) (answer, error) {
		v, err := c.update(ctx, o, rv == 0)
		if err != nil {
			return answer{}, err
		}
		return c.succeeded(http.StatusOK, v)
	}, nil
}

// update follows apiserver/pkg/registry/generic/registry/store.go:Update.
func (c *call) update(ctx context.Context, o object, unconditional bool) (*version, error) {
	uid := o.GetUID()
	v, err := c.modify(ctx, c.r, c.Namespace, c.Name, func(was *version) (object, error) {
		if have := was.obj.GetUID(); uid != "" && uid != have {
			return nil, apierrors.NewConflict(c.r.gr, c.Name, wrongUID(uid, have))
		}
		next := o.DeepCopyObject().(object)
		if unconditional {
			if err := c.unconditional(next, was); err != nil {
				return nil, err
			}
		}
		return c.next(next, was)
	})
	if apierrors.IsNotFound(err) && c.r.createOnUpdate && c.Subresource == "" && uid == "" {
		o.SetResourceVersion("")
		return c.create(ctx, o)
	}
	return v, err
}

// unconditional lets a write without a resourceVersion replace whatever is there, if
// the kind allows that.
func (c *call) unconditional(next object, was *version) error {
	if !c.r.unconditionalUpdate {
		return apierrors.NewInvalid(c.r.qualified(), c.Name, field.ErrorList{
			field.Invalid(field.NewPath("metadata", "resourceVersion"), 0, "must be specified for an update")})
	}
	next.SetResourceVersion(was.obj.GetResourceVersion())
	return nil
}

// next checks and completes what a client wants an object to become
// (apiserver/pkg/registry/rest/update.go:BeforeUpdate).
func (c *call) next(next object, was *version) (object, error) {
	if next.GetResourceVersion() != was.obj.GetResourceVersion() {
		if !c.NoConflict {
			return nil, apierrors.NewConflict(c.r.gr, c.Name, errors.New(optimisticLock))
		}
		next.SetResourceVersion(was.obj.GetResourceVersion())
	}
	next.SetGeneration(was.obj.GetGeneration())
	c.Scheme.Default(next)
	if c.Subresource == "status" {
		c.r.keepSpec(next, was.obj)
	} else {
		c.r.keepStatus(next, was.obj)
	}
	keepSystemFields(next, was.obj)
	errs := validation.ValidateObjectMetaAccessorUpdate(next, was.obj, field.NewPath("metadata"))
	if c.Subresource != "status" {
		errs = append(errs, c.r.validateUpdate(next, was.obj)...)
	}
	if len(errs) > 0 {
		return nil, apierrors.NewInvalid(c.r.qualified(), c.Name, errs)
	}
	if finalized(next, was.obj) {
		return next, errFinalized
	}
	return next, nil
}

// keepSystemFields takes from the old object what an update can never change.
func keepSystemFields(next, was object) {
	if next.GetUID() == "" {
		next.SetUID(was.GetUID())
	}
	next.SetCreationTimestamp(was.GetCreationTimestamp())
	if was.GetDeletionTimestamp() != nil {
		next.SetDeletionTimestamp(was.GetDeletionTimestamp())
	}
	if was.GetDeletionGracePeriodSeconds() != nil && next.GetDeletionGracePeriodSeconds() == nil {
		next.SetDeletionGracePeriodSeconds(was.GetDeletionGracePeriodSeconds())
	}
	next.SetSelfLink("")
}
