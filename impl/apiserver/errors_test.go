package apiserver_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/apiserver/store"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// TestBadRequests holds what goes wrong in a request itself against the status of a
// real API server.
func TestBadRequests(t *testing.T) {
	const pods = "/api/v1/namespaces/default/pods"
	for name, r := range map[string]struct {
		method, path, contentType, accept, body string
		code                                    int
		reason                                  metav1.StatusReason
	}{
		"an unknown kind":              {method: "GET", path: "/api/v1/namespaces/default/things", code: 404},
		"an unknown group":             {method: "GET", path: "/apis/example.com/v1/things", code: 404},
		"an unknown subresource":       {method: "GET", path: pods + "/a/thing", code: 404, reason: metav1.StatusReasonNotFound},
		"a namespace of a node":        {method: "GET", path: "/api/v1/namespaces/default/nodes/a", code: 404},
		"malformed JSON":               {method: "POST", path: pods, body: `{"metadata":`, code: 400, reason: metav1.StatusReasonBadRequest},
		"no protobuf":                  {method: "POST", path: pods, contentType: inProtobuf, body: `{}`, code: 400, reason: metav1.StatusReasonBadRequest},
		"broken protobuf":              {method: "POST", path: pods, contentType: inProtobuf, body: "k8s\x00\xff\xff", code: 400, reason: metav1.StatusReasonBadRequest},
		"another kind":                 {method: "POST", path: pods, body: `{"kind":"Node","apiVersion":"v1"}`, code: 400, reason: metav1.StatusReasonBadRequest},
		"another namespace":            {method: "POST", path: pods, body: `{"metadata":{"name":"a","namespace":"other"}}`, code: 400, reason: metav1.StatusReasonBadRequest},
		"no namespace":                 {method: "POST", path: "/api/v1/pods", body: `{"metadata":{"name":"a"}}`, code: 405, reason: metav1.StatusReasonMethodNotAllowed},
		"of all namespaces":            {method: "DELETE", path: "/api/v1/pods", code: 405, reason: metav1.StatusReasonMethodNotAllowed},
		"a revision of what is new":    {method: "POST", path: pods, body: `{"metadata":{"name":"a","resourceVersion":"7"}}`, code: 400, reason: metav1.StatusReasonBadRequest},
		"another name":                 {method: "PUT", path: pods + "/a", body: `{"metadata":{"name":"b"}}`, code: 400, reason: metav1.StatusReasonBadRequest},
		"10 MB":                        {method: "POST", path: pods, body: `"` + strings.Repeat("x", 10<<20) + `"`, code: 413, reason: metav1.StatusReasonRequestEntityTooLarge},
		"no content type we know":      {method: "POST", path: pods, contentType: "text/csv", body: `a,b`, code: 415, reason: metav1.StatusReasonUnsupportedMediaType},
		"no patch type we know":        {method: "PATCH", path: pods + "/a", contentType: inJSON, body: `{}`, code: 415, reason: metav1.StatusReasonUnsupportedMediaType},
		"a patch that is no JSON":      {method: "PATCH", path: pods + "/a", contentType: "application/merge-patch+json", body: `[`, code: 400, reason: metav1.StatusReasonBadRequest},
		"no format we know":            {method: "GET", path: pods, accept: "text/csv", code: 406, reason: metav1.StatusReasonNotAcceptable},
		"a method that is not there":   {method: "POST", path: pods + "/a", code: 405, reason: metav1.StatusReasonMethodNotAllowed},
		"a resource version of words":  {method: "GET", path: pods + "?resourceVersion=new", code: 400, reason: metav1.StatusReasonBadRequest},
		"a match without a version":    {method: "GET", path: pods + "?resourceVersionMatch=Exact", code: 422, reason: metav1.StatusReasonInvalid},
		"an unknown match":             {method: "GET", path: pods + "?resourceVersion=1&resourceVersionMatch=Near", code: 422, reason: metav1.StatusReasonInvalid},
		"a label selector of nonsense": {method: "GET", path: pods + "?labelSelector=,,", code: 400, reason: metav1.StatusReasonBadRequest},
		"a field that is not selected": {method: "GET", path: pods + "?fieldSelector=spec.x%3D1", code: 400, reason: metav1.StatusReasonBadRequest},
		"a token of nonsense":          {method: "GET", path: pods + "?continue=x", code: 400, reason: metav1.StatusReasonBadRequest},
		"initial events of any age":    {method: "GET", path: pods + "?watch=1&sendInitialEvents=true", code: 422, reason: metav1.StatusReasonInvalid},
		"an impossible delete":         {method: "DELETE", path: pods + "/a", body: `{"propagationPolicy":"Sideways"}`, code: 422, reason: metav1.StatusReasonInvalid},
		"the wrong options":            {method: "DELETE", path: pods + "/a", body: `{"kind":"Pod","apiVersion":"v1"}`, code: 400, reason: metav1.StatusReasonBadRequest},
		"a dry run":                    {method: "POST", path: pods + "?dryRun=All", body: `{}`, code: 400, reason: metav1.StatusReasonBadRequest},
		"a dry run in the options":     {method: "DELETE", path: pods + "/a", body: `{"dryRun":["All"]}`, code: 400, reason: metav1.StatusReasonBadRequest},
		"a strict unknown field":       {method: "POST", path: pods + "?fieldValidation=Strict", body: `{"metadata":{"nam":"a"}}`, code: 400, reason: metav1.StatusReasonBadRequest},
		"a strict repeated YAML key":   {method: "POST", path: pods + "?fieldValidation=Strict", contentType: "application/yaml", body: "metadata: {name: a, name: a}", code: 400, reason: metav1.StatusReasonBadRequest},
		"a validation that is none":    {method: "POST", path: pods + "?fieldValidation=Some", body: `{"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"i"}]}}`, code: 422, reason: metav1.StatusReasonInvalid},
		"an update that is validated":  {method: "PUT", path: pods + "/a?fieldValidation=Some", body: `{}`, code: 422, reason: metav1.StatusReasonInvalid},
		"a manager's name of any size": {method: "PATCH", path: pods + "/a?fieldManager=" + strings.Repeat("x", 200), contentType: mergePatch, body: `{}`, code: 422, reason: metav1.StatusReasonInvalid},
		"a patch by force":             {method: "PATCH", path: pods + "/a?force=true", contentType: mergePatch, body: `{}`, code: 422, reason: metav1.StatusReasonInvalid},
		"a content type of nonsense":   {method: "POST", path: pods, contentType: ";;;", body: `{}`, code: 415, reason: metav1.StatusReasonUnsupportedMediaType},
		"a parameter without value":    {method: "POST", path: pods, contentType: inJSON + "; charset", body: `{}`, code: 415, reason: metav1.StatusReasonUnsupportedMediaType},
		"a patch of no type":           {method: "PATCH", path: pods + "/a", body: `{}`, code: 415, reason: metav1.StatusReasonUnsupportedMediaType},
		"a patch of many operations":   {method: "PATCH", path: pods + "/a", contentType: "application/json-patch+json", body: "[{}" + strings.Repeat(",{}", 10_000) + "]", code: 413, reason: metav1.StatusReasonRequestEntityTooLarge},
		"a limit of words":             {method: "GET", path: pods + "?limit=all", code: 400, reason: metav1.StatusReasonBadRequest},
		"a timeout of words":           {method: "GET", path: pods + "?watch=1&timeoutSeconds=long", code: 400, reason: metav1.StatusReasonBadRequest},
		"a list that streams":          {method: "GET", path: pods + "?sendInitialEvents=true", code: 422, reason: metav1.StatusReasonInvalid},
		"a match of a token":           {method: "GET", path: pods + "?continue=x&resourceVersion=1&resourceVersionMatch=Exact", code: 422, reason: metav1.StatusReasonInvalid},
		"to read an eviction":          {method: "GET", path: pods + "/a/eviction", code: 405, reason: metav1.StatusReasonMethodNotAllowed},
		"to evict from elsewhere":      {method: "POST", path: pods + "/a/eviction", body: `{"metadata":{"name":"a","namespace":"other"}}`, code: 400, reason: metav1.StatusReasonBadRequest},
		"to bind elsewhere":            {method: "POST", path: pods + "/a/binding", body: `{"metadata":{"name":"a","namespace":"other"},"target":{"name":"n"}}`, code: 400, reason: metav1.StatusReasonBadRequest},
		"to evict in a strange way":    {method: "POST", path: pods + "/a/eviction", body: `{"metadata":{"name":"a"},"deleteOptions":{"propagationPolicy":"Sideways"}}`, code: 422, reason: metav1.StatusReasonInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, apiserver.Options{})
			req, err := http.NewRequest(r.method, "http://x"+r.path, strings.NewReader(r.body))
			require.NoError(t, err)
			req.Header.Set("Content-Type", r.contentType)
			req.Header.Set("Accept", r.accept)
			resp, err := s.Config("test").Transport.RoundTrip(req)
			require.NoError(t, err)
			require.Equal(t, r.code, resp.StatusCode)
			var body bytes.Buffer
			_, err = body.ReadFrom(resp.Body)
			require.NoError(t, err)
			if r.reason != "" {
				require.Contains(t, body.String(), `"kind":"Status"`)
				require.Contains(t, body.String(), `"reason":"`+string(r.reason)+`"`)
			}
		})
	}
}

