package replay

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/model"
)

// How the cluster comes to be like the initial state of a trace.

// quiet is how long the cluster rests before the trace begins: timers of its
// beginning have run out by then.
const quiet = 12 * time.Second

// begin makes the cluster as the initial state has it.
func (d *driver) begin(first model.State) error {
	d.Settle(quiet)
	for n, cordoned := range d.scenario.Cordoned[:d.scenario.Nodes] {
		if cordoned {
			if err := d.cordon(n, true); err != nil {
				return err
			}
		}
	}
	if b := budget(d.scenario.Disruption); b != nil {
		d.Apply(b)
	}
	if d.scenario.Start == model.StartRunning {
		if err := d.place(first); err != nil {
			return err
		}
	}
	d.price(nil)
	d.Settle(quiet)
	d.state = first
	if d.scenario.Start == model.StartEmpty {
		for range d.scenario.BarePods {
			d.Apply(d.barePod())
		}
		d.Apply(d.set(int32(d.scenario.Replicas)))
	}
	if d.scenario.Status {
		if err := d.forgetStatus(); err != nil {
			return err
		}
	}
	if err := d.flush(); err != nil {
		return err
	}
	d.Judge()
	return d.compare()
}

// forgetStatus takes the status off the ReplicaSet: behaviours of the model begin
// before there is one.
func (d *driver) forgetStatus() error {
	sets := d.Client().AppsV1().ReplicaSets(metav1.NamespaceDefault)
	set, err := sets.Get(context.Background(), setName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	set.Status = appsv1.ReplicaSetStatus{}
	_, err = sets.UpdateStatus(context.Background(), set, metav1.UpdateOptions{})
	return err
}

// place has the pods of the initial state created in their order, each while only
// its node takes pods.
func (d *driver) place(first model.State) error {
	only := -1
	replicas := int32(0)
	d.Apply(d.set(0))
	for i := range first.Pods {
		p := &first.Pods[i]
		if p.Object != model.Stored {
			break
		}
		if p.Node != 0 && int(p.Node)-1 != only && len(d.nodes) > 1 {
			only = int(p.Node) - 1
			if err := d.openOnly(only); err != nil {
				return err
			}
		}
		if p.Bare {
			d.Apply(d.barePod())
		} else {
			replicas++
			if err := d.take(sim.Step{Verb: sim.User, Target: fmt.Sprintf("scale replicasets default/%s %d", setName, replicas)}); err != nil {
				return err
			}
		}
		wanted := inStore(*p)
		d.Settle(20*time.Second, func() bool { return d.livePod(i) == wanted })
	}
	if only >= 0 {
		return d.openOnly(-1)
	}
	return nil
}

// openOnly lets one node alone take pods; -1: all that are not cordoned in the
// scenario.
func (d *driver) openOnly(only int) error {
	for n := range d.nodes {
		closed := only >= 0 && n != only || d.scenario.Cordoned[n]
		if d.liveNode(n).Unschedulable != closed {
			if err := d.cordon(n, closed); err != nil {
				return err
			}
		}
	}
	d.Settle(time.Second)
	return nil
}

func (d *driver) cordon(n int, closed bool) error {
	action := "uncordon "
	if closed {
		action = "cordon "
	}
	return d.take(sim.Step{Verb: sim.User, Target: action + d.nodes[n]})
}

// price makes the pods cheap to delete that the ReplicaSet controller chooses next in
// the trace: which of several alike it takes is any in the model, and up to the
// annotation pod-deletion-cost in the cluster. after: a step of the trace; nil: all are
// to come. 1.9 knows no such annotation.
func (d *driver) price(after *step) {
	if d.scenario.Version == model.V1_9 {
		return
	}
	for _, s := range d.steps[slices.Index(d.steps, after)+1:] {
		chosen := chosenBy(s)
		if len(chosen) == 0 {
			continue
		}
		for i := range d.world.pods {
			pod, _ := d.world.live(podKey(d.world.pods[i])).(*corev1.Pod)
			cost := "0"
			if slices.Contains(chosen, i) {
				cost = "-1"
			}
			if pod != nil && cmp.Or(pod.Annotations[podDeletionCost], "0") != cost {
				// A pod that is gone by now needs no price.
				_ = d.take(sim.Step{Verb: sim.User, Target: fmt.Sprintf("annotate pods default/%s %s=%s", pod.Name, podDeletionCost, cost)})
			}
		}
		return
	}
}

const podDeletionCost = "controller.kubernetes.io/pod-deletion-cost"
