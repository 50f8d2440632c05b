package check_test

import (
	"context"
	"fmt"
	"os"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/check/ltl"
)

// A lift that forgets to look at its door.
func ExampleInvariant() {
	type lift struct{ Moves, Open bool }
	m := &check.Model[lift]{
		Init: []lift{{}},
		Actions: []check.Action[lift]{
			{Name: "Toggle door", Next: func(dst []lift, s lift) []lift {
				s.Open = !s.Open
				return append(dst, s)
			}},
			{Name: "Start", Next: func(dst []lift, s lift) []lift {
				if s.Open {
					return dst
				}
				s.Moves = true
				return append(dst, s)
			}},
		},
		Properties: []check.Property[lift]{
			check.Invariant("moves with its door shut", func(s lift) bool { return !s.Moves || !s.Open }),
		},
	}
	report, err := check.Run(context.Background(), m, check.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	report.Results[0].Trace.WriteTo(os.Stdout)
	// Output:
	//   0  (initial)                {Moves:false Open:false}
	//   1  Start                    {Moves:true Open:false}
	//   2  Toggle door              {Moves:true Open:true}
}

// Versions only grow, unless one is restored. A claim about steps may be limited
// to those of some actions.
func ExampleTransition() {
	grows := func(from, to int) bool { return from < to }
	m := &check.Model[int]{
		Init: []int{1},
		Actions: []check.Action[int]{
			{Name: "Write", Next: func(dst []int, version int) []int { return append(dst, min(version+1, 5)) }},
			{Name: "Restore", Next: func(dst []int, version int) []int { return append(dst, 1) }},
		},
		Properties: []check.Property[int]{
			check.Transition("versions grow", grows),
			check.Transition("versions grow when written", grows, "Write"),
		},
	}
	report, err := check.Run(context.Background(), m, check.Options{Continue: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, res := range report.Results {
		fmt.Println(res.Property+":", res.Verdict)
	}
	// Output:
	// versions grow: violated
	// versions grow when written: holds
}

// Two diners at two forks. Each takes one fork after the other, and eats once.
func ExampleDeadlockFree() {
	type table struct {
		Forks [2]string // who has it
		Ate   [2]bool
	}
	m := &check.Model[table]{Init: []table{{Forks: [2]string{"-", "-"}}}}
	for i, diner := range []string{"ann", "bob"} {
		take := func(fork int) check.Action[table] {
			return check.Action[table]{Name: fmt.Sprintf("Take(%s, %d)", diner, fork), Next: func(dst []table, s table) []table {
				if s.Forks[fork] != "-" || s.Ate[i] {
					return dst
				}
				s.Forks[fork] = diner
				return append(dst, s)
			}}
		}
		m.Actions = append(m.Actions, take(0), take(1), check.Action[table]{Name: "Eat(" + diner + ")", Next: func(dst []table, s table) []table {
			if s.Forks != [2]string{diner, diner} {
				return dst
			}
			s.Forks, s.Ate[i] = [2]string{"-", "-"}, true
			return append(dst, s)
		}})
	}
	m.Properties = []check.Property[table]{
		// To stop after dinner is no deadlock.
		check.DeadlockFree("nobody starves", func(s table) bool { return s.Ate == [2]bool{true, true} }),
	}
	report, err := check.Run(context.Background(), m, check.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	report.Results[0].Trace.WriteTo(os.Stdout)
	// Output:
	//   0  (initial)                {Forks:[- -] Ate:[false false]}
	//   1  Take(ann, 0)             {Forks:[ann -] Ate:[false false]}
	//   2  Take(bob, 1)             {Forks:[ann bob] Ate:[false false]}
}

// A kettle boils if nobody may put off heating it for ever, which is what
// fairness says. What may be put off is not certain to happen.
func ExampleEventually() {
	for _, fair := range []check.Fairness{check.Unfair, check.Weak} {
		m := &check.Model[int]{
			Init: []int{20},
			Actions: []check.Action[int]{
				{Name: "Heat", Fair: fair, Next: func(dst []int, degrees int) []int { return append(dst, min(degrees+20, 100)) }},
			},
			Properties: []check.Property[int]{
				check.Eventually("boils", func(degrees int) bool { return degrees == 100 }),
			},
		}
		report, err := check.Run(context.Background(), m, check.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(fair, report.Verdict())
	}
	// Output:
	// unfair violated
	// weak holds
}

// A beacon turns for ever, unless its switch is thrown.
func ExampleAlwaysEventually() {
	type beacon struct {
		Points string
		Off    bool
	}
	next := map[string]string{"north": "east", "east": "south", "south": "west", "west": "north"}
	m := &check.Model[beacon]{
		Init: []beacon{{Points: "north"}},
		Actions: []check.Action[beacon]{
			{Name: "Turn", Fair: check.Weak, Next: func(dst []beacon, s beacon) []beacon {
				if s.Off {
					return dst
				}
				return append(dst, beacon{next[s.Points], false})
			}},
			{Name: "Switch off", Next: func(dst []beacon, s beacon) []beacon { return append(dst, beacon{s.Points, true}) }},
		},
		Properties: []check.Property[beacon]{
			check.AlwaysEventually("north again and again", func(s beacon) bool { return s.Points == "north" }),
		},
	}
	report, err := check.Run(context.Background(), m, check.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	report.Results[0].Trace.WriteTo(os.Stdout)

	m.Actions = m.Actions[:1] // without the switch
	report, err = check.Run(context.Background(), m, check.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Verdict())
	// Output:
	//   0  (initial)                {Points:north Off:false}
	//   1  Turn                     {Points:east Off:false}
	//   2  Switch off               {Points:east Off:true}
	// ---  for ever:
	//   3  stutter                  {Points:east Off:true}
	// holds
}

// Three peers in a line adopt the greatest number that a neighbour has. They
// come to agree, and go on agreeing.
func ExampleEventuallyAlways() {
	type peers [3]int
	m := &check.Model[peers]{
		Init: []peers{{7, 2, 9}, {9, 7, 2}, {2, 9, 7}},
		Actions: []check.Action[peers]{
			{Name: "Gossip", Fair: check.Weak, Next: func(dst []peers, s peers) []peers {
				for i := range 2 {
					t := s
					t[i], t[i+1] = max(s[i], s[i+1]), max(s[i], s[i+1])
					dst = append(dst, t)
				}
				return dst
			}},
		},
		Properties: []check.Property[peers]{
			check.EventuallyAlways("agreed on 9", func(s peers) bool { return s == peers{9, 9, 9} }),
		},
	}
	report, err := check.Run(context.Background(), m, check.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Verdict())
	// Output:
	// holds
}

// A shop that may send before it is paid. What comes first is a matter of order,
// which a formula can claim.
func ExampleLTL() {
	type order struct{ Paid, Sent bool }
	m := &check.Model[order]{
		Init: []order{{}},
		Actions: []check.Action[order]{
			{Name: "Pay", Next: func(dst []order, s order) []order { return append(dst, order{true, s.Sent}) }},
			{Name: "Send", Fair: check.Weak, Next: func(dst []order, s order) []order { return append(dst, order{s.Paid, true}) }},
		},
	}
	paid := ltl.State("paid", func(s order) bool { return s.Paid })
	send := ltl.Taken[order]("Send")
	claim := ltl.WeakUntil(ltl.Not(send), paid)
	m.Properties = []check.Property[order]{check.LTL("pay first", claim)}

	report, err := check.Run(context.Background(), m, check.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(claim)
	report.Results[0].Trace.WriteTo(os.Stdout)
	// Output:
	// !taken(Send) W paid
	//   0  (initial)                {Paid:false Sent:false}
	//   1  Send                     {Paid:false Sent:true}
	// ---  for ever:
	//   2  stutter                  {Paid:false Sent:true}
}

// What is claimed of closed accounts says nothing while none can be closed.
func ExampleProperty_When() {
	type account struct {
		Balance int
		Closed  bool
	}
	m := &check.Model[account]{
		Init: []account{{Balance: 2}},
		Actions: []check.Action[account]{
			{Name: "Pay", Next: func(dst []account, s account) []account {
				if s.Closed || s.Balance == 0 {
					return dst
				}
				return append(dst, account{s.Balance - 1, false})
			}},
		},
		Properties: []check.Property[account]{
			check.Invariant("closed accounts are empty", func(s account) bool { return s.Balance == 0 }).
				When(func(s account) bool { return s.Closed }),
		},
	}
	closing := check.Action[account]{Name: "Close", Next: func(dst []account, s account) []account {
		if s.Balance == 0 {
			dst = append(dst, account{0, true})
		}
		return dst
	}}
	for range 2 {
		report, err := check.Run(context.Background(), m, check.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(report.Verdict(), "vacuous:", report.Results[0].Vacuous)
		m.Actions = append(m.Actions, closing)
	}
	// Output:
	// holds vacuous: true
	// holds vacuous: false
}