const mergePatch = "application/merge-patch+json"

// What looks odd in a request, and is served by a real API server.
func TestOddRequests(t *testing.T) {
	const pods = "/api/v1/namespaces/default/pods"
	for name, r := range map[string]struct {
		method, path, contentType, body string
		code                            int
		shows                           string
	}{
		"a negative limit":               {method: "GET", path: pods + "?limit=-1", code: 200, shows: `"kind":"PodList"`},
		"a watch of any value":           {method: "GET", path: pods + "?watch=yes", code: 200, shows: `"type":"ADDED"`},
		"a watch without a value":        {method: "GET", path: pods + "?watch", code: 200, shows: `"type":"ADDED"`},
		"no watch":                       {method: "GET", path: pods + "?watch=FALSE", code: 200, shows: `"kind":"PodList"`},
		"a watch of one":                 {method: "GET", path: pods + "/a?watch=1", code: 200, shows: `"kind":"Pod"`},
		"an unknown parameter":           {method: "GET", path: pods + "?x=y", code: 200, shows: `"kind":"PodList"`},
		"pods on their node's network":   {method: "GET", path: pods + "?fieldSelector=spec.hostNetwork%3Dtrue", code: 200, shows: `"items":[]`},
		"pods without an address":        {method: "GET", path: pods + "?fieldSelector=status.podIP%3D", code: 200, shows: `"name":"a"`},
		"a kind without its version":     {method: "POST", path: pods, body: `{"kind":"Pod","metadata":{"name":"b"},"spec":{"containers":[{"name":"c","image":"i"}]}}`, code: 201},
		"a repeated field":               {method: "POST", path: pods, body: `{"metadata":{"name":"x","name":"b"},"spec":{"containers":[{"name":"c","image":"i"}]}}`, code: 201, shows: `"name":"b"`},
		"a patch without a revision":     {method: "PATCH", path: pods + "/a", contentType: mergePatch, body: `{"metadata":{"resourceVersion":null,"labels":{"x":"y"}}}`, code: 200, shows: `"x":"y"`},
		"a patch that keeps no kind":     {method: "PATCH", path: pods + "/a", contentType: mergePatch, body: `{"kind":null,"metadata":{"labels":{"x":"y"}}}`, code: 200, shows: `"x":"y"`},
		"a patch that is null":           {method: "PATCH", path: pods + "/a", contentType: mergePatch, body: `null`, code: 400},
		"a patch of a field's type":      {method: "PATCH", path: pods + "/a", contentType: mergePatch, body: `{"spec":{"containers":5}}`, code: 422, shows: "patch: Invalid value"},
		"a patch of the whole's type":    {method: "PATCH", path: pods + "/a", contentType: mergePatch, body: `{"kind":"Pod","spec":5}`, code: 422, shows: "patch: Invalid value"},
		"a patch with an unknown field":  {method: "PATCH", path: pods + "/a?fieldValidation=Strict", contentType: mergePatch, body: `{"spec":{"x":5}}`, code: 422, shows: "unknown field"},
		"a patch with a field to ignore": {method: "PATCH", path: pods + "/a", contentType: mergePatch, body: `{"spec":{"x":5}}`, code: 200},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, apiserver.Options{})
			_, err := clientset(t, s, inJSON).CoreV1().Pods("default").Create(context.Background(), newPod("a"), metav1.CreateOptions{})
			require.NoError(t, err)
			req, err := http.NewRequest(r.method, "http://x"+r.path, strings.NewReader(r.body))
			require.NoError(t, err)
			req.Header.Set("Content-Type", r.contentType)
			resp, err := s.Config("test").Transport.RoundTrip(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			body := make([]byte, 4096)
			n, err := resp.Body.Read(body) // a watch does not end
			require.NoError(t, err)
			require.Equal(t, r.code, resp.StatusCode, "%s", body[:n])
			require.Contains(t, string(body[:n]), r.shows)
		})
	}
}

