package check_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
)

func TestPartialOrderIsRefused(t *testing.T) {
	always := func(counter) bool { return true }
	for name, test := range map[string]struct {
		change func(m *check.Model[counter], o *check.Options)
		want   string
	}{
		"liveness": {
			func(m *check.Model[counter], _ *check.Options) {
				m.Properties = append(m.Properties, check.AlwaysEventually("again", always))
			},
			`check: Options.PartialOrder with property "again" (always-eventually): a reduced search leaves out behaviours that liveness needs: check it in a run without`,
		},
		"symmetry": {
			func(m *check.Model[counter], o *check.Options) {
				m.Canonical = func(s counter) counter { return s }
				o.Symmetry = true
			},
			`check: Options.PartialOrder with Options.Symmetry: each is proved alone, not the two together: use one of them`,
		},
		"no footprint": {
			func(m *check.Model[counter], _ *check.Options) {
				for i := range m.Actions {
					m.Actions[i].Footprint = nil
				}
			},
			`check: no action declares a Footprint, so none is known to commute with another`,
		},
		"variable without a name": {
			func(m *check.Model[counter], _ *check.Options) {
				m.Actions[1].Footprint = &check.Footprint{Writes: []string{"n1", ""}}
			},
			`check: action "Count(1)": its footprint has a variable without a name`,
		},
		"guard without a footprint": {
			func(m *check.Model[counter], _ *check.Options) {
				m.Actions[1].Footprint, m.Actions[1].Guards = nil, []check.Guard[counter]{{Open: always}}
			},
			`check: action "Count(1)": its guards need a footprint`,
		},
		"guard without a predicate": {
			func(m *check.Model[counter], _ *check.Options) {
				m.Actions[1].Guards = []check.Guard[counter]{{Open: always}, {}}
			},
			`check: action "Count(1)": guard 1 has no predicate`,
		},
		"guard that reads more": {
			func(m *check.Model[counter], _ *check.Options) {
				m.Actions[1].Guards = []check.Guard[counter]{{Open: always, Reads: []string{"n1", "n0"}}}
			},
			`check: action "Count(1)": guard 0 reads "n0", which its footprint does not`,
		},
		"unknown variable": {
			func(m *check.Model[counter], _ *check.Options) {
				m.Properties = append(m.Properties, check.Invariant("p", always).Reading("n0", "n7"))
			},
			`check: property "p" reads variable "n7", which no footprint mentions`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := counters(2, 2, false)
			o := check.Options{PartialOrder: true}
			test.change(m, &o)
			_, err := check.Run(context.Background(), m, o)
			require.EqualError(t, err, test.want)
		})
	}
}
