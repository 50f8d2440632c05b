package review

import (
	"fmt"
	"strings"

	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces/conform"
)

// conformancePage is what running controllers are held against the model by.
func conformancePage() (Page, error) {
	var b strings.Builder
	b.WriteString(conformanceIntroduction)
	b.WriteString("\n## The table\n\nA write is looked up by who asked for it; it must be one of the actions. A write that changes nothing that the model looks at is none.\n\n| Client | Request | Action of the model |\n|---|---|---|\n")
	for _, r := range conform.Table() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.Client, strings.TrimPrefix(r.String(), r.Client+" "), codes(r.Actions))
	}
	b.WriteString(conformanceOther)
	b.WriteString("\n## Scenarios\n\n| Scenario | Faults of the model |\n|---|---|\n")
	var rest strings.Builder
	for _, s := range suite.Scenarios() {
		if reason := conform.Uncovered(s.Name); reason != "" {
			fmt.Fprintf(&rest, "| %s | %s |\n", s.Name, reason)
			continue
		}
		all, err := conform.Scenarios(s)
		if err != nil {
			return Page{}, err
		}
		var faults []string
		for f, n := range all[0].Faults {
			if n > 0 {
				faults = append(faults, model.Fault(f).String())
			}
		}
		fmt.Fprintf(&b, "| %s | %s |\n", s.Name, strings.Join(faults, ", "))
	}
	b.WriteString("\nNot held against the model:\n\n| Scenario | Why |\n|---|---|\n" + rest.String())
	b.WriteString("\n## What the model omits\n\n| What happens | Why it is not in the model | Then |\n|---|---|---|\n")
	for _, o := range conform.Omissions() {
		then := "counted"
		if o.Ends {
			then = "the comparison ends"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", o.What, o.Why, then)
	}
	b.WriteString(conformanceFound)
	return Page{Path: "conformance.md", Text: b.String()}, nil
}

func codes(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }

const conformanceIntroduction = `# Is what runs a behaviour of the model?

` + "`traces/conform`" + ` follows a run in the simulated cluster and keeps every state that the model may be
in: closed under steps that nobody can see, advanced by what is seen, by the actions that the table
has for it. When no state is left, the run is no behaviour of the model: a divergence.

    go test -v ./traces/conform                      # a few schedules of each scenario
    RECONVERGE_FULL=1 go test -v ./traces/conform    # 20 of each, every row, every planted bug
    go test ./traces/conform -run 'Conform/^lag$' -rapid.seed=0 -rapid.checks=300

A divergence names the step after which it was seen, what was observed (only fields that differ),
the actions that the table has for that, what processes of the model would have done that can be
seen, and the shortest schedule that was found. It is a fault of the model, of the controllers, of
the table, or something that the model omits.

It is a check of safety: what never happens in a run cannot diverge, so a controller that does
nothing conforms. Time is a tick of 7 s, and nothing finer.
`

const conformanceOther = `
Events that reach a cache are ` + "`KCM.See*`, `Scheduler.See*`" + ` or ` + "`Fault.Relist`" + `; containers
` + "`Kubelet.Start` and `Kubelet.Stop`" + `; a renewed lease is ` + "`Kubelet.Heartbeat`" + `; processes that end
and start are ` + "`Fault.*`" + `.
`

const conformanceFound = `
## What was found

| Kind | Divergences | Which |
|---|---|---|
| fault of the model | 2 | a sync waited for its releases to be seen; a sync did not go on after a release |
| fault of our controllers | 0 | |
| fault of the API server | 0 | |
| abstraction of the model | 6 | those above, without the bounds and late requests |
| fault of the table or the observation | 6 | readiness after a reboot; late requests of people; scaling by more than one; deployers that start again; runtimes that fail without power; an eviction of two minutes ago whose entry is still there (met on Kubernetes' own controllers) |

Kubernetes' own controllers (v1.37.2) were held against the model by the same table: 100 schedules of
each of seven scenarios, none diverges, and the default of ` + "`impl/upstream/conform`" + `, a few of every
scenario here, which CI draws again.

Which planted bugs diverge, and which do not, is printed by the whole suite. Many do not: some bugs only
leave things undone, which is no safety; some happen where the comparison ends; some are not
explained yet (see [status.md](status.md)).

## A schedule as a trace of the model

    verify replay --against model impl/suite/testdata/mutations/rs.noExpectations.yaml

takes a schedule that violates a property in the cluster, and prints a behaviour of the model that was
observed then and violates the same property, with the same bug planted. Of the 35 saved schedules nine
are such traces. The others run in 1.9, go where the comparison ends, or violate what is judged in the end,
which no finite behaviour shows; and of each state only one way to it is remembered.
`
