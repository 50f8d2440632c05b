package apiserver_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"
)

// TestWatchFoldsToList draws histories of pods, and watches from any revision with
// any selector: what a watch says of the set it began with is the set that a list
// finds in the end, for either format and either way to begin.
func TestWatchFoldsToList(t *testing.T) {
	selectors := []metav1.ListOptions{
		{}, {LabelSelector: "app=web"}, {LabelSelector: "app!=web"}, {FieldSelector: "status.phase=Running"},
		{FieldSelector: "spec.nodeName=n1"}, {FieldSelector: "metadata.name=a"}, {LabelSelector: "app", FieldSelector: "spec.nodeName="},
	}
	rapid.Check(t, func(t *rapid.T) {
		s, err := apiserver.New(apiserver.Options{Bookmarks: time.Millisecond})
		require.NoError(t, err)
		config := s.Config("test")
		config.ContentType = rapid.SampledFrom([]string{inJSON, inProtobuf}).Draw(t, "format")
		c, err := kubernetes.NewForConfig(config)
		require.NoError(t, err)
		revisions := []string{"1"}
		for range rapid.IntRange(0, 25).Draw(t, "writes") {
			drawWrite(t, c)
			l, err := c.CoreV1().Pods("default").List(context.Background(), metav1.ListOptions{})
			require.NoError(t, err)
			revisions = append(revisions, l.ResourceVersion)
		}
		o := rapid.SampledFrom(selectors).Draw(t, "selector")
		from := rapid.SampledFrom(revisions).Draw(t, "from")
		want, err := c.CoreV1().Pods("default").List(context.Background(), o)
		require.NoError(t, err)

		set := map[string]string{}
		watching := o
		watching.AllowWatchBookmarks = true
		if from != "1" && rapid.Bool().Draw(t, "list first") {
			exact := o
			exact.ResourceVersion, exact.ResourceVersionMatch = from, metav1.ResourceVersionMatchExact
			before, err := c.CoreV1().Pods("default").List(context.Background(), exact)
			require.NoError(t, err)
			set, watching.ResourceVersion = setOf(before), from
		} else if rapid.Bool().Draw(t, "from the beginning") {
			watching.ResourceVersion = "1"
		}
		w, err := c.CoreV1().Pods("default").Watch(context.Background(), watching)
		require.NoError(t, err)
		defer w.Stop()
		fold(t, set, w, want)
	})
}

