package sim

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// A connection is how one run of a process reaches the API server. It dies with
// the run, is cut by partitions, and leaves at the server what it has sent.
type connection struct {
	run  *run
	next http.RoundTripper
}

// A call is a Call on its way.
type call struct {
	Call
	run    *run
	sum    uint64      // hash of the body
	write  bool        // may change something, so it goes on when nobody waits for it
	known  atomic.Bool // the API server has understood it, and Call is complete
	gone   atomic.Bool // nobody waits for the answer any more
	cancel context.CancelFunc
	watch  *openWatch // nil: not a watch, or not open yet
}

type callKey struct{}

// callOf returns the call that a request of the server belongs to, or nil.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// late says that the call is a write that has outlived its process, or its patience.
func (c *call) late() bool { return c != nil && c.write && c.gone.Load() }

func (c *call) stalled() bool {
	return c != nil && c.watch != nil && c.watch.stalled.Load()
}

// compareCalls orders calls of one name.
func compareCalls(a, b *call) int {
	if a == nil || b == nil || a == b {
		return 0
	}
	return cmp.Or(cmp.Compare(a.run.number, b.run.number), cmp.Compare(a.sum, b.sum))
}

var (
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errReset   = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)

// RoundTrip implements http.RoundTripper.
func (n *connection) RoundTrip(req *http.Request) (*http.Response, error) {
	if isDiscovery(req.URL.Path) {
		return n.discover(req)
	}
	if err := n.run.reach(req.Context(), req.Method+" "+req.URL.RequestURI()); err != nil {
		return nil, err
	}
	query := req.URL.Query()
	if !n.run.cluster.options.WatchList {
		if query.Get("sendInitialEvents") == "true" {
			n.run.refuseWatchList(req.URL.Path, query)
			return noWatchList(), nil
		}
		req = n.run.consistent(req, query)
	}
	c := &call{run: n.run, write: req.Method != http.MethodGet}
	c.Run = n.run.number
	c.Selective = query.Has("fieldSelector") || query.Has("labelSelector")
	ctx, cancel := context.WithCancel(context.WithValue(req.Context(), callKey{}, c))
	c.cancel = cancel
	n.run.track(c)
	if c.write {
		return n.write(ctx, req, c)
	}
	resp, err := n.next.RoundTrip(req.WithContext(ctx))
	if err == nil && isWatch(query) {
		resp.Body = n.run.open(c, resp.Body)
	} else {
		n.run.forget(c)
	}
	return n.hear(req.Context(), c, resp, err)
}

// discover asks what kinds there are, and never waits: a RESTMapper holds a mutex
// meanwhile, and who waits for a mutex counts as running, so that no step would ever end.
func (n *connection) discover(req *http.Request) (*http.Response, error) {
	if !n.run.is(linked) {
		return nil, errRefused
	}
	return n.next.RoundTrip(req)
}

// isDiscovery says that a path is /version, /api, /apis or a version of a group.
func isDiscovery(path string) bool {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch parts[0] {
	case "version":
		return true
	case "api":
		return len(parts) <= 2
	case "apis":
		return len(parts) <= 3
	}
	return false
}

// write sends a request that may change something. It goes on at the server when
// the process has given up or died, so another goroutine waits for the answer.
func (n *connection) write(ctx context.Context, req *http.Request, c *call) (*http.Response, error) {
	defer n.run.forget(c)
	body, err := readBody(req)
	if err != nil {
		return nil, err
	}
	c.Body, c.ContentType, c.sum = body, req.Header.Get("Content-Type"), hashOf(body)
	sent := req.WithContext(context.WithoutCancel(ctx))
	sent.Body = io.NopCloser(bytes.NewReader(body))
	type result struct {
		resp *http.Response
		err  error
	}
	answered := make(chan result, 1)
	n.run.cluster.send(func() {
		resp, err := n.next.RoundTrip(sent)
		answered <- result{resp, err}
	})
	select {
	case r := <-answered:
		return n.hear(req.Context(), c, r.resp, r.err)
	case <-ctx.Done():
		c.gone.Store(true)
		return n.hear(req.Context(), c, nil, cmp.Or(req.Context().Err(), error(errReset)))
	}
}

// send calls f in another goroutine: one that has called others before and whose
// stack has grown, if there is one, for to grow it takes longer than to start it.
func (c *Cluster) send(f func()) {
	select {
	case c.sends <- f:
	default:
		go c.sender(f)
	}
}

func (c *Cluster) sender(f func()) {
	for {
		f()
		select {
		case f = <-c.sends:
		case <-c.context.Done():
			return
		}
	}
}

// hear lets the process learn of an answer, if it still can.
func (n *connection) hear(ctx context.Context, c *call, resp *http.Response, err error) (*http.Response, error) {
	if lost := n.run.hears(ctx); lost != nil {
		resp, err = nil, lost
	}
	if c.known.Load() {
		n.run.cluster.noteAnswer(c, resp)
	}
	return resp, err
}

// noteAnswer records what a process heard, and leaves the response to be read.
func (c *Cluster) noteAnswer(call *call, resp *http.Response) {
	e := &Answered{At: c.now(), Call: &call.Call}
	if resp != nil {
		e.Code = resp.StatusCode
	}
	if e.Code >= http.StatusBadRequest || e.Code != 0 && call.Request.Verb == "list" {
		body, _ := io.ReadAll(resp.Body) // it is in memory
		resp.Body = io.NopCloser(bytes.NewReader(body))
		switch object, _, err := c.decoder.Decode(body, nil, nil); object := object.(type) {
		case *metav1.Status:
			e.Reason = string(object.Reason)
		default:
			if err == nil {
				e.List = object
			}
		}
	}
	c.gate.note(e)
}

func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

func hashOf(body []byte) uint64 {
	h := fnv.New64a()
	h.Write(body)
	return h.Sum64()
}

func isWatch(query url.Values) bool {
	w := query.Get("watch")
	return w == "true" || w == "1"
}

// refuseWatchList notes that a list will come in place of a stream. A stream begins
// with the newest state, and so must the list, although it asks for any.
func (r *run) refuseWatchList(path string, query url.Values) {
	if query.Get("resourceVersion") != "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.relists == nil {
		r.relists = make(map[string]int)
	}
	r.relists[selected(path, query)]++
}

// consistent makes a list that stands for a stream ask for the newest state.
func (r *run) consistent(req *http.Request, query url.Values) *http.Request {
	if query.Get("resourceVersion") != "0" || isWatch(query) {
		return req
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := selected(req.URL.Path, query)
	if r.relists[key] == 0 {
		return req
	}
	r.relists[key]--
	query.Del("resourceVersion")
	query.Del("resourceVersionMatch")
	query.Del("limit")
	req = req.Clone(req.Context())
	req.URL.RawQuery = query.Encode()
	return req
}

func selected(path string, query url.Values) string {
	return path + "?" + query.Get("fieldSelector") + "&" + query.Get("labelSelector")
}

// noWatchList is what an API server without streaming lists answers, after which a
// reflector lists. It puts what is streamed into a map and reads that in random
// order (client-go/tools/cache/reflector.go:watchList), so that no schedule could
// be repeated; a list is in the order of names.
func noWatchList() *http.Response {
	body, _ := json.Marshal(&metav1.Status{ // a Status has nothing that JSON lacks
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid,
		Message: "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
	})
	return &http.Response{
		Status: strconv.Itoa(http.StatusUnprocessableEntity), StatusCode: http.StatusUnprocessableEntity,
		Header:        http.Header{"Content-Type": {runtime.ContentTypeJSON}},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
	}
}
