package suite

import (
	"fmt"

	"github.com/reconverge/reconverge/impl/controller/nodelifecycle"
)

// A Mutation is a bug that Kubernetes has had or guards against, planted in a
// controller or in the API server.
type Mutation struct {
	Name     string // as in the model
	Scenario string // in which it shows
	Property string // that notices it
	plant    func(*Config)
}

// Mutations are the bugs that exist at this level.
func Mutations() []Mutation {
	return []Mutation{
		{"rs.noExpectations", "lag", "P-OVER2", func(c *Config) { c.Manager.ReplicaSet.NoExpectations = true }},
		{"rs.noConsistencyGate", "long-lag", "P-OVER2", func(c *Config) { c.Manager.ReplicaSet.NoConsistencyGate = true }},
		{"rs.listBeforeGate", "late-events-1.9", "P-OVER1", func(c *Config) { c.Manager.ReplicaSet.ListBeforeGate = true }},
		{"rs.unnamedDeletes", "scaled-twice", "P-UNDER2", func(c *Config) { c.Manager.ReplicaSet.UnnamedDeletes = true }},
		{"rs.noExpiry", "unseen", "ESR", func(c *Config) { c.Manager.ReplicaSet.NoExpiry = true }},
		{"rs.keepExpectations", "owner-again", "P-FORGET", func(c *Config) { c.Manager.ReplicaSet.KeepExpectations = true }},
		{"rs.countTerminating", "node-lost", "L-EVICT", func(c *Config) { c.Manager.ReplicaSet.CountTerminating = true }},
		{"rs.ignoreOwnDeletion", "owner-deletion", "P-QUIET", func(c *Config) { c.Manager.ReplicaSet.IgnoreOwnDeletion = true }},
		{"adopt.noLiveRecheck", "taken-back", "P-ORPHAN", func(c *Config) { c.Manager.ReplicaSet.NoLiveRecheck = true }},
		{"adopt.terminatingToo", "relabelled", "P-CLAIM", func(c *Config) { c.Manager.ReplicaSet.AdoptTerminating = true }},
		{"gc.deletingIsGone", "owner-deletion", "P-GC", func(c *Config) { c.Manager.GarbageCollector.DeletingIsGone = true }},
		{"bind.noUID", "bound-again", "P-BIND-UID", func(c *Config) { c.Scheduler.BindWithoutUID = true }},
		{"sched.forgetPodsOnNodeDelete", "full-house", "P-CAP", func(c *Config) { c.Scheduler.ForgetPodsOnNodeDelete = true }},
		{"kubelet.deleteNoUID", "forced", "P-DEL-TARGET-KUBELET", func(c *Config) { c.Kubelet.DeleteNoUID = true }},
		{"kubelet.noReconcileTick", "partition", "L-BACK", func(c *Config) { c.Kubelet.NoReconcileTick = true }},
		{"kubelet.noTerminalReadyFix", "pod-deletion", "P-TERM-NR", func(c *Config) { c.Kubelet.NoTerminalReadyFix = true }},
		{"kubelet.restartTerminated", "rebooted", "P-PHASE", func(c *Config) { c.Kubelet.RestartTerminated = true }},
		{"kubelet.noHousekeeping", "forced", "L-STOP", func(c *Config) { c.Kubelet.NoHousekeeping = true }},
		{"reflector.firstListStale", "old-lists", "P-NOREVIVE", func(c *Config) { c.Kubelet.FirstListStale = true }},
		{"reflector.kcmFirstListStale", "old-lists", "P-OVER2", func(c *Config) { c.Manager.FirstListStale = true }},
		{"api.deleteExtends", "pod-deletion", "P-DT", func(c *Config) { c.Server.DeleteExtends = true }},
		{"api.noConflict", "scale-lag", "P-RV", func(c *Config) { c.Server.NoConflict = true }},
		{"cache.divergent", "old-lists", "P-WATCH", func(c *Config) { c.Server.CacheDivergent = true }},
		{"pdb.retryWithOldNumbers", "drain-race", "P-PDB", func(c *Config) { c.Manager.Disruption.RetryWithOldNumbers = true }},
		{"pdb.noDisruptedPods", "drain-unseen", "P-PDB-H", func(c *Config) { c.Manager.Disruption.NoDisruptedPods = true }},
		{"pdb.controllerDown", "drain", "L-DRAIN", func(c *Config) { c.Manager.Disruption.ControllerDown = true }},
		{"podgc.noLiveCheck", "node-registers", "P-GC-SAFE", func(c *Config) { c.Manager.PodGC.NoLiveCheck = true }},
		{"podgc.statusRejected", "node-deletion", "L-ORPHAN", func(c *Config) { c.Manager.PodGC.StatusRejected = true }},
		{"taint.cancelOnlyIfNoTaint", "patient", "P-TOLERATES", func(c *Config) { c.Manager.TaintEviction.CancelOnlyIfNoTaint = true }},
		{"nc.noCancel", "queued-1.9", "P-CANCEL", func(c *Config) { c.Manager.NodeLifecycle.NoCancel = true }},
		{"nc.keepOldProbeTimes", "flapping-1.9", "P-EVICT-WHY", func(c *Config) {
			c.Manager.NodeLifecycle.KeepOldProbeTimes = nodelifecycle.NewHealth()
		}},
		{"nc.noMasterDisruptionMode", "flapping-1.9", "P-FULL", func(c *Config) { c.Manager.NodeLifecycle.NoMasterDisruptionMode = true }},
		{"nc.noResetOnExit", "flapping-1.9", "P-EVICT-WHY", func(c *Config) { c.Manager.NodeLifecycle.NoResetOnExit = true }},
		{"nlc.noLiveLeaseCheck", "leases-lag", "P-EVICT-FRESH", func(c *Config) { c.Manager.NodeLifecycle.NoLiveLeaseCheck = true }},
		{"nlc.noLimiter", "all-lost", "P-RATE", func(c *Config) { c.Manager.NodeLifecycle.NoLimiter = true }},
	}
}

// WithMutations is a configuration with bugs planted in it.
func (s Scenario) WithMutations(names ...string) (*Config, error) {
	config := s.NewConfig()
next:
	for _, name := range names {
		for _, m := range Mutations() {
			if m.Name == name {
				m.plant(config)
				continue next
			}
		}
		return nil, fmt.Errorf("suite: unknown mutation %q", name)
	}
	return config, nil
}
