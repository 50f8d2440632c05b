package suite

import (
	"github.com/reconverge/reconverge/impl/claims"
	"github.com/reconverge/reconverge/impl/sim"
	corev1 "k8s.io/api/core/v1"
)

// A Driven is a cluster of a scenario whose steps somebody else chooses.
type Driven struct {
	*sim.Cluster
	run *run
}

// Drive calls f with a cluster of the scenario, judged by some claims, whether or not
// they are made of the scenario and without what they assume, from when Judge is called. All that it has runs and is
// ready.
func (s Scenario) Drive(config *Config, judged []claims.Claim, f func(*Driven) error) error {
	driven := *config
	driven.driven = true
	return s.open(&driven, judged, func(r *run) error { return f(&Driven{r.Cluster, r}) })
}

// Judge makes violations count.
func (d *Driven) Judge() { d.run.observer.lenient = false }

// Judged returns how a claim has been violated, or why an Observer stops the run.
func (d *Driven) Judged() error { return d.run.judged() }

// Settled asks the claims about the end: faults must have stopped, and enough time
// must have passed.
func (d *Driven) Settled() error {
	if err := d.run.judged(); err != nil {
		return err
	}
	return d.run.observer.settled()
}

// Drained tells the claims that somebody drains a node, and of which pods.
func (d *Driven) Drained(node string, pods []corev1.Pod) { d.run.observer.drained(node, pods) }
