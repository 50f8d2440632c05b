package conform

import (
	"fmt"
	"strconv"

	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/model"
	corev1 "k8s.io/api/core/v1"
)

// covered are the scenarios of impl/suite that the model can be held against, with the
// faults that may happen in them.
var covered = map[string][]model.Fault{
	"pod-deletion":    {model.PodDelete},
	"node-crash":      {model.NodeCrash, model.NodeReturn, model.Partition, model.Heal},
	"node-lost":       {model.NodeCrash, model.Partition},
	"partition":       {model.Partition, model.Heal, model.KubeletRestart},
	"manager-restart": {model.PodDelete, model.Restart, model.HandOver},
	"scale":           {model.Scale},
	"lossy":           {model.PodDelete, model.RequestFail, model.ResponseLost},
}

// Scenario is the scenario of the model that the runs of a scenario are held against.
func Scenario(s suite.Scenario) (model.Scenario, error) {
	faults, ok := covered[s.Name]
	if !ok {
		return model.Scenario{}, fmt.Errorf("conform: scenario %s is not held against the model", s.Name)
	}
	m := model.Scenario{
		Name: "web", Replicas: int(max(s.Replicas, 0)), Nodes: s.Nodes, Start: model.StartRunning,
		Lag: model.MaxLag, Pods: model.MaxPods, Untimed: true,
	}
	if s.Pod != "" {
		m.BarePods = 1
	}
	for _, f := range faults {
		m.Faults[f] = model.Unlimited
	}
	return m, nil
}

// inSelector reports whether a pod has the labels that the ReplicaSet of the suite
// selects.
func inSelector(pod *corev1.Pod) bool { return pod.Labels["app"] == "web" }

func parseRevision(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }
