package process

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// withoutEvents is a layer of a connection that keeps events from the API server.
//
// Nothing acts on them, and what several goroutines of a process
// report at one instant, such as taint eviction's timers that end together, reaches
// the recorder in an order that no schedule could repeat. A recorder that creates an
// event is told that it is created; one that counts up an event is told that the
// event is gone, and creates it again.
func withoutEvents(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		switch {
		case !isEvent(req):
			return next.RoundTrip(req)
		case req.Method == http.MethodPost:
			return answer(req, http.StatusCreated)
		}
		return answer(req, http.StatusNotFound)
	})
}

func isEvent(req *http.Request) bool {
	return req.Method != http.MethodGet && strings.Contains(req.URL.Path+"/", "/events/")
}

// answer gives back what was sent, which is all that a recorder looks at.
func answer(req *http.Request, status int) (*http.Response, error) {
	defer req.Body.Close()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": req.Header["Content-Type"]},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       req,
	}, nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
