package claims

import (
	"slices"
	"time"
)

// A Fault is something that may happen in a scenario, and that some claims are not
// made of.
type Fault string

// Faults of the connection between processes and the API server.
const (
	CreateLost     Fault = "the answer to a create is lost"
	DeleteLost     Fault = "the answer to a delete is lost"
	StaleFirstList Fault = "the first list of a process is old"
	WriteFails     Fault = "a request of a controller fails" // without effect
)

// Faults of processes and machines.
const (
	ManagerOverlap Fault = "two controller managers act at a time"
	ManagerRestart Fault = "the controller manager starts again"
	NodeDown       Fault = "a node crashes, or is cut off" // for so long that its pods are evicted
)

// What users may do.
const (
	PodDeleted   Fault = "somebody deletes pods"         // other than by an eviction
	Evicted      Fault = "pods are evicted"              // through the API, as a drain does
	ForceDeleted Fault = "somebody deletes pods at once" // with a grace period of 0
	PodChanged   Fault = "somebody changes labels, owners or the readiness of pods"
	OwnerDeleted Fault = "somebody deletes a ReplicaSet"
	Scaled       Fault = "somebody changes the number of replicas"
	NodeDeleted  Fault = "somebody deletes a Node object"
	NameReused   Fault = "a pod is created under the name of another"
)

// A Scenario is what a judge has to know of a cluster beforehand. The zero value is
// a cluster with the times of Kubernetes' own in which nothing goes wrong.
type Scenario struct {
	Faults        []Fault
	Grace         time.Duration // after which a silent node is Unknown; 0: 50 s
	MonitorPeriod time.Duration // of the node lifecycle controller; 0: 5 s
	TaintInterval time.Duration // between two nodes of a zone that are tainted; 0: 10 s
	// Unassuming judges a claim that assumes something without that, for who shows what
	// it is assumed for: the claims then see no excuse in it.
	Unassuming    bool
	EvictionDelay time.Duration // after which a node controller of 1.9 evicts the pods of a silent node; 0: 5 min
}

// May reports whether f may happen.
func (s Scenario) May(f Fault) bool { return slices.Contains(s.Faults, f) }

func (s Scenario) grace() time.Duration         { return orDefault(s.Grace, 50*time.Second) }
func (s Scenario) monitorPeriod() time.Duration { return orDefault(s.MonitorPeriod, 5*time.Second) }
func (s Scenario) taintInterval() time.Duration { return orDefault(s.TaintInterval, 10*time.Second) }
func (s Scenario) evictionDelay() time.Duration { return orDefault(s.EvictionDelay, 5*time.Minute) }

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}
