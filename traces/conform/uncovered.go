package conform

// uncovered are the scenarios of impl/suite that the model cannot be held against, and
// why.
var uncovered = map[string]string{
	"leader-overlap":  "two controller managers decide at a time: the model's former leader sends what it had decided, and decides nothing anew (`Fault.HandOver`)",
	"late-events-1.9": "the table is of the requests of 1.37",
	"flapping-1.9":    "the table is of the requests of 1.37",
	"queued-1.9":      "the table is of the requests of 1.37",
}

// Uncovered says why a scenario is not held against the model; "" if it is.
func Uncovered(scenario string) string { return uncovered[scenario] }

// An Omission is something that happens in clusters and not in the model. A run in which
// it does is not a divergence.
type Omission struct {
	What string
	Why  string // it does no harm to leave it out, and where the model says so
	Ends bool   // the comparison ends there; otherwise the run goes on, and it is counted
}

// Omissions are those that have been met.
func Omissions() []Omission {
	return []Omission{
		{"A kubelet reports that containers run which are not ready yet, or, after a reboot, do not run yet again.",
			"`Kubelet.ReportRunning` reports both at once: no controller here acts between the two.", false},
		{"A cache is behind by more than three events, or there are more pods, or UIDs of the ReplicaSet, than the model has.",
			"Bounds of the model's states.", true},
		{"A request of a process that is no more takes effect, other than a create or delete of a former controller manager.",
			"`Fault.HandOver` has these. The others carry a revision or a UID.", true},
		{"A node is judged or tainted by what the cache showed when that was decided.",
			"`NodeLifecycle.*` decide and write in one step. The next pass corrects it. Not shown harmless: a judgement in flight may overtake a heartbeat.", true},
		{"A sync that claims pods goes on with what the caches showed when it began.",
			"`ReplicaSet.Decide` lists again. A sync that adopts, or whose release is slow, decides on its old list. Not shown harmless.", true},
		{"A Node is deleted between the start of its kubelet and its registration.",
			"The model's kubelet finds its Node as it starts (`settleNodes`), and so does not create it again.", true},
		{"A drain that was interrupted evicts a pod a second time.",
			"`Drain.*` omit interruptions. The second eviction only takes more off the budget, until its controller counts again.", true},
		{"An eviction whose pod is not seen to go counts no more after two minutes.",
			"`Disruption.Compute` omits it: there a DELETE that follows is seen before time passes.", true},
	}
}
