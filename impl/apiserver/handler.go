package apiserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// bodyLimitBytes is the size of the largest request body
// (apiserver/pkg/server/config.go:MaxRequestBodyBytes).
const bodyLimitBytes = 3 << 20

// A call is a request on its way through the server.
type call struct {
	Request
	*Server
	t      *transport
	r      *resource
	http   *http.Request
	query  url.Values
	format format
	body   []byte

	patchParts map[string]json.RawMessage // of a merge patch, by field; nil: apply it to the whole
}

// handle serves one request. An error is one of the connection.
func (t *transport) handle(ctx context.Context, req *http.Request) (answer, error) {
	c, fixed := t.route(req)
	if fixed != nil {
		return *fixed, nil
	}
	perform, err := c.prepare()
	if err != nil {
		return c.failed(err), nil
	}
	verdict := c.ask(ctx)
	switch verdict.Outcome {
	case Fail:
		return c.refuse(verdict)
	case Expire:
		if c.Verb == "list" {
			return c.failed(tooOld(0)), nil
		}
		if c.Verb == "watch" {
			return c.expiredWatch(ctx), nil
		}
	}
	a, err := perform(ctx, verdict)
	if err != nil {
		if ctx.Err() != nil {
			return answer{}, ctx.Err()
		}
		var broken connectionError
		if errors.As(err, &broken) {
			return answer{}, broken.error
		}
		a = c.failed(err)
	}
	if verdict.Outcome == Pass && verdict.Hold {
		verdict = c.Gate.Answer(ctx, &c.Request)
	}
	if verdict.Outcome == Lose {
		if a.stream != nil {
			a.stream.Close()
		}
		return answer{}, reset()
	}
	if ctx.Err() != nil {
		return answer{}, ctx.Err()
	}
	return a, nil
}

// ask lets the gate decide about the request, or about one of its later parts.
func (c *call) ask(ctx context.Context) Verdict {
	if c.Gate == nil {
		return Verdict{}
	}
	return c.Gate.Request(ctx, &c.Request)
}

// refuse answers a request that the gate does not let pass.
func (c *call) refuse(v Verdict) (answer, error) {
	var status *apierrors.StatusError
	switch {
	case errors.As(v.Err, &status):
		return c.failed(status), nil
	case v.Err != nil:
		return answer{}, v.Err
	}
	return answer{}, refused()
}

// A connectionError breaks the connection in place of an answer.
type connectionError struct{ error }

// failed is the answer with the Status of an error.
func (c *call) failed(err error) answer {
	status := statusOf(err)
	f := c.format
	if f.metadata() {
		f -= metadataJSON
	}
	body, err := encode(status, f)
	if err != nil {
		body = []byte(err.Error())
	}
	return answer{code: int(status.Code), media: f.mediaType(), body: body}
}

// succeeded is the answer with one object.
func (c *call) succeeded(code int, v *version) (answer, error) {
	body, err := v.body(c.format)
	return answer{code: code, media: c.format.mediaType(), body: body}, err
}

// done is the answer that only says Success.
func (c *call) done(code int, details *metav1.StatusDetails) (answer, error) {
	f := c.format
	if f.metadata() {
		f -= metadataJSON
	}
	body, err := encode(&metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusSuccess, Details: details,
	}, f)
	return answer{code: code, media: f.mediaType(), body: body}, err
}

// route finds the resource of a request's path, or the answer if it has none.
func (t *transport) route(req *http.Request) (*call, *answer) {
	s := t.server
	c := &call{Server: s, t: t, http: req}
	c.Client = t.client(req.Header.Get("User-Agent"))
	var gv schema.GroupVersion
	parts := strings.Split(strings.Trim(req.URL.Path, "/"), "/")
	switch {
	case len(parts) > 2 && parts[0] == "api":
		gv, parts = schema.GroupVersion{Version: parts[1]}, parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		gv, parts = schema.GroupVersion{Group: parts[1], Version: parts[2]}, parts[3:]
	default:
		a := s.discover(req, parts)
		return nil, &a
	}
	if parts[0] == "namespaces" && len(parts) > 2 && parts[2] != "status" && parts[2] != "finalize" {
		c.Namespace, parts = parts[1], parts[2:]
	}
	c.Resource = gv.WithResource(parts[0])
	c.r = s.resources[c.Resource]
	if c.r == nil || len(parts) > 3 || c.Namespace != "" && !c.r.Namespaced {
		return nil, pageNotFound()
	}
	if len(parts) > 1 {
		c.Name = parts[1]
	}
	if len(parts) > 2 {
		c.Subresource = parts[2]
	}
	if c.Name != "" && c.Namespace == "" && c.r.Namespaced {
		return nil, pageNotFound()
	}
	return c, nil
}

