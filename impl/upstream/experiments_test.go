package upstream_test

import (
	"fmt"
	"time"

	"github.com/reconverge/reconverge/impl/sim"
)

// five starts the cluster of the two experiments: a ReplicaSet of five pods on two
// nodes, with the times of Kubernetes itself.
func five(c *sim.Cluster) {
	c.ApplyFile("../../examples/replicaset.yaml")
	startControlPlane(c, "node-1", "node-2")
	c.Settle(time.Minute)
	fmt.Println("five pods run")
	fmt.Println(c.KubectlGetPods("default"))
}

// The first experiment: a pod is deleted, and another with another name takes its
// place.
func Example_aPodIsDeleted() {
	err := sim.Open(options(), func(c *sim.Cluster) {
		five(c)

		_ = c.Do(sim.Step{Verb: sim.User, Target: "delete pods default/replicaset-exp-bbbbb"})
		c.Settle(200 * time.Millisecond)
		fmt.Println("just after kubectl delete pod replicaset-exp-bbbbb")
		fmt.Println(c.KubectlGetPods("default"))

		c.Settle(time.Minute)
		fmt.Println("a minute later")
		fmt.Println(c.KubectlGetPods("default"))
	})
	fmt.Println(err)
	// Output:
	// five pods run
	// NAME                   READY   STATUS    RESTARTS   AGE   NODE
	// replicaset-exp-bbbbb   1/1     Running   0          60s   node-1
	// replicaset-exp-bbbbc   1/1     Running   0          60s   node-2
	// replicaset-exp-bbbbd   1/1     Running   0          60s   node-1
	// replicaset-exp-bbbbf   1/1     Running   0          60s   node-2
	// replicaset-exp-bbbbg   1/1     Running   0          60s   node-1
	//
	// just after kubectl delete pod replicaset-exp-bbbbb
	// NAME                   READY   STATUS              RESTARTS   AGE   NODE
	// replicaset-exp-bbbbb   1/1     Terminating         0          60s   node-1
	// replicaset-exp-bbbbc   1/1     Running             0          60s   node-2
	// replicaset-exp-bbbbd   1/1     Running             0          60s   node-1
	// replicaset-exp-bbbbf   1/1     Running             0          60s   node-2
	// replicaset-exp-bbbbg   1/1     Running             0          60s   node-1
	// replicaset-exp-bbbbh   0/1     ContainerCreating   0          0s    node-2
	//
	// a minute later
	// NAME                   READY   STATUS    RESTARTS   AGE   NODE
	// replicaset-exp-bbbbc   1/1     Running   0          2m    node-2
	// replicaset-exp-bbbbd   1/1     Running   0          2m    node-1
	// replicaset-exp-bbbbf   1/1     Running   0          2m    node-2
	// replicaset-exp-bbbbg   1/1     Running   0          2m    node-1
	// replicaset-exp-bbbbh   1/1     Running   0          60s   node-2
	//
	// <nil>
}

// The second experiment: a node stops. Its pods are marked for deletion when they
// have been tolerated for five minutes, and new ones take their places on the other
// node: eight are listed, five run. When the node is back the marked ones are gone,
// and none of them has come back to life.
func Example_aNodeStops() {
	err := sim.Open(options(), func(c *sim.Cluster) {
		five(c)

		c.Crash("kubelet-node-1")
		c.Settle(time.Minute)
		fmt.Println("a minute after node-1 has stopped")
		fmt.Println(c.KubectlGetNodes())

		c.Settle(6 * time.Minute)
		fmt.Println("seven minutes after")
		fmt.Println(c.KubectlGetPods("default"))

		c.Restart("kubelet-node-1")
		c.Settle(time.Minute)
		fmt.Println("a minute after it is back")
		fmt.Println(c.KubectlGetNodes())
		fmt.Println(c.KubectlGetPods("default"))
	})
	fmt.Println(err)
	// Output:
	// five pods run
	// NAME                   READY   STATUS    RESTARTS   AGE   NODE
	// replicaset-exp-bbbbb   1/1     Running   0          60s   node-1
	// replicaset-exp-bbbbc   1/1     Running   0          60s   node-2
	// replicaset-exp-bbbbd   1/1     Running   0          60s   node-1
	// replicaset-exp-bbbbf   1/1     Running   0          60s   node-2
	// replicaset-exp-bbbbg   1/1     Running   0          60s   node-1
	//
	// a minute after node-1 has stopped
	// NAME     STATUS     AGE
	// node-1   NotReady   2m
	// node-2   Ready      2m
	//
	// seven minutes after
	// NAME                   READY   STATUS        RESTARTS   AGE   NODE
	// replicaset-exp-bbbbb   1/1     Terminating   0          8m    node-1
	// replicaset-exp-bbbbc   1/1     Running       0          8m    node-2
	// replicaset-exp-bbbbd   1/1     Terminating   0          8m    node-1
	// replicaset-exp-bbbbf   1/1     Running       0          8m    node-2
	// replicaset-exp-bbbbg   1/1     Terminating   0          8m    node-1
	// replicaset-exp-bbbbh   1/1     Running       0          75s   node-2
	// replicaset-exp-bbbbj   1/1     Running       0          75s   node-2
	// replicaset-exp-bbbbk   1/1     Running       0          75s   node-2
	//
	// a minute after it is back
	// NAME     STATUS   AGE
	// node-1   Ready    9m
	// node-2   Ready    9m
	//
	// NAME                   READY   STATUS    RESTARTS   AGE     NODE
	// replicaset-exp-bbbbc   1/1     Running   0          9m      node-2
	// replicaset-exp-bbbbf   1/1     Running   0          9m      node-2
	// replicaset-exp-bbbbh   1/1     Running   0          2m15s   node-2
	// replicaset-exp-bbbbj   1/1     Running   0          2m15s   node-2
	// replicaset-exp-bbbbk   1/1     Running   0          2m15s   node-2
	//
	// <nil>
}
