package sim

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// patience is how long, in real time, a step may take before somebody says what a
// bubble may be waiting for. A step takes less than a millisecond.
const patience = 20 * time.Second

// moved counts the steps that have come to an end, in all bubbles.
var moved atomic.Uint64

// guard waits for done, and says once what keeps a bubble from going on if no step
// comes to an end for the time of a tick: a goroutine that waits for something outside
// of it counts as running, and virtual time stands still. It stops nothing: what takes
// long may still end.
func guard(done <-chan struct{}, ticks <-chan time.Time, out io.Writer) {
	last := moved.Load()
	for {
		select {
		case <-done:
			return
		case <-ticks:
		}
		now := moved.Load()
		if now == last {
			fmt.Fprintf(out, "sim: nothing has moved for a long real time. A process may wait for what is outside of its bubble: a socket, a channel or a timer made elsewhere, a mutex that is held during a request. These goroutines keep virtual time from passing:\n\n%s\n", busy())
			<-done
			return
		}
		last = now
	}
}

// busy are the stacks of the goroutines of bubbles that are not durably blocked, but
// for the one that waits for them.
func busy() string {
	buf := make([]byte, 4<<20)
	var stacks []string
	for _, stack := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		header, _, _ := strings.Cut(stack, "\n")
		if bubbleHeader.MatchString(header) && !strings.Contains(header, "(durable)") && !strings.Contains(header, "synctest.Wait") && !strings.Contains(header, "synctest.Run") {
			stacks = append(stacks, stack)
		}
	}
	return strings.Join(stacks, "\n\n")
}

// whileWatched waits for done, watched.
func whileWatched(done <-chan struct{}) {
	ticker := time.NewTicker(patience)
	defer ticker.Stop()
	guard(done, ticker.C, os.Stderr)
}