func TestInvalidObjects(t *testing.T) {
	ctx := context.Background()
	c := clientset(t, newServer(t, apiserver.Options{}), inProtobuf)
	pods, sets := c.CoreV1().Pods("default"), c.AppsV1().ReplicaSets("default")
	owner := func(uid types.UID) metav1.OwnerReference {
		return metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: uid, Controller: ptr.To(true)}
	}
	for name, change := range map[string]func(p *corev1.Pod){
		"a name that is no DNS name": func(p *corev1.Pod) { p.Name = "Not_A_Name" },
		"no name":                    func(p *corev1.Pod) { p.Name = "" },
		"a label that is none":       func(p *corev1.Pod) { p.Labels = map[string]string{"a b": "c"} },
		"two controllers":            func(p *corev1.Pod) { p.OwnerReferences = []metav1.OwnerReference{owner("1"), owner("2")} },
		"no containers":              func(p *corev1.Pod) { p.Spec.Containers = nil },
		"a finalizer without domain": func(p *corev1.Pod) { p.Finalizers = []string{"x y"} },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPod("a")
			change(p)
			_, err := pods.Create(ctx, p, metav1.CreateOptions{})
			require.True(t, apierrors.IsInvalid(err), "%v", err)
		})
	}

	p, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
	require.True(t, apierrors.IsAlreadyExists(err), "%v", err)
	for name, change := range map[string]func(p *corev1.Pod){
		"nodeName":             func(p *corev1.Pod) { p.Spec.NodeName = "n" },
		"a container's name":   func(p *corev1.Pod) { p.Spec.Containers[0].Name = "other" },
		"a toleration removed": func(p *corev1.Pod) { p.Spec.Tolerations = p.Spec.Tolerations[1:] },
		"deletionTimestamp":    func(p *corev1.Pod) { p.DeletionTimestamp = ptr.To(metav1.Now()) },
	} {
		t.Run("changed "+name, func(t *testing.T) {
			q := p.DeepCopy()
			change(q)
			_, err := pods.Update(ctx, q, metav1.UpdateOptions{})
			require.True(t, apierrors.IsInvalid(err), "%v", err)
		})
	}
	p.Spec.Containers[0].Image = "web:2"
	p.Spec.Tolerations = append(p.Spec.Tolerations, corev1.Toleration{Key: "k", Operator: corev1.TolerationOpExists})
	_, err = pods.Update(ctx, p, metav1.UpdateOptions{})
	require.NoError(t, err, "images and more tolerations may change")

	rs, err := sets.Create(ctx, newReplicaSet("web", 1), metav1.CreateOptions{})
	require.NoError(t, err)
	rs.Spec.Selector.MatchLabels["x"], rs.Spec.Template.Labels["x"] = "y", "y"
	_, err = sets.Update(ctx, rs, metav1.UpdateOptions{})
	require.True(t, apierrors.IsInvalid(err), "the selector is immutable: %v", err)
	_, err = sets.Create(ctx, newReplicaSet("negative", -1), metav1.CreateOptions{})
	require.True(t, apierrors.IsInvalid(err), "%v", err)
}

func TestRevisionsOutOfReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c := clientset(t, newServer(t, apiserver.Options{Store: &store.Memory{History: 4}}), inProtobuf)
		pods := c.CoreV1().Pods("default")
		first, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
		require.NoError(t, err)

		start := time.Now()
		for _, o := range []metav1.ListOptions{
			{ResourceVersion: "1000"}, {ResourceVersion: "1000", ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan},
			{ResourceVersion: "1000", ResourceVersionMatch: metav1.ResourceVersionMatchExact},
		} {
			_, err = pods.List(ctx, o)
			require.True(t, apierrors.IsTimeout(err), "%v", err)
			require.True(t, apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge))
		}
		_, err = pods.Get(ctx, "a", metav1.GetOptions{ResourceVersion: "1000"})
		require.True(t, apierrors.IsTimeout(err), "%v", err)
		require.Positive(t, time.Since(start), "it waits for the revision first")
		w, err := pods.Watch(ctx, metav1.ListOptions{
			ResourceVersion: "1000", ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan, SendInitialEvents: ptr.To(true),
		})
		require.NoError(t, err)
		require.True(t, apierrors.IsTimeout(apierrors.FromObject((<-w.ResultChan()).Object)))

		for range 10 {
			touch(t, c, "a")
		}
		w, err = pods.Watch(ctx, metav1.ListOptions{ResourceVersion: first.ResourceVersion})
		require.NoError(t, err)
		require.True(t, apierrors.IsResourceExpired(apierrors.FromObject((<-w.ResultChan()).Object)))
		_, err = pods.List(ctx, metav1.ListOptions{ResourceVersion: first.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact})
		require.True(t, apierrors.IsResourceExpired(err), "%v", err)
	})
}

// touch changes a pod.
func touch(t testing.TB, c kubernetes.Interface, name string) *corev1.Pod {
	t.Helper()
	pods := c.CoreV1().Pods("default")
	p, err := pods.Get(context.Background(), name, metav1.GetOptions{})
	require.NoError(t, err)
	p.Annotations = map[string]string{"touched": p.ResourceVersion}
	p, err = pods.Update(context.Background(), p, metav1.UpdateOptions{})
	require.NoError(t, err)
	return p
}

var errTest = errors.New("a fault of the test")