func pageNotFound() *answer {
	return &answer{code: http.StatusNotFound, media: "text/plain; charset=utf-8", body: []byte("404 page not found\n")}
}

// An action does what a request asks for, once the gate has let it pass.
type action func(ctx context.Context, v Verdict) (answer, error)

// prepare reads what can be read of a request before it has an effect.
func (c *call) prepare() (action, error) {
	var err error
	if c.format, err = accepted(c.http.Header.Get("Accept"), c.r.proto); err != nil {
		return nil, err
	}
	if c.http.URL.RawQuery != "" {
		if c.query, err = url.ParseQuery(c.http.URL.RawQuery); err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
	}
	if c.query.Has("dryRun") {
		return nil, errDryRun
	}
	if err := c.readBody(); err != nil {
		return nil, err
	}
	if c.Subresource != "" {
		return c.prepareSubresource()
	}
	switch c.http.Method {
	case http.MethodGet:
		return c.prepareRead()
	case http.MethodPost:
		if c.Name == "" && c.ofOneNamespace() {
			return c.prepareCreate()
		}
	case http.MethodPut:
		if c.Name != "" {
			return c.prepareUpdate()
		}
	case http.MethodPatch:
		if c.Name != "" {
			return c.preparePatch()
		}
	case http.MethodDelete:
		if c.Name != "" || c.ofOneNamespace() {
			return c.prepareDelete()
		}
	}
	return nil, apierrors.NewMethodNotSupported(c.r.gr, strings.ToLower(c.http.Method))
}

// ofOneNamespace is not so for the path of a kind in all namespaces, which can only be
// read (apiserver/pkg/endpoints/installer.go:registerResourceHandlers).
func (c *call) ofOneNamespace() bool { return c.Namespace != "" || !c.r.Namespaced }

func (c *call) readBody() error {
	if c.http.Body == nil || c.http.Body == http.NoBody {
		return nil
	}
	limit := int64(bodyLimitBytes + 1)
	var b bytes.Buffer
	if n := c.http.ContentLength; n > 0 {
		b.Grow(int(min(n, limit)) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(io.LimitReader(c.http.Body, limit)); err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	if b.Len() > bodyLimitBytes {
		return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("limit is %d", bodyLimitBytes))
	}
	c.body = b.Bytes()
	return nil
}

func (c *call) prepareRead() (action, error) {
	if c.Name != "" {
		return c.prepareGet() // with ?watch too: only a collection can be watched
	}
	o, err := c.listOptions()
	switch {
	case err != nil:
		return nil, err
	case o.Watch:
		return c.prepareWatch(o)
	}
	return c.prepareList(o)
}

// prepareSubresource serves status like the object itself, but for what it changes.
func (c *call) prepareSubresource() (action, error) {
	switch {
	case c.Subresource == "status" && c.r.Status:
		switch c.http.Method {
		case http.MethodGet:
			return c.prepareGet()
		case http.MethodPut:
			return c.prepareUpdate()
		case http.MethodPatch:
			return c.preparePatch()
		}
	case c.r.graceful && c.Subresource == "binding":
		if c.http.Method == http.MethodPost {
			return c.prepareBinding()
		}
	case c.r.graceful && c.Subresource == "eviction":
		if c.http.Method == http.MethodPost {
			return c.prepareEviction()
		}
	default:
		return nil, statusError(http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
	}
	return nil, apierrors.NewMethodNotSupported(c.r.gr, strings.ToLower(c.http.Method))
}
