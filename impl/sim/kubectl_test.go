package sim_test

import (
	"testing"
	"time"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const twoNodes = `
apiVersion: v1
kind: Node
metadata: {name: node-a}
status: {conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Node
metadata: {name: node-b}
spec: {unschedulable: true}
status: {conditions: [{type: Ready, status: Unknown}]}
---
apiVersion: v1
kind: Pod
metadata: {name: lost}
spec: {nodeName: node-b, containers: [{name: a, image: a}, {name: b, image: b}]}
status:
  phase: Running
  reason: NodeLost
  containerStatuses:
  - {name: a, image: a, imageID: "", ready: true, restartCount: 2, state: {running: {}}, lastState: {terminated: {exitCode: 1, finishedAt: "1999-12-31T23:59:00Z"}}}
  - {name: b, image: b, imageID: "", ready: false, restartCount: 0, state: {running: {}}}
---
apiVersion: v1
kind: Pod
metadata: {name: done}
spec: {nodeName: node-a, containers: [{name: a, image: a}]}
status: {phase: Succeeded, containerStatuses: [{name: a, image: a, imageID: "", ready: false, restartCount: 0, state: {terminated: {exitCode: 0, reason: Completed}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: new}
spec: {containers: [{name: a, image: a}]}
`

func TestListingsAreThoseOfKubectl(t *testing.T) {
	sim.Run(t, sim.Options{}, func(c *sim.Cluster) {
		require.Equal(t, "No resources found\n", c.KubectlGetPods("default"))
		require.NoError(t, c.ApplyYAML(twoNodes))
		require.Equal(t, `NAME   READY   STATUS      RESTARTS      AGE   NODE
done   0/1     Completed   0             0s    node-a
lost   1/2     NodeLost    2 (60s ago)   0s    node-b
new    0/1     Pending     0             0s    <none>
`, c.KubectlGetPods("default"))
		do(t, c, "user delete pods default/lost")
		c.Advance(90 * time.Second)
		require.Equal(t, `NAMESPACE   NAME   READY   STATUS      RESTARTS        AGE   NODE
default     done   0/1     Completed   0               90s   node-a
default     lost   1/2     Unknown     2 (2m30s ago)   90s   node-b
default     new    0/1     Pending     0               90s   <none>
`, c.KubectlGetPods(""))
		require.Equal(t, `NAME     STATUS                        AGE
node-a   Ready                         90s
node-b   NotReady,SchedulingDisabled   90s
`, c.KubectlGetNodes())
	})
}

func TestApplyChangesWhatIsThere(t *testing.T) {
	sim.Run(t, sim.Options{}, func(c *sim.Cluster) {
		c.Apply(web(1))
		c.Apply(web(2))
		set, err := c.Client().AppsV1().ReplicaSets("default").Get(t.Context(), "web", metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, int32(2), *set.Spec.Replicas)
		require.ErrorContains(t, c.ApplyYAML("kind: Pod"), "document 1: apiVersion and kind are required")
		require.ErrorContains(t, c.ApplyYAML("apiVersion: v9\nkind: Pod\nmetadata: {name: a}"), "no resource for /v9, Kind=Pod")
	})
}

func TestAUserCordonsDrainsAndRelabels(t *testing.T) {
	var h sim.History
	sim.Run(t, sim.Options{Recorders: []sim.Recorder{&h}}, func(c *sim.Cluster) {
		require.NoError(t, c.ApplyYAML(twoNodes))
		do(t, c, "user drain node-b", "user uncordon node-b", "user label pods default/new app=web",
			"user label pods default/new app-", "user evict default/new", "user delete pods default/done --grace=0")
		require.Equal(t, []string{"lost"}, pods(c))
	})
	require.Contains(t, h.String(), "answer to user drain node-b: 200\n")
}

func TestAUserMeansTheDefaultNamespace(t *testing.T) {
	sim.Run(t, sim.Options{}, func(c *sim.Cluster) {
		c.Apply(bare("a"), bare("b"))
		do(t, c, "user label pods a x=y", "user delete pods a", "user evict b")
		require.Empty(t, pods(c))
		for step, want := range map[string]string{
			"user cordon default/n":        `"n" is in no namespace`,
			"user delete nodes default/n":  `"n" is in no namespace`,
			"user delete things default/a": `there is no resource "things"`,
		} {
			s, err := sim.ParseStep(step)
			require.NoError(t, err)
			taken := len(c.Taken())
			require.ErrorContains(t, c.Do(s), want)
			require.Len(t, c.Taken(), taken, "nothing has happened")
		}
		require.ErrorContains(t, c.Do(sim.Step{Verb: sim.User}), "no action")
	})
}
