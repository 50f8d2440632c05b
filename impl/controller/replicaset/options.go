package replicaset

// Options are the version and the hazards of the controller. The zero value is as
// Kubernetes 1.37 has it.
type Options struct {
	// V1_9 is the controller of Kubernetes 1.9: it has no read-your-writes gate, ranks
	// pods by fewer criteria, and counts no terminating ones.
	V1_9 bool
	// Burst is how many pods one sync creates or deletes at most. 0: 500.
	Burst int
	// Events are written about pods that were created and deleted.
	Events bool

	// NoExpectations is rs.noExpectations (B01): what was created and deleted before is
	// forgotten, whether the cache shows it or not. There is no read-your-writes gate.
	NoExpectations bool
	// NoConsistencyGate is rs.noConsistencyGate (B02): the controller relies on its
	// expectations alone, which expire while the watch lags.
	NoConsistencyGate bool
	// NoExpiry is rs.noExpiry: expectations hold until they are met.
	NoExpiry bool
	// ListBeforeGate is rs.listBeforeGate (B03): pods are listed before it is asked
	// whether all have been seen. Between the two the ReplicaSet is read live, so that
	// something may arrive.
	ListBeforeGate bool
	// UnnamedDeletes is rs.unnamedDeletes (B04): a deletion counts when the pod is marked
	// and again when it is removed, whichever pod it is.
	UnnamedDeletes bool
	// KeepExpectations is rs.keepExpectations (B05): what was expected of a ReplicaSet
	// that is gone is expected of its namesake.
	KeepExpectations bool
	// CountTerminating is rs.countTerminating (B06): a pod that is being deleted counts
	// until it is gone.
	CountTerminating bool
	// IgnoreOwnDeletion is rs.ignoreOwnDeletion (B09): a ReplicaSet that is being deleted
	// goes on creating and deleting.
	IgnoreOwnDeletion bool
	// NoLiveRecheck is adopt.noLiveRecheck (B07): pods are adopted for a ReplicaSet that
	// only the cache still shows.
	NoLiveRecheck bool
	// AdoptTerminating is adopt.terminatingToo (B08): pods that are being deleted are
	// adopted.
	AdoptTerminating bool
}

func (o Options) burst() int {
	if o.Burst == 0 {
		return 500
	}
	return o.Burst
}

// gated reports whether a sync waits for the controller's own writes (R1).
func (o Options) gated() bool { return !o.V1_9 && !o.NoConsistencyGate && !o.NoExpectations }
