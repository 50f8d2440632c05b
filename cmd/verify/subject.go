package main

import "github.com/reconverge/reconverge/model/manifest"

// A subject is what a report says of a ReplicaSet beyond the scenario.
type subject struct {
	Source                string            `json:"source"`
	Namespace             string            `json:"namespace"`
	Selector              string            `json:"selector"`
	PodLabels             map[string]string `json:"podLabels"`
	MinReadySeconds       int               `json:"minReadySeconds"`
	GraceSeconds          int               `json:"terminationGracePeriodSeconds"`
	UnreachableToleration string            `json:"unreachableToleration"`
	NotReadyToleration    string            `json:"notReadyToleration"`
	Budget                *budgetReport     `json:"podDisruptionBudget,omitempty"` // nil if none selects the pods
}

// A budgetReport is what a report says of the PodDisruptionBudget of the pods.
type budgetReport struct {
	Source                     string `json:"source"`
	Name                       string `json:"name"`
	MinAvailable               string `json:"minAvailable,omitempty"`
	MaxUnavailable             string `json:"maxUnavailable,omitempty"`
	DesiredHealthy             int    `json:"desiredHealthy"` // of the replicas
	UnhealthyPodEvictionPolicy string `json:"unhealthyPodEvictionPolicy"`
}

func newSubject(set *manifest.ReplicaSet, budget *manifest.PodDisruptionBudget) *subject {
	s := &subject{
		Source: set.Source, Namespace: set.Namespace, Selector: set.Selector, PodLabels: set.PodLabels,
		MinReadySeconds: set.MinReadySeconds, GraceSeconds: set.GraceSeconds,
		UnreachableToleration: set.UnreachableToleration.String(), NotReadyToleration: set.NotReadyToleration.String(),
	}
	if budget == nil {
		return s
	}
	s.Budget = &budgetReport{
		Source: budget.Source, Name: budget.Name, DesiredHealthy: budget.DesiredHealthy(set.Replicas),
		UnhealthyPodEvictionPolicy: string(budget.UnhealthyPodEvictionPolicy),
	}
	if budget.MinAvailable != nil {
		s.Budget.MinAvailable = budget.MinAvailable.String()
	}
	if budget.MaxUnavailable != nil {
		s.Budget.MaxUnavailable = budget.MaxUnavailable.String()
	}
	return s
}
