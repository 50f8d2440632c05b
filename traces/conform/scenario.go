package conform

import (
	"fmt"
	"strconv"

	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/model"
	corev1 "k8s.io/api/core/v1"
)

// A coverage says how a scenario of impl/suite is one of the model.
type coverage struct {
	faults       []model.Fault       // that may happen in it
	propagations []model.Propagation // of the deletion of the ReplicaSet; none: PropagateBackground
}

// covered are the scenarios that the model can be held against.
var covered = map[string]coverage{
	"pod-deletion":    {faults: []model.Fault{model.PodDelete}},
	"node-crash":      {faults: []model.Fault{model.NodeCrash, model.NodeReturn, model.Partition, model.Heal}},
	"node-lost":       {faults: []model.Fault{model.NodeCrash, model.Partition}},
	"all-lost":        {faults: []model.Fault{model.NodeCrash, model.NodeReturn, model.Partition, model.Heal}},
	"patient":         {faults: []model.Fault{model.NodeCrash, model.NodeReturn, model.Partition, model.Heal, model.NodeBreak, model.NodeRepair}},
	"partition":       {faults: []model.Fault{model.Partition, model.Heal, model.KubeletRestart}},
	"manager-restart": {faults: []model.Fault{model.PodDelete, model.Restart, model.HandOver}},
	"scale":           {faults: []model.Fault{model.Scale}},
	"scale-lag":       {faults: []model.Fault{model.Scale}},
	"scaled-twice":    {faults: []model.Fault{model.Scale}},
	"lossy":           {faults: []model.Fault{model.PodDelete, model.RequestFail, model.ResponseLost}},
	"lag":             {faults: []model.Fault{model.PodDelete, model.Relist}},
	"long-lag":        {faults: []model.Fault{model.PodDelete}},
	"unseen":          {faults: []model.Fault{model.PodDelete, model.Relist}},
	"leases-lag":      {faults: []model.Fault{model.LeaseStall}},
	"old-lists":       {faults: []model.Fault{model.PodDelete, model.NodeCrash, model.NodeReturn, model.Partition, model.Heal, model.Restart, model.HandOver}},
	"node-deletion":   {faults: []model.Fault{model.NodeCrash, model.NodeReturn, model.Partition, model.Heal, model.NodeDelete, model.KubeletRestart}},
	"node-registers":  {faults: []model.Fault{model.NodeDelete, model.KubeletRestart, model.Partition, model.Heal}},
	"full-house":      {faults: []model.Fault{model.Scale, model.NodeDelete, model.KubeletRestart, model.Partition, model.Heal}},
	"name-reuse":      {faults: []model.Fault{model.PodDelete, model.PodRecreate, model.KubeletRestart, model.Partition, model.Heal}},
	"bound-again":     {faults: []model.Fault{model.PodDelete, model.PodRecreate}},
	"forced":          {faults: []model.Fault{model.PodDelete, model.PodRecreate, model.ForceDelete, model.KubeletRestart, model.Partition, model.Heal}},
	"rebooted":        {faults: []model.Fault{model.PodDelete, model.PodRecreate, model.NodeCrash, model.NodeReturn, model.Partition, model.Heal}},
	"owner-deletion": {faults: []model.Fault{model.OwnerDelete, model.OwnerCreate},
		propagations: []model.Propagation{model.PropagateBackground, model.PropagateForeground, model.PropagateOrphan}},
	"owner-again": {faults: []model.Fault{model.OwnerDelete, model.OwnerCreate, model.Scale}},
	"relabelled": {faults: []model.Fault{model.Relabel, model.PodDelete, model.OwnerDelete, model.OwnerCreate},
		propagations: []model.Propagation{model.PropagateOrphan}},
	"taken-back": {faults: []model.Fault{model.Relabel, model.OwnerDelete, model.OwnerCreate},
		propagations: []model.Propagation{model.PropagateOrphan}},
	"drain":        {faults: []model.Fault{model.DrainNode, model.Uncordon, model.Cordon}},
	"drain-unseen": {faults: []model.Fault{model.DrainNode, model.Uncordon, model.Cordon}},
	"drain-race":   {faults: []model.Fault{model.DrainNode, model.Uncordon, model.Cordon}},
}

// maxOwnerCreates is how often the model lets a ReplicaSet be created again.
const maxOwnerCreates = 2

// Scenarios are the scenarios of the model that the runs of a scenario are held
// against: a run is to be a behaviour of one of them.
func Scenarios(s suite.Scenario) ([]model.Scenario, error) {
	c, ok := covered[s.Name]
	if !ok {
		return nil, fmt.Errorf("conform: scenario %s is not held against the model", s.Name)
	}
	if len(c.propagations) == 0 {
		c.propagations = []model.Propagation{model.PropagateBackground}
	}
	var all []model.Scenario
	for _, p := range c.propagations {
		all = append(all, c.scenario(s, p))
	}
	return all, nil
}

func (c coverage) scenario(s suite.Scenario, p model.Propagation) model.Scenario {
	m := model.Scenario{
		Name: "web", Replicas: int(max(s.Replicas, 0)), Nodes: s.Nodes, Start: model.StartRunning,
		Lag: model.MaxLag, Pods: model.MaxPods, Untimed: true, Propagation: p,
	}
	if s.Pod != "" {
		m.BarePods = 1
	}
	if s.Patient {
		m.Toleration = model.TolerateForever
	}
	if s.Available > 0 {
		m.Disruption = model.Disruption{Limit: model.MinAvailable, Value: int(s.Available)}
	}
	for n := range s.Nodes {
		m.Capacity[n] = uint8(s.Room)
	}
	for _, f := range c.faults {
		m.Faults[f] = model.Unlimited
	}
	if m.Faults[model.OwnerCreate] > 0 {
		m.Faults[model.OwnerCreate] = maxOwnerCreates
	}
	return m
}

// inSelector reports whether a pod has the labels that the ReplicaSet of the suite
// selects.
func inSelector(pod *corev1.Pod) bool { return pod.Labels["app"] == "web" }

func parseRevision(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }
