package apiserver

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A transport is one client's connection to a server: an http.RoundTripper that
// serves each request in the goroutine that sends it.
type transport struct {
	server *Server
	actor  string

	mu     sync.Mutex
	served map[schema.GroupVersionResource]int64 // newest revision that a cache has served
}

// An answer is a response before it is HTTP. Either body or stream is set.
type answer struct {
	code   int
	media  string
	body   []byte
	stream *stream
}

// RoundTrip serves a request. Its errors are those of a connection.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	a, err := t.handle(ctx, req)
	if err != nil {
		cancel()
		return nil, err
	}
	resp := &http.Response{
		Status:     strconv.Itoa(a.code) + " " + http.StatusText(a.code),
		StatusCode: a.code,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {a.media}},
		ContentLength: -1,
		Request:       req,
	}
	if a.stream != nil {
		a.stream.cancel = cancel
		resp.Body = a.stream
		return resp, nil
	}
	cancel()
	resp.ContentLength = int64(len(a.body))
	resp.Body = io.NopCloser(bytes.NewReader(a.body))
	return resp, nil
}

// serve is RoundTrip over the network.
func (t *transport) serve(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	a, err := t.handle(ctx, req)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", a.media)
	w.WriteHeader(a.code)
	if a.stream == nil {
		_, _ = w.Write(a.body) // the client has gone: nothing to tell it
		return
	}
	a.stream.cancel = cancel
	defer a.stream.Close()
	for {
		_ = http.NewResponseController(w).Flush()
		frame, err := a.stream.next()
		if err != nil {
			if err != io.EOF {
				panic(http.ErrAbortHandler)
			}
			return
		}
		if _, err := w.Write(frame); err != nil {
			return
		}
	}
}

// client is who sends a request. rest.AddUserAgent appends the component to
// "<command>/<version> (<os>/<arch>) kubernetes/<commit>".
func (t *transport) client(userAgent string) Client {
	actor := t.actor
	if actor == "" {
		actor = "remote"
	}
	_, rest, _ := strings.Cut(userAgent, " kubernetes/")
	_, component, _ := strings.Cut(rest, "/")
	return Client{Actor: actor, Component: component}
}

// raise notes that the client has been served a kind as of a revision.
func (t *transport) raise(gvr schema.GroupVersionResource, revision int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.served == nil {
		t.served = make(map[schema.GroupVersionResource]int64)
	}
	t.served[gvr] = max(t.served[gvr], revision)
}

// atLeast returns the revision that a stale read is served at: not older than what
// the client has seen, as every API server's cache moves forward only.
func (t *transport) atLeast(gvr schema.GroupVersionResource, at int64) int64 {
	if at == 0 {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(at, t.served[gvr])
}

// Errors of a connection, as a client sees them.
func refused() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

func reset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}
