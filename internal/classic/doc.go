// Package classic holds small systems whose state counts and verdicts are
// published, as oracles for the engine's tests and as loads for its benchmarks.
//
// Each file is one system. Where another tool counts a step that leads out of
// its bounds, or one that changes nothing, the model has the same step, so that
// the counts can be compared.
package classic

import "strconv"

// instance names the action of one process, such as "Enter(2)".
func instance(action string, process int) string {
	return action + "(" + strconv.Itoa(process) + ")"
}