// drawWrite makes one write to one of three pods, which may fail.
func drawWrite(t *rapid.T, c kubernetes.Interface) {
	ctx, pods := context.Background(), c.CoreV1().Pods("default")
	name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name")
	switch rapid.SampledFrom([]string{"create", "label", "bind", "phase", "delete"}).Draw(t, "write") {
	case "create":
		p := newPod(name)
		p.Labels["app"] = rapid.SampledFrom([]string{"web", "db"}).Draw(t, "app")
		_, _ = pods.Create(ctx, p, metav1.CreateOptions{})
	case "label":
		app := rapid.SampledFrom([]string{`"web"`, `"db"`, "null"}).Draw(t, "app")
		_, _ = pods.Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"labels":{"app":`+app+`}}}`), metav1.PatchOptions{})
	case "bind":
		_ = pods.Bind(ctx, &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: name}, Target: corev1.ObjectReference{Name: "n1"}}, metav1.CreateOptions{})
	case "phase":
		phase := rapid.SampledFrom([]string{"Running", "Failed"}).Draw(t, "phase")
		_, _ = pods.Patch(ctx, name, types.MergePatchType, []byte(`{"status":{"phase":"`+phase+`"}}`), metav1.PatchOptions{}, "status")
	case "delete":
		_ = pods.Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: ptr.To(rapid.Int64Range(0, 1).Draw(t, "grace"))})
	}
}

func setOf(l *corev1.PodList) map[string]string {
	set := map[string]string{}
	for _, p := range l.Items {
		set[p.Name] = p.ResourceVersion
	}
	return set
}

// fold applies events, checking that each makes sense where it stands, until a
// bookmark promises that all have come.
func fold(t *rapid.T, set map[string]string, w watch.Interface, want *corev1.PodList) {
	last := int64(0)
	for e := range w.ResultChan() {
		p := e.Object.(*corev1.Pod)
		rv, err := strconv.ParseInt(p.ResourceVersion, 10, 64)
		require.NoError(t, err)
		_, known := set[p.Name]
		switch e.Type {
		case watch.Added:
			require.False(t, known, "%s added twice", p.Name)
			set[p.Name] = p.ResourceVersion
		case watch.Modified:
			require.True(t, known, "%s modified before it was added", p.Name)
			require.Greater(t, rv, last)
			set[p.Name] = p.ResourceVersion
		case watch.Deleted:
			require.True(t, known, "%s deleted before it was added", p.Name)
			require.Greater(t, rv, last)
			delete(set, p.Name)
		case watch.Bookmark:
			if p.ResourceVersion == want.ResourceVersion {
				require.Equal(t, setOf(want), set)
				return
			}
		default:
			t.Fatalf("unexpected event %v", e)
		}
		last = max(last, rv)
	}
	t.Fatalf("the watch ended")
}

func TestWatchList(t *testing.T) {
	for _, contentType := range []string{inJSON, inProtobuf} {
		ctx := context.Background()
		c := clientset(t, newServer(t, apiserver.Options{}), contentType)
		pods := c.CoreV1().Pods("default")
		for _, name := range []string{"b", "a"} {
			_, err := pods.Create(ctx, newPod(name), metav1.CreateOptions{})
			require.NoError(t, err)
		}
		w, err := pods.Watch(ctx, metav1.ListOptions{
			SendInitialEvents: ptr.To(true), AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
		})
		require.NoError(t, err)
		defer w.Stop()
		var got []string
		for range 3 {
			e := <-w.ResultChan()
			p := e.Object.(*corev1.Pod)
			got = append(got, fmt.Sprint(e.Type, p.Name, p.ResourceVersion, p.Annotations[metav1.InitialEventsAnnotationKey]))
		}
		require.Equal(t, []string{"ADDEDa3", "ADDEDb2", "BOOKMARK3true"}, got)
		touch(t, c, "a")
		e := <-w.ResultChan()
		require.Equal(t, watch.Modified, e.Type)
		require.Equal(t, "4", e.Object.(*corev1.Pod).ResourceVersion)
	}
}

func TestBookmarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clientset(t, newServer(t, apiserver.Options{Bookmarks: time.Minute}), inProtobuf)
		w, err := c.CoreV1().Pods("default").Watch(t.Context(), metav1.ListOptions{AllowWatchBookmarks: true, LabelSelector: "none"})
		require.NoError(t, err)
		_, err = c.CoreV1().Pods("default").Create(t.Context(), newPod("a"), metav1.CreateOptions{})
		require.NoError(t, err)
		start := time.Now()
		e := <-w.ResultChan()
		require.Equal(t, watch.Bookmark, e.Type)
		require.Equal(t, "2", e.Object.(*corev1.Pod).ResourceVersion)
		require.Equal(t, time.Minute, time.Since(start))
		w.Stop()
	})
}

func TestWatchTimeouts(t *testing.T) {
	for _, honoured := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := clientset(t, newServer(t, apiserver.Options{WatchTimeouts: honoured}), inProtobuf)
			w, err := c.CoreV1().Pods("default").Watch(t.Context(), metav1.ListOptions{TimeoutSeconds: ptr.To[int64](5)})
			require.NoError(t, err)
			time.Sleep(6 * time.Second)
			synctest.Wait()
			select {
			case _, open := <-w.ResultChan():
				require.False(t, open)
				require.True(t, honoured)
			default:
				require.False(t, honoured)
			}
			w.Stop()
		})
	}
}

func TestPages(t *testing.T) {
	ctx := context.Background()
	c := clientset(t, newServer(t, apiserver.Options{}), inProtobuf)
	pods := c.CoreV1().Pods("default")
	for i := range 7 {
		p := newPod(fmt.Sprintf("p%d", i))
		p.Labels["odd"] = fmt.Sprint(i % 2)
		_, err := pods.Create(ctx, p, metav1.CreateOptions{})
		require.NoError(t, err)
	}
	for selector, want := range map[string]string{"": "p0 p1 p2 p3 p4 p5 p6", "odd=1": "p1 p3 p5", "odd=0": "p0 p2 p4 p6", "odd=2": ""} {
		var names []string
		o := metav1.ListOptions{Limit: 2, LabelSelector: selector}
		for first := true; first || o.Continue != ""; first = false {
			l, err := pods.List(ctx, o)
			require.NoError(t, err)
			require.LessOrEqual(t, len(l.Items), 2)
			require.Equal(t, selector == "" && l.Continue != "", l.RemainingItemCount != nil)
			if l.RemainingItemCount != nil {
				require.EqualValues(t, 7-len(names)-len(l.Items), *l.RemainingItemCount)
			}
			for _, p := range l.Items {
				names = append(names, p.Name)
			}
			if first { // what comes later is no part of the snapshot
				p := newPod("p9")
				p.Labels["odd"] = "1"
				_, err := pods.Create(ctx, p, metav1.CreateOptions{})
				require.NoError(t, err)
			}
			o.Continue = l.Continue
		}
		require.Equal(t, want, strings.Join(names, " "), "selector %q", selector)
		require.NoError(t, pods.Delete(ctx, "p9", metav1.DeleteOptions{}))
	}
}

func TestMetadataOnly(t *testing.T) {
	for _, contentType := range []string{inJSON, inProtobuf} {
		ctx := context.Background()
		s := newServer(t, apiserver.Options{})
		pods := clientset(t, s, contentType).CoreV1().Pods("default")
		p, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
		require.NoError(t, err)
		config := s.Config("test")
		c, err := metadata.NewForConfig(config)
		require.NoError(t, err)
		r := c.Resource(corev1.SchemeGroupVersion.WithResource("pods")).Namespace("default")
		got, err := r.Get(ctx, "a", metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, p.UID, got.UID)
		l, err := r.List(ctx, metav1.ListOptions{})
		require.NoError(t, err)
		require.Equal(t, p.UID, l.Items[0].UID)
		w, err := r.Watch(ctx, metav1.ListOptions{})
		require.NoError(t, err)
		e := <-w.ResultChan()
		require.Equal(t, p.UID, e.Object.(*metav1.PartialObjectMetadata).UID)
		w.Stop()
	}
}
