package ltl_test

import (
	"fmt"

	"github.com/reconverge/reconverge/check/ltl"
)

type system struct{ waiting, critical bool }

func Example() {
	waiting := ltl.State("waiting", func(s system) bool { return s.waiting })
	critical := ltl.State("critical", func(s system) bool { return s.critical })

	fmt.Println(ltl.Always(ltl.Implies(waiting, ltl.Eventually(critical))))
	fmt.Println(ltl.WeakUntil(ltl.Not(critical), waiting))
	// Output:
	// [](waiting -> <>critical)
	// !critical W waiting
}

func ExampleTaken() {
	critical := ltl.State("critical", func(s system) bool { return s.critical })
	enter := ltl.Taken[system]("Enter(p1)")

	// Nobody is in the critical section before p1 entered it.
	fmt.Println(ltl.WeakUntil(ltl.Not(critical), enter))
	// Output:
	// !critical W taken(Enter(p1))
}
