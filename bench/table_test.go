package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestWriters(t *testing.T) {
	r := &report{
		Machine: "a machine", Runs: 5, EmptyBytes: 4 << 20,
		Race: []raceRow{
			{System: "sys", States: 288, Program: "Spin DFS", Wall: 3, Least: 2, Max: 4, CPU: 2.5, PeakBytes: 1 << 20, Measured: 99, Reported: 98},
			{System: "sys", States: 288, Program: "check, 1 worker", Wall: 2, Least: 1, Max: 3, Reported: 40,
				Faster: []faster{{"Spin DFS", 1.5, 1.25}, {"another", 1.75, 0}}},
		},
		Growth: []growthRow{{"sys", 288, 1146, 100, 25, 1, 1}},
	}
	for form, want := range map[string][]string{
		"table": {
			"system  states  program          wall s  from-to    CPU s  peak MiB  B/state  reported  times faster\n",
			"sys     288     Spin DFS         3.00    2.00-4.00  2.50   1         99.0     98.0",
			"sys     288     check, 1 worker  2.00    1.00-3.00  -      -         -        40.0      1.50 than Spin DFS (by CPU 1.25), 1.75 than another\n",
			"less the 4.0 MiB",
			"The machine was busy: a sequential search had a core for only 83 % of its time.",
			"Medians of 5 runs on a machine.\n",
		},
		"markdown": {
			"**check against Spin**\n",
			"| system | states | program | wall s |",
			"| --- | ---: | --- | ---: |",
			"| sys | 288 | Spin DFS | 3.00 | 2.00-4.00 | 2.50 | 1 | 99.0 | 98.0 |  |\n",
			"- Times faster:",
			"| sys | 288 | 1146 | 100 | 1.00 | 25.0 | 1.00 |\n",
		},
		"json": {`"Program": "Spin DFS"`, `"Than": "another"`},
	} {
		var b strings.Builder
		if err := writers[form](&b, r); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s: %q is not in\n%s", form, w, b.String())
			}
		}
		if strings.Contains(b.String(), "liveness against") {
			t.Errorf("%s: a table for a part that was not run:\n%s", form, b.String())
		}
		if form == "json" && !json.Valid([]byte(b.String())) {
			t.Errorf("not JSON:\n%s", b.String())
		}
	}
}

func TestLeastShare(t *testing.T) {
	row := func(program string, wall, cpu float64) raceRow {
		return raceRow{Program: program, Wall: wall, CPU: cpu}
	}
	for _, tt := range []struct {
		rows []raceRow
		want bool
	}{
		{nil, false},
		{[]raceRow{row("Spin DFS", 10, 9.9), row("Spin BFS_PAR, exact", 10, 0)}, false},
		{[]raceRow{row("Spin DFS", 10, 9.9), row("Spin DFS", 10, 4)}, true},
	} {
		if share, busy := leastShare(tt.rows); busy != tt.want {
			t.Errorf("%v: got %.2f, busy %t, want %t", tt.rows, share, busy, tt.want)
		}
	}
}
