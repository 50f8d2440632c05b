package apiserver

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver/store"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// live returns the object as it is now, or NotFound.
func (s *Server) live(ctx context.Context, r *resource, namespace, name string) (*version, error) {
	return s.at(ctx, r, namespace, name, 0)
}

func (s *Server) at(ctx context.Context, r *resource, namespace, name string, revision int64) (*version, error) {
	key := r.key(namespace, name)
	e, _, err := s.Store.Get(ctx, key, revision)
	if errors.Is(err, store.ErrNotFound) {
		return nil, apierrors.NewNotFound(r.gr, name)
	}
	if err != nil {
		return nil, err
	}
	return s.versionOf(r, key, e.Value, e.Revision)
}

func (c *call) prepareGet() (action, error) {
	c.Verb = "get"
	rv, err := c.resourceVersion()
	if err != nil {
		return nil, err
	}
	c.Stale = c.query.Get("resourceVersion") == "0"
	return func(ctx context.Context, verdict Verdict) (answer, error) {
		var at int64
		if c.Stale {
			if at, err = c.staleRevision(ctx, verdict.At); err != nil {
				return answer{}, err
			}
		} else if err := c.await(ctx, rv); err != nil {
			return answer{}, err
		}
		v, err := c.at(ctx, c.r, c.Namespace, c.Name, at)
		if err != nil {
			return answer{}, err
		}
		return c.succeeded(http.StatusOK, v)
	}, nil
}

// resourceVersion is the parameter of that name, 0 if there is none.
func (c *call) resourceVersion() (int64, error) {
	text := c.query.Get("resourceVersion")
	if text == "" {
		return 0, nil
	}
	rv, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, apierrors.NewBadRequest(fmt.Sprintf("invalid resource version %q: %v", text, err))
	}
	return int64(rv), nil
}

// staleRevision is where a read that accepts old state is served, given what the
// gate wants: not before what this client has seen of the kind, and now if that
// is forgotten.
func (c *call) staleRevision(ctx context.Context, want int64) (int64, error) {
	now, err := c.Store.Revision(ctx)
	if err != nil {
		return 0, err
	}
	at := c.t.atLeast(c.Resource, want)
	if at == 0 || at > now {
		at = now
	}
	if at < now {
		_, err := c.Store.List(ctx, c.r.prefix, store.ListOptions{At: at, Limit: 1})
		if errors.Is(err, store.ErrCompacted) {
			at = now
		} else if err != nil {
			return 0, err
		}
	}
	c.t.raise(c.Resource, at)
	return at, nil
}

// freshness is how long a read waits for a revision that is not reached yet
// (apiserver/pkg/storage/cacher/watch_cache.go:blockTimeout).
const freshness = 3 * time.Second

// await waits until the store has reached a revision.
func (s *Server) await(ctx context.Context, revision int64) error {
	now, err := s.Store.Revision(ctx)
	if err != nil || now >= revision {
		return err
	}
	patience, cancel := context.WithTimeout(ctx, freshness)
	defer cancel()
	w, err := s.Store.Watch(patience, "", now)
	if err != nil {
		return err
	}
	defer w.Close()
	for now < revision {
		e, err := w.Next(patience)
		if err != nil {
			if ctx.Err() == nil && patience.Err() != nil {
				return tooLarge(revision, now)
			}
			return err
		}
		now = e.Revision
	}
	return nil
}

// A selection is what of a resource a list or a watch is about.
type selection struct {
	prefix string
	labels labels.Selector
	fields fields.Selector
	all    bool // whatever is under prefix
}

func (c *call) selection(o *internalversion.ListOptions) (selection, error) {
	sel := selection{prefix: c.r.key(c.Namespace, ""), labels: labels.Everything(), fields: fields.Everything()}
	if o.LabelSelector != nil {
		sel.labels = o.LabelSelector
	}
	if o.FieldSelector != nil {
		sel.fields = o.FieldSelector
		known := c.r.fieldsOf(c.r.empty())
		for _, q := range sel.fields.Requirements() {
			if !known.Has(q.Field) {
				return sel, apierrors.NewBadRequest(fmt.Sprintf("field label not supported: %s", q.Field))
			}
		}
	}
	sel.all = sel.labels.Empty() && sel.fields.Empty()
	return sel, nil
}

func (sel *selection) matches(v *version) bool {
	return v != nil && (sel.all || sel.labels.Matches(labels.Set(v.obj.GetLabels())) && sel.fields.Matches(v.r.fieldsOf(v.obj)))
}

// A page is a list request after its parameters have been read.
type page struct {
	selection
	limit     int
	at        int64  // exactly
	atLeast   int64  // wait for it
	after     string // key, from a continue token
	continued bool
}

