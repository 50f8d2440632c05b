package upstream_test

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/controller/kubelet"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/upstream/manager"
	"github.com/reconverge/reconverge/impl/upstream/scheduler"
)

// options are those of a cluster that has all that a scheduler looks at.
func options(recorders ...sim.Recorder) sim.Options {
	return sim.Options{Server: apiserver.Options{Kinds: scheduler.Kinds()}, Recorders: recorders}
}

// startControlPlane starts Kubernetes' controller manager and scheduler, and a kubelet
// of this tree for each node.
func startControlPlane(c *sim.Cluster, nodes ...string) {
	c.Start("kcm", func(config *rest.Config) (sim.Runnable, error) {
		return manager.New(config, manager.Options{})
	})
	c.Start("scheduler", func(config *rest.Config) (sim.Runnable, error) { return scheduler.New(config) })
	for _, node := range nodes {
		machine := kubelet.NewMachine(node, nil)
		c.Start("kubelet-"+node, func(config *rest.Config) (sim.Runnable, error) {
			return kubelet.New(config, kubelet.Options{NodeName: node, Machine: machine})
		})
	}
}

func webManifest(replicas int) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web}
spec:
  replicas: %d
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
`, replicas)
}

// cluster starts a control plane with two nodes, and a ReplicaSet.
func cluster(c *sim.Cluster, replicas int) {
	if err := c.ApplyYAML(webManifest(replicas)); err != nil {
		panic(sim.Failure{Err: err})
	}
	startControlPlane(c, "node-a", "node-b")
}

func pods(c *sim.Cluster) []corev1.Pod {
	list, err := c.Client().CoreV1().Pods("default").List(context.Background(), metav1.ListOptions{})
	if err != nil {
		panic(sim.Failure{Err: err})
	}
	return list.Items
}

// ready says that so many pods of the ReplicaSet are ready, as its status has it.
func ready(c *sim.Cluster, n int) func() bool {
	return func() bool {
		set, err := c.Client().AppsV1().ReplicaSets("default").Get(context.Background(), "web", metav1.GetOptions{})
		return err == nil && int(set.Status.ReadyReplicas) == n
	}
}
