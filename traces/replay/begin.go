package replay

import (
	"fmt"
	"time"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/model"
)

// How the cluster comes to be like the initial state of a trace.

// quiet is how long the cluster rests before the trace begins: timers of its
// beginning have run out by then.
const quiet = 12 * time.Second

// begin makes the cluster as the initial state has it.
func (d *driver) begin(first model.State, victims []int) error {
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
	for rank, i := range victims {
		if err := d.take(sim.Step{Verb: sim.User, Target: fmt.Sprintf("annotate pods default/%s controller.kubernetes.io/pod-deletion-cost=%d", d.podName(i), rank-len(victims))}); err != nil {
			return err
		}
	}
	d.Settle(quiet)
	d.state = first
	if d.scenario.Start == model.StartEmpty {
		for range d.scenario.BarePods {
			d.Apply(d.barePod())
		}
		d.Apply(d.set(int32(d.scenario.Replicas)))
	}
	if err := d.flush(); err != nil {
		return err
	}
	return d.compare()
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

// victims are the pods that the ReplicaSet controller chooses to delete in a trace,
// in that order, of those that are there from the beginning.
func victims(steps []*step) (all []int) {
	if len(steps) == 0 {
		return nil
	}
	for _, s := range steps {
		for i := range s.to.Pods {
			if s.to.Pods[i].Chosen && !s.from.Pods[i].Chosen && steps[0].from.Pods[i].Object == model.Stored {
				all = append(all, i)
			}
		}
	}
	return all
}
