package check

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
)

// The first few thousand states are audited, and one in 256 of the rest.
const (
	auditOneIn = 1 << 8
	auditShift = 64 - 8
	auditFirst = 4096
)

// firstStates calls audit for up to limit states (0: all), breadth first from
// the initial ones, until ctx ends. audit says where to go on by calling visit
// with a state and the name of the step to it. It explores without reductions,
// because what a reduced search never meets is what a wrong declaration would
// hide. An error, or a panic in what where names, comes with the way to the state.
func (m *Model[S]) firstStates(ctx context.Context, limit uint64, where *callee, audit func(at S, visit func(to S, step string)) error) (err error) {
	type origin struct {
		from S
		step string
	}
	found := map[S]origin{}
	var queue []S
	visit := func(from, to S, step string) {
		if _, ok := found[to]; !ok && (limit == 0 || uint64(len(found)) < limit) {
			found[to] = origin{from, step}
			queue = append(queue, to)
		}
	}
	explain := func(at S) string {
		var lines []string
		for {
			o := found[at]
			lines = append(lines, fmt.Sprintf("%-24s %s\n", o.step, m.format(at)))
			if o.from == at {
				slices.Reverse(lines)
				return strings.Join(lines, "")
			}
			at = o.from
		}
	}
	var at S
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Where: m.callee(*where), Value: v, Stack: string(debug.Stack()), Trace: explain(at)}
		}
	}()
	for _, init := range m.Init {
		visit(init, init, "(initial)")
	}
	for i := 0; i < len(queue) && ctx.Err() == nil; i++ {
		at = queue[i]
		if err := audit(at, func(to S, step string) { visit(at, to, step) }); err != nil {
			return fmt.Errorf("%w\nafter:\n%s", err, explain(at))
		}
	}
	return nil
}
