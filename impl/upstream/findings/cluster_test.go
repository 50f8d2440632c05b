package findings

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller/kubelet"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/impl/upstream/manager"
	"github.com/reconverge/reconverge/impl/upstream/scheduler"
)

// A finding is a schedule, and what it has shown.
type finding struct {
	*journal
	document sim.Document
	final    []corev1.Pod // when the schedule has ended
}

// play runs the schedule of a finding; what is seen must be what its page says.
func play(t *testing.T, name string) *finding {
	t.Helper()
	f := run(t, load(t, name))
	checkPage(t, name, f)
	return f
}

func load(t *testing.T, name string) sim.Document {
	t.Helper()
	d, err := sim.Load(filepath.Join("testdata", name+".yaml"))
	require.NoError(t, err)
	return d
}

// run starts the cluster of a schedule, waits until all its pods are ready, and takes
// the schedule's steps.
//
// Options of a document: nodes (names), eviction-rate (nodes a second; 0.1), evicted
// (the pod that the actor evictor asks to evict).
func run(t *testing.T, d sim.Document) *finding {
	t.Helper()
	f := &finding{journal: newJournal(), document: d}
	o := sim.Options{Server: apiserver.Options{Kinds: scheduler.Kinds()}, Recorders: []sim.Recorder{f.journal}}
	sim.Run(t, o, func(c *sim.Cluster) {
		boot(t, c, d)
		f.begin(c.Elapsed())
		for _, step := range d.Schedule {
			f.step(c.Elapsed(), step)
			require.NoError(t, c.Do(step))
		}
		f.final = pods(t, c)
	})
	return f
}

// boot starts all processes with Kubernetes' own times, and waits for the pods.
func boot(t *testing.T, c *sim.Cluster, d sim.Document) {
	t.Helper()
	require.NoError(t, c.ApplyYAML(d.Manifests))
	rate := 0.1
	if s := d.Options["eviction-rate"]; s != "" {
		var err error
		rate, err = strconv.ParseFloat(s, 32)
		require.NoError(t, err)
	}
	c.Start("kcm", func(config *rest.Config) (sim.Runnable, error) {
		return manager.New(config, manager.Options{NodeEvictionRate: float32(rate)})
	})
	c.Start("scheduler", func(config *rest.Config) (sim.Runnable, error) { return scheduler.New(config) })
	for _, node := range strings.Fields(d.Options["nodes"]) {
		machine := kubelet.NewMachine(node, nil)
		c.Start("kubelet-"+node, func(config *rest.Config) (sim.Runnable, error) {
			return kubelet.New(config, kubelet.Options{NodeName: node, Machine: machine})
		})
	}
	c.Register("submitter", submitter(d.Manifests))
	c.Register("evictor", evictor(d.Options["evicted"]))
	require.True(t, c.Settle(time.Minute, func() bool { return allReady(pods(t, c)) }), c.KubectlGetPods(""))
	c.Settle(10 * time.Second)
}

// submitter creates the bare pods of the manifests, again. It is a person whose
// requests wait for the schedule.
func submitter(manifests string) sim.Factory {
	return func(config *rest.Config) (sim.Runnable, error) {
		return suite.Once(config, func(ctx context.Context, client kubernetes.Interface) error {
			for text := range strings.SplitSeq(manifests, "---\n") {
				var pod corev1.Pod
				if err := yaml.Unmarshal([]byte(text), &pod); err != nil || pod.Kind != "Pod" {
					continue
				}
				_, _ = client.CoreV1().Pods(metav1.NamespaceDefault).Create(ctx, &pod, metav1.CreateOptions{})
			}
			return nil
		})
	}
}

// evictor asks for the eviction of a pod, once, and each of the writes that come of it
// waits for the schedule.
func evictor(pod string) sim.Factory {
	return func(config *rest.Config) (sim.Runnable, error) {
		return suite.Once(config, func(ctx context.Context, client kubernetes.Interface) error {
			return client.PolicyV1().Evictions(metav1.NamespaceDefault).Evict(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: pod}})
		})
	}
}

func pods(t *testing.T, c *sim.Cluster) []corev1.Pod {
	t.Helper()
	list, err := c.Client().CoreV1().Pods(metav1.NamespaceDefault).List(context.Background(), metav1.ListOptions{})
	require.NoError(t, err)
	return list.Items
}

func allReady(pods []corev1.Pod) bool {
	for _, p := range pods {
		if !isReady(&p) {
			return false
		}
	}
	return len(pods) > 0
}
