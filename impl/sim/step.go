package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Verb is what a Step does to its target.
type Verb string

// The verbs of requests and events that are pending. Their target is the name of
// what is pending, such as
//
//	kcm/replicaset create pods default/web-*
//	kcm watch pods MODIFIED default/web-x2c9k
//	kubelet-node-a answer patch pods/status default/web-x2c9k
const (
	Release Verb = "release" // it takes effect and is answered
	Fail    Verb = "fail"    // it has no effect; its client sees a broken connection
	Lose    Verb = "lose"    // it takes effect, but the answer is lost
	Keep    Verb = "hold"    // it takes effect, and the answer becomes pending
	Stale   Verb = "stale"   // a read that accepts old state gets it: "stale kcm list pods @7" as of revision 7 or, if the process has seen a newer one, that; without @, the oldest
)

// The verbs of watches that are open. Their target is the name of the watch, such
// as "kcm watch pods". Expire is also for a list or a watch that is pending, Stall and
// Unstall for every request and answer that is.
const (
	Cut     Verb = "cut"     // the connection breaks
	Expire  Verb = "expire"  // 410 Gone, and the watch ends
	Stall   Verb = "stall"   // Settle leaves it, or its events, pending
	Unstall Verb = "unstall" // ends Stall
)

// The verbs of processes. Their target is an actor.
const (
	Start     Verb = "start"
	Crash     Verb = "crash"
	Restart   Verb = "restart"
	Partition Verb = "partition" // connections break and are refused; "partition kcm silent": nothing is heard at all
	Heal      Verb = "heal"
)

// Other verbs.
const (
	Advance Verb = "advance" // time passes, up to a duration or until something becomes pending
	Settle  Verb = "settle"  // everything runs, for a duration: see Cluster.Settle
	User    Verb = "user"    // a person does something: see UserActions
)

// A Step is one line of a Schedule.
type Step struct {
	Verb   Verb
	Target string
}

func (s Step) String() string { return string(s.Verb) + " " + s.Target }

// With is the step that does something else to the same target.
func (s Step) With(v Verb) Step { return Step{v, s.Target} }

var verbs = map[Verb]bool{
	Release: true, Fail: true, Lose: true, Keep: true, Stale: true,
	Cut: true, Expire: true, Stall: true, Unstall: true,
	Start: true, Crash: true, Restart: true, Partition: true, Heal: true,
	Advance: true, Settle: true, User: true,
}

// ParseStep reads what Step.String writes; blanks are squeezed.
func ParseStep(line string) (Step, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return Step{}, fmt.Errorf("sim: empty step")
	}
	s := Step{Verb(words[0]), strings.Join(words[1:], " ")}
	if !verbs[s.Verb] {
		return Step{}, fmt.Errorf("sim: unknown verb %q in step %q", words[0], line)
	}
	if s.Target == "" {
		return Step{}, fmt.Errorf("sim: step %q has no target", line)
	}
	switch s.Verb {
	case Advance, Settle:
		if _, err := s.duration(); err != nil {
			return Step{}, err
		}
	case Stale:
		if _, _, err := s.revision(); err != nil {
			return Step{}, err
		}
	case User:
		if _, err := parseUserAction(s.Target); err != nil {
			return Step{}, err
		}
	}
	return s, nil
}

func (s Step) duration() (time.Duration, error) {
	d, err := time.ParseDuration(s.Target)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("sim: step %q: want a duration greater than zero, such as 10s", s)
	}
	return d, nil
}

// revision splits the target of a Stale into the name and the revision.
func (s Step) revision() (name string, revision int64, err error) {
	name, at, ok := strings.Cut(s.Target, " @")
	if s.Verb != Stale || !ok {
		return s.Target, 1, nil
	}
	revision, err = strconv.ParseInt(at, 10, 64)
	if err != nil || revision <= 0 {
		return "", 0, fmt.Errorf("sim: step %q: want a revision after @, such as @7", s)
	}
	return name, revision, nil
}

// numbered appends the number by which equal names are told apart.
func numbered(name string, n int) string {
	if n < 2 {
		return name
	}
	return name + " #" + strconv.Itoa(n)
}
