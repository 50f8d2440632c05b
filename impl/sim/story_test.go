package sim_test

import (
	"context"
	"fmt"
	"time"

	"github.com/reconverge/reconverge/impl/controller/kubelet"
	"github.com/reconverge/reconverge/impl/controller/manager"
	"github.com/reconverge/reconverge/impl/controller/scheduler"
	"github.com/reconverge/reconverge/impl/sim"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// startControlPlane starts the processes of a cluster: a controller manager, a
// scheduler, and a kubelet for each node.
func startControlPlane(c *sim.Cluster, nodes ...string) {
	c.Start("kcm", func(config *rest.Config) (sim.Runnable, error) {
		return manager.New(config, manager.Options{})
	})
	c.Start("scheduler", func(config *rest.Config) (sim.Runnable, error) {
		return scheduler.New(config, scheduler.Options{})
	})
	for _, node := range nodes {
		machine := kubelet.NewMachine(node, nil)
		c.Start("kubelet-"+node, func(config *rest.Config) (sim.Runnable, error) {
			return kubelet.New(config, kubelet.Options{NodeName: node, Machine: machine})
		})
	}
}

func ready(c *sim.Cluster, n int) func() bool {
	return func() bool {
		set, err := c.Client().AppsV1().ReplicaSets("default").Get(context.Background(), "web", metav1.GetOptions{})
		return err == nil && int(set.Status.ReadyReplicas) == n
	}
}

// nodeFails is the story of a node that dies: its pods are marked, evicted, replaced,
// and collected when an administrator deletes the Node. It takes ten virtual minutes.
func nodeFails(c *sim.Cluster, say func(...any)) {
	c.Apply(web(3))
	startControlPlane(c, "node-a", "node-b")
	say("ready:", c.Settle(time.Minute, ready(c, 3)))
	say(c.KubectlGetPods("default"))

	c.Crash("kubelet-node-a")
	c.Settle(7 * time.Minute)
	say(c.KubectlGetPods("default"))

	if err := c.Do(sim.Step{Verb: sim.User, Target: "delete nodes node-a"}); err != nil {
		panic(err)
	}
	c.Settle(10*time.Minute - c.Elapsed())
	say(c.KubectlGetPods("default"))
}

func Example() {
	err := sim.Open(sim.Options{}, func(c *sim.Cluster) {
		nodeFails(c, func(words ...any) { fmt.Println(words...) })
	})
	fmt.Println(err)
	// Output:
	// ready: true
	// NAME        READY   STATUS    RESTARTS   AGE   NODE
	// web-bbbbb   1/1     Running   0          3s    node-a
	// web-bbbbc   1/1     Running   0          3s    node-b
	// web-bbbbd   1/1     Running   0          3s    node-a
	//
	// NAME        READY   STATUS        RESTARTS   AGE    NODE
	// web-bbbbb   1/1     Terminating   0          7m3s   node-a
	// web-bbbbc   1/1     Running       0          7m3s   node-b
	// web-bbbbd   1/1     Terminating   0          7m3s   node-a
	// web-bbbbf   1/1     Running       0          63s    node-b
	// web-bbbbg   1/1     Running       0          63s    node-b
	//
	// NAME        READY   STATUS    RESTARTS   AGE   NODE
	// web-bbbbc   1/1     Running   0          10m   node-b
	// web-bbbbf   1/1     Running   0          4m    node-b
	// web-bbbbg   1/1     Running   0          4m    node-b
	//
	// <nil>
}
