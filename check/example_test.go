package check_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/check"
)

// Two processes take turns at a lock that only one of them looks at.
func ExampleRun() {
	type state struct{ Inside [2]bool }
	enter := func(dst []state, s state, i int) []state {
		if s.Inside[i] || i == 0 && s.Inside[1] {
			return dst
		}
		s.Inside[i] = true
		return append(dst, s)
	}
	m := &check.Model[state]{
		Init: []state{{}},
		Actions: []check.Action[state]{
			{Name: "Enter(0)", Next: func(dst []state, s state) []state { return enter(dst, s, 0) }},
			{Name: "Enter(1)", Next: func(dst []state, s state) []state { return enter(dst, s, 1) }},
		},
		Properties: []check.Property[state]{
			check.Invariant("at most one inside", func(s state) bool { return !s.Inside[0] || !s.Inside[1] }),
		},
	}
	report, err := check.Run(context.Background(), m, check.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Verdict())
	report.Result("at most one inside").Trace.WriteTo(os.Stdout)
	// Output:
	// violated
	//   0  (initial)                {Inside:[false false]}
	//   1  Enter(0)                 {Inside:[true false]}
	//   2  Enter(1)                 {Inside:[true true]}
}

// A message is sent again until it is acknowledged, over a channel that may
// lose it. Weak fairness of Receive is not enough: losing the message disables
// it again and again.
func ExampleLeadsTo() {
	type state string
	step := func(name string, fair check.Fairness, from, to state) check.Action[state] {
		return check.Action[state]{Name: name, Fair: fair, Next: func(dst []state, s state) []state {
			if s == from {
				dst = append(dst, to)
			}
			return dst
		}}
	}
	for _, fair := range []check.Fairness{check.Weak, check.Strong} {
		m := &check.Model[state]{
			Init: []state{"asked"},
			Actions: []check.Action[state]{
				step("Send", check.Weak, "asked", "sent"),
				step("Lose", check.Unfair, "sent", "asked"),
				step("Receive", fair, "sent", "received"),
			},
			Properties: []check.Property[state]{
				check.LeadsTo("it arrives",
					func(s state) bool { return s == "asked" },
					func(s state) bool { return s == "received" }),
			},
		}
		report, err := check.Run(context.Background(), m, check.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(fair, report.Verdict())
		if trace := report.Result("it arrives").Trace; trace != nil {
			trace.WriteTo(os.Stdout)
		}
	}
	// Output:
	// weak violated
	//   0  (initial)                asked
	// ---  for ever:
	//   1  Send                     sent
	//   2  Lose                     asked
	// strong holds
}

// The trace of a property that is Reachable is a witness, the shortest there is.
func ExampleReachable() {
	type state struct{ Coins uint8 }
	insert := func(name string, value uint8) check.Action[state] {
		return check.Action[state]{Name: name, Next: func(dst []state, s state) []state {
			if s.Coins+value <= 30 {
				dst = append(dst, state{s.Coins + value})
			}
			return dst
		}}
	}
	m := &check.Model[state]{
		Init:       []state{{}},
		Actions:    []check.Action[state]{insert("Insert(4)", 4), insert("Insert(12)", 12)},
		Properties: []check.Property[state]{check.Reachable("24 in all", func(s state) bool { return s.Coins == 24 })},
		Format:     func(s state) string { return fmt.Sprintf("%d in all", s.Coins) },
	}
	report, err := check.Run(context.Background(), m, check.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Verdict())
	report.Results[0].Trace.WriteTo(os.Stdout)
	// Output:
	// holds
	//   0  (initial)                0 in all
	//   1  Insert(12)               12 in all
	//   2  Insert(12)               24 in all
}

// A state is made for reading; Pack says how it is stored.
func ExamplePack() {
	type light struct {
		Colour  string
		Seconds int
	}
	colours := []string{"red", "green"}
	m := &check.Model[light]{
		Init: []light{{"red", 0}},
		Actions: []check.Action[light]{
			{Name: "Wait", Fair: check.Weak, Next: func(dst []light, s light) []light {
				if s.Seconds < 59 {
					dst = append(dst, light{s.Colour, s.Seconds + 1})
				}
				return dst
			}},
			{Name: "Change", Fair: check.Weak, Next: func(dst []light, s light) []light {
				if s.Seconds < 59 {
					return dst
				}
				return append(dst, light{colours[1-slices.Index(colours, s.Colour)], 0})
			}},
		},
		Properties: []check.Property[light]{
			check.AlwaysEventually("green again and again", func(s light) bool { return s.Colour == "green" }),
		},
		Packing: check.Pack(
			func(s light) uint8 { return uint8(slices.Index(colours, s.Colour)<<6 | s.Seconds) },
			func(k uint8) light { return light{colours[k>>6], int(k & 63)} }),
	}
	report, err := check.Run(context.Background(), m, check.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Verdict(), report.Stats.Distinct)
	// Output:
	// holds 120
}

// Eight processes count to three, each for itself. Which of them goes first makes
// no difference to where they come to rest, nor to a claim about one of them.
func ExampleOptions_partialOrder() {
	type state [8]uint8
	m := &check.Model[state]{
		Init: []state{{}},
		Properties: []check.Property[state]{
			check.DeadlockFree("rests at the end", func(s state) bool { return slices.Min(s[:]) == 3 }),
			check.Invariant("the first counts to three", func(s state) bool { return s[0] <= 3 }).Reading("counter 0"),
		},
	}
	for i := range len(state{}) {
		own := []string{fmt.Sprintf("counter %d", i)}
		m.Actions = append(m.Actions, check.Action[state]{
			Name: fmt.Sprintf("Count(%d)", i),
			Next: func(dst []state, s state) []state {
				if s[i] == 3 {
					return dst
				}
				s[i]++
				return append(dst, s)
			},
			Footprint: &check.Footprint{Reads: own, Writes: own},
		})
	}
	for _, partialOrder := range []bool{false, true} {
		report, err := check.Run(context.Background(), m, check.Options{PartialOrder: partialOrder})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(report.Verdict(), report.Stats.Distinct)
	}
	// Output:
	// holds 65536
	// holds 25
}

// Ten equal processes pass through three stages: 59,049 states, 66 of which
// differ by more than the names of the processes.
func ExampleOptions_symmetry() {
	type state [10]uint8
	m := &check.Model[state]{
		Init: []state{{}},
		Actions: []check.Action[state]{{Name: "Advance", Fair: check.Weak, Next: func(dst []state, s state) []state {
			for i := range s {
				if t := s; t[i] < 2 {
					t[i]++
					dst = append(dst, t)
				}
			}
			return dst
		}}},
		Properties: []check.Property[state]{
			check.Eventually("all are done", func(s state) bool { return slices.Min(s[:]) == 2 }),
		},
		Canonical: func(s state) state {
			slices.Sort(s[:])
			return s
		},
	}
	for _, symmetry := range []bool{false, true} {
		report, err := check.Run(context.Background(), m, check.Options{Symmetry: symmetry})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(report.Verdict(), report.Stats.Distinct)
	}
	// Output:
	// holds 59049
	// holds 66
}

// A counter never ends. What a bound leaves open is incomplete, never true; what
// was found within it is found.
func ExampleOptions_bounds() {
	m := &check.Model[uint64]{
		Init: []uint64{0},
		Actions: []check.Action[uint64]{
			{Name: "Count", Next: func(dst []uint64, n uint64) []uint64 { return append(dst, n+1) }},
		},
		Properties: []check.Property[uint64]{
			check.Invariant("below a million", func(n uint64) bool { return n < 1_000_000 }),
			check.Reachable("comes to 20", func(n uint64) bool { return n == 20 }),
		},
	}
	report, err := check.Run(context.Background(), m, check.Options{MaxDepth: 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, res := range report.Results {
		fmt.Println(res.Property+":", res.Verdict)
	}
	fmt.Println(errors.Is(report.Err(), check.ErrMaxDepth))
	// Output:
	// below a million: incomplete
	// comes to 20: holds
	// true
}

// A bound of the model names the states that are not explored further. It is a
// hole in the proof too. A queue that refuses what it has no room for has none.
func ExampleBound() {
	m := &check.Model[int]{
		Init: []int{0},
		Actions: []check.Action[int]{
			{Name: "Put", Next: func(dst []int, queued int) []int { return append(dst, queued+1) }},
			{Name: "Get", Next: func(dst []int, queued int) []int { return append(dst, max(queued-1, 0)) }},
		},
		Properties: []check.Property[int]{check.Invariant("never negative", func(queued int) bool { return queued >= 0 })},
		Bounds:     []check.Bound[int]{{Name: "10 are queued", At: func(queued int) bool { return queued == 10 }}},
	}
	report, err := check.Run(context.Background(), m, check.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Err())
	// Output:
	// never negative: incomplete: a bound of the model was reached: 10 are queued, in 1 states
}

// Format writes a state and Label a step. A lasso goes round its last part for
// ever.
func ExampleTrace_WriteTo() {
	type seats struct{ Taken [2]bool }
	m := &check.Model[seats]{
		Init: []seats{{}},
		Actions: []check.Action[seats]{{
			Name: "Change",
			Fair: check.Weak,
			Next: func(dst []seats, s seats) []seats {
				for i := range s.Taken {
					t := s
					t.Taken[i] = !t.Taken[i]
					dst = append(dst, t)
				}
				return dst
			},
			Label: func(from, to seats) string {
				for i := range from.Taken {
					switch {
					case to.Taken[i] && !from.Taken[i]:
						return fmt.Sprintf("Sit(%d)", i)
					case from.Taken[i] && !to.Taken[i]:
						return fmt.Sprintf("Rise(%d)", i)
					}
				}
				return ""
			},
		}},
		Properties: []check.Property[seats]{
			check.Eventually("seat 1 is taken", func(s seats) bool { return s.Taken[1] }),
		},
		Format: func(s seats) string {
			return strings.NewReplacer("false", ".", "true", "#").Replace(fmt.Sprint(s.Taken))
		},
	}
	report, err := check.Run(context.Background(), m, check.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	report.Results[0].Trace.WriteTo(os.Stdout)
	// Output:
	//   0  (initial)                [. .]
	// ---  for ever:
	//   1  Sit(0)                   [# .]
	//   2  Rise(0)                  [. .]
}
