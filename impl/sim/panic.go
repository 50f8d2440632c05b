package sim

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"
)

// opened is the cluster whose bubble is open, if one is.
var opened atomic.Pointer[Cluster]

// A PanicError says that a process has panicked, in its factory, its Start, or where
// client-go or controller-runtime would have logged the panic: in handlers, workers and
// reconcilers. It ends the test; a Trial counts it as a violation.
type PanicError struct {
	Value any
	Stack string // of where it has, without what differs from run to run
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("a process has panicked: %v\n%s", e.Value, e.Stack)
}

// notePanic is a PanicHandler: it runs where somebody has recovered p. Outside of
// bubbles the panic goes on.
func notePanic(_ context.Context, p any) {
	c := opened.Load()
	if c == nil {
		panic(p)
	}
	c.panicked.CompareAndSwap(nil, &PanicError{Value: p, Stack: panicking(string(debug.Stack()))})
}

// panicking are the frames of a stack below those of the panic.
func panicking(stack string) string {
	if i := strings.LastIndex(stack, "\npanic("); i >= 0 {
		_, stack, _ = strings.Cut(stack[i+1:], "\n") // its name
		_, stack, _ = strings.Cut(stack, "\n")       // its place
	}
	return argument.ReplaceAllString(stack, "")
}

// panics is the first panic of a process, or nil.
func (c *Cluster) panics() error {
	if e := c.panicked.Load(); e != nil {
		return e
	}
	return nil
}