// A token is where a limited list goes on (apiserver/pkg/storage/continue.go).
type token struct {
	Version  string `json:"v"`
	Revision int64  `json:"rv"`
	Start    string `json:"start"` // the last key that was returned, without its prefix
}

const tokenVersion = "meta.k8s.io/v1"

// page is what the options of a list ask for (table of protocol.md 2.6).
func (c *call) page(o *internalversion.ListOptions) (p page, err error) {
	if p.selection, err = c.selection(o); err != nil {
		return p, err
	}
	rv, err := c.resourceVersion()
	if err != nil {
		return p, err
	}
	p.limit = int(max(o.Limit, 0)) // upstream a negative limit is none
	if o.Continue != "" {
		if rv != 0 {
			return p, apierrors.NewBadRequest("specifying resource version is not allowed when using continue")
		}
		return p, p.resume(o.Continue)
	}
	p.atLeast = rv
	if match := o.ResourceVersionMatch; match == metav1.ResourceVersionMatchExact || match == "" && p.limit > 0 {
		p.at = rv
	}
	return p, nil
}

func (p *page) resume(text string) error {
	var t token
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &t)
	}
	if err != nil || t.Version != tokenVersion || t.Revision <= 0 || t.Start == "" {
		return apierrors.NewBadRequest("continue key is not valid")
	}
	p.at, p.after, p.continued = t.Revision, p.prefix+t.Start, true
	return nil
}

func (c *call) prepareList(o *internalversion.ListOptions) (action, error) {
	c.Verb = "list"
	p, err := c.page(o)
	if err != nil {
		return nil, err
	}
	c.Stale = c.query.Get("resourceVersion") == "0" && !p.continued
	c.Divergent = c.CacheDivergent && !c.Stale
	return func(ctx context.Context, verdict Verdict) (answer, error) { return c.list(ctx, verdict, p) }, nil
}

func (c *call) list(ctx context.Context, verdict Verdict, p page) (answer, error) {
	claimed, err := c.snapshot(ctx, verdict, &p)
	if err != nil {
		return answer{}, err
	}
	found, next, remaining, err := c.collect(ctx, p)
	if err != nil {
		return answer{}, err
	}
	meta := metav1.ListMeta{ResourceVersion: strconv.FormatInt(claimed, 10)}
	if next != "" {
		raw, err := json.Marshal(token{Version: tokenVersion, Revision: p.at, Start: strings.TrimPrefix(next, p.prefix)})
		if err != nil {
			return answer{}, err
		}
		meta.Continue = base64.RawURLEncoding.EncodeToString(raw)
		if p.all {
			meta.RemainingItemCount = &remaining
		}
	}
	return c.listed(meta, found)
}

// snapshot fixes the revision p.at that a list is read at, and returns the one
// that it claims.
func (c *call) snapshot(ctx context.Context, verdict Verdict, p *page) (int64, error) {
	if c.Stale {
		var err error
		p.at, err = c.staleRevision(ctx, verdict.At)
		return p.at, err
	}
	if err := c.await(ctx, p.atLeast); err != nil {
		return 0, err
	}
	now, err := c.Store.Revision(ctx)
	if err != nil {
		return 0, err
	}
	if p.at == 0 {
		p.at = now
		c.t.raise(c.Resource, now)
		if c.CacheDivergent && verdict.At != 0 {
			p.at = verdict.At
		}
		return now, nil
	}
	if p.at > now {
		return 0, tooLarge(p.at, now)
	}
	return p.at, nil
}

// collect reads what a page selects, and the key to go on after if its limit left
// something out.
func (c *call) collect(ctx context.Context, p page) (found []*version, next string, remaining int64, err error) {
	o := store.ListOptions{At: p.at, After: p.after}
	if p.limit > 0 {
		o.Limit = p.limit + 1
	}
	for {
		l, err := c.Store.List(ctx, p.prefix, o)
		if errors.Is(err, store.ErrCompacted) {
			return nil, "", 0, apierrors.NewResourceExpired(
				"The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.")
		}
		if err != nil {
			return nil, "", 0, err
		}
		for i, e := range l.Entries {
			if p.limit > 0 && len(found) == p.limit {
				return found, found[p.limit-1].key, int64(l.Remaining + len(l.Entries) - i), nil
			}
			v, err := c.versionOf(c.r, e.Key, e.Value, e.Revision)
			if err != nil {
				return nil, "", 0, err
			}
			if p.matches(v) {
				found = append(found, v)
			}
			o.After = e.Key
		}
		if l.Remaining == 0 {
			return found, "", 0, nil
		}
	}
}
