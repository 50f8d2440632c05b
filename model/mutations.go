package model

import (
	"fmt"
	"slices"
	"strings"
)

// bugs are the switches of the planted bugs. All off is the true model.
type bugs struct {
	noExpectations         bool
	countTerminating       bool
	noCancel               bool
	bindNoUID              bool
	noReconcileTick        bool
	keepOldProbeTimes      bool
	noMasterDisruptionMode bool
	firstListStale         bool
	deleteExtends          bool
	noTerminalReadyFix     bool
	noConflict             bool
	noConsistencyGate      bool
	noExpiry               bool
	listBeforeGate         bool
	unnamedDeletes         bool
	kcmFirstListStale      bool
	cacheDivergent         bool
	keepExpectations       bool
	ignoreOwnDeletion      bool
	noLiveRecheck          bool
	adoptTerminating       bool
	deletingIsGone         bool
	pdbRetryWithOldNumbers bool
	pdbNoDisruptedPods     bool
	pdbControllerDown      bool
	finalDeleteNoUID       bool
	cancelOnlyIfNoTaint    bool
	noLiveCheck            bool // pod GC
	statusRejected         bool // pod GC
	forgetPodsOnNodeDelete bool // scheduler
	restartTerminated      bool // kubelet
	noHousekeeping         bool // kubelet
	noResetOnExit          bool
	noLiveLeaseCheck       bool
	noLimiter              bool

	// Repairs.
	removeWithUID      bool
	timerOfUID         bool
	evictWithUID       bool
	retryForever       bool
	gcDeleteWithUID    bool
	readLiveOnUntaint  bool
	markLevelTriggered bool
	decideOnWholePass  bool
	cancelOnExit       bool
}

// A Mutation is one bug planted in the model, imitating one that Kubernetes
// had or guards against, and the property that must notice it.
type Mutation struct {
	Name     string
	Hazard   string // in the catalogue of protocol hazards; "" if it is not there
	Bug      string // in one sentence
	KilledBy string // property
	Scenario Scenario
	plant    func(*bugs)
}

// Mutations returns all planted bugs. The scenario of each is a small one in
// which its property notices it.
func Mutations() []Mutation {
	all := []Mutation{
		{"rs.noExpectations", "B01", "the ReplicaSet controller forgets the creates that its cache does not show yet",
			"P-OVER2", Scenario{Replicas: 2, Nodes: 1, Lag: 1}, func(b *bugs) { b.noExpectations = true }},
		{"rs.countTerminating", "B06", "terminating pods count as present, so a pod on a dead node is never replaced",
			"L-EVICT", Scenario{Replicas: 1, Nodes: 2, Lag: 1, Faults: Budget{NodeCrash: 1}}, func(b *bugs) { b.countTerminating = true }},
		{"bind.noUID", "B29", "a binding carries the name of a pod, not its UID",
			"P-BIND-UID", Scenario{Replicas: 0, Nodes: 1, Lag: 1, BarePods: 1, Faults: Budget{PodDelete: 1, PodRecreate: 1}}, func(b *bugs) { b.bindNoUID = true }},
		{"kubelet.noReconcileTick", "B17", "the kubelet does not put Ready back because its own cache already says so",
			"L-BACK", Scenario{Replicas: 1, Nodes: 2, Lag: 1, Faults: Budget{Partition: 1, Heal: 1}}, func(b *bugs) { b.noReconcileTick = true }},
		{"kubelet.noTerminalReadyFix", "B52", "a terminal phase is reported together with Ready",
			"P-TERM-NR", Scenario{Replicas: 1, Nodes: 1, Lag: 1, Faults: Budget{PodDelete: 1}}, func(b *bugs) { b.noTerminalReadyFix = true }},
		{"reflector.firstListStale", "B30", "a rebooted kubelet's first list shows pods that are gone",
			"P-NOREVIVE", Scenario{Replicas: 1, Nodes: 1, Lag: 1, Faults: Budget{PodDelete: 1, NodeCrash: 1, NodeReturn: 1}}, func(b *bugs) { b.firstListStale = true }},
		{"api.deleteExtends", "B49", "a second DELETE gives a pod its grace back",
			"P-DT", Scenario{Replicas: 1, Nodes: 1, Lag: 1, Faults: Budget{PodDelete: 2}}, func(b *bugs) { b.deleteExtends = true }},
		{"api.noConflict", "", "a write with an old resourceVersion is accepted",
			"P-RV", Scenario{Replicas: 1, Nodes: 1, Lag: 2, Start: StartRunning, Faults: Budget{Partition: 1, PodDelete: 1}}, func(b *bugs) { b.noConflict = true }},
	}
	return slices.Concat(
		all,
		drainMutations(),
		faultMutations(),
		machineMutations(),
		nameMutations(),
		nodeMutations(),
		ownerMutations(),
	)
}

// MutationByName finds a mutation.
func MutationByName(name string) (Mutation, error) {
	var names []string
	for _, m := range Mutations() {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return Mutation{}, fmt.Errorf("unknown mutation %q: use one of %s", name, strings.Join(names, ", "))
}
