package apiserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// FuzzBodies sends any body to every kind of request that has one: whatever it is,
// the server answers, with a Status if it refuses, and never blames itself.
func FuzzBodies(f *testing.F) {
	const pods, sets = "/api/v1/namespaces/default/pods", "/apis/apps/v1/namespaces/default/replicasets"
	routes := []struct{ method, path, contentType string }{
		{"POST", pods, inJSON}, {"POST", pods, inProtobuf}, {"POST", sets, inJSON},
		{"POST", "/api/v1/nodes", inJSON}, {"POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", inJSON},
		{"POST", pods + "/a/binding", inJSON}, {"POST", pods + "/a/eviction", inJSON},
		{"PUT", pods + "/a", inJSON}, {"PUT", pods + "/a/status", inJSON},
		{"PATCH", pods + "/a", "application/json-patch+json"}, {"PATCH", pods + "/a", "application/merge-patch+json"},
		{"PATCH", pods + "/a", "application/strategic-merge-patch+json"}, {"PATCH", pods + "/a/status", "application/strategic-merge-patch+json"},
		{"DELETE", pods + "/a", inJSON}, {"DELETE", pods, inJSON},
	}
	for i := range routes {
		for _, body := range []string{
			`{"metadata":{"name":"a","labels":{"app":"web"}},"spec":{"containers":[{"name":"main","image":"web:1"}]}}`,
			`{"metadata":{"name":"a"},"target":{"name":"n"}}`,
			`{"spec":{"containers":[{"$patch":"delete","name":"main"}],"$setElementOrder/containers":[{"name":"main"}]}}`,
			`{"metadata":{"finalizers":["a/b"],"$deleteFromPrimitiveList/finalizers":["a/b"]},"status":{"$retainKeys":["phase"]}}`,
			`[{"op":"test","path":"/metadata/name","value":"a"},{"op":"replace","path":"/spec/containers/0/image","value":"x"},{"op":"remove","path":"/status"}]`,
			`{"gracePeriodSeconds":-1,"propagationPolicy":"Orphan","preconditions":{"uid":"x"}}`,
			"k8s\x00\n\x09\n\x02v1\x12\x03Pod\x12\x03\n\x01a", `[[`, `{"metadata":null}`, ``,
		} {
			f.Add(byte(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, route byte, body []byte) {
		s := newServer(t, apiserver.Options{})
		_, err := clientset(t, s, inJSON).CoreV1().Pods("default").Create(context.Background(), newPod("a"), metav1.CreateOptions{})
		require.NoError(t, err)
		r := routes[int(route)%len(routes)]
		req, err := http.NewRequest(r.method, "http://x"+r.path, bytes.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", r.contentType)
		resp, err := s.Config("test").Transport.RoundTrip(req)
		require.NoError(t, err)
		var answer struct {
			Kind, Message string
			Code          int
		}
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
		require.Less(t, resp.StatusCode, http.StatusInternalServerError, answer.Message)
		if resp.StatusCode >= http.StatusBadRequest {
			require.Equal(t, "Status", answer.Kind)
			require.Equal(t, resp.StatusCode, answer.Code)
		}
	})
}
