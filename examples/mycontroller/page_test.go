package mycontroller_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
)

// What docs/testing-controllers.md and the README show is what is compiled and run.
func TestPages(t *testing.T) {
	code := read(t, "reconciler.go") + read(t, "mycontroller_test.go") + read(t, "bug_test.go") + read(t, "../../impl/sim/story_test.go")
	schedule := read(t, "testdata/too-many.schedule")
	prints := schedule + "\n" + transcript(t, schedule)
	guide := fenced(read(t, "../../docs/testing-controllers.md"))
	require.Len(t, guide, 10)
	for _, block := range guide {
		shown(t, block, code, prints)
	}
	_, readme, found := strings.Cut(read(t, "../../README.md"), "\n## Test your controller\n")
	require.True(t, found)
	readme, _, _ = strings.Cut(readme, "\n## ")
	blocks := fenced(readme)
	require.Len(t, blocks, 2)
	for _, block := range blocks {
		shown(t, block, code, prints)
	}
}

// A block is a fenced one of a page.
type block struct{ language, text string }

func fenced(page string) (blocks []block) {
	for _, m := range regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		blocks = append(blocks, block{m[1], m[2]})
	}
	return blocks
}

func shown(t *testing.T, b block, code, prints string) {
	t.Helper()
	switch b.language {
	case "go":
		require.Contains(t, code, b.text)
	case "diff":
		for line := range strings.Lines(b.text) {
			require.Contains(t, code, strings.TrimSpace(line[1:]))
		}
	default:
		require.Contains(t, prints, b.text)
	}
}

// transcript is what a replay of the schedule against the bug prints.
func transcript(t *testing.T, text string) string {
	schedule, err := sim.ParseSchedule(text)
	require.NoError(t, err)
	var history sim.History
	var listing string
	x := trial(t, first)
	x.Options.Recorders = []sim.Recorder{&history}
	x.Finally = nil
	always := x.Always
	x.Always = func(c *sim.Cluster) error {
		listing = c.KubectlGetPods("default")
		return always(c)
	}
	err = x.Replay(schedule)
	require.Error(t, err)
	out := err.Error() + "\nafter the schedule\n" + schedule.String() + "\n" + history.String() + "\n" + listing

	err = x.Replay(sim.Schedule{schedule[0], {Verb: sim.Release, Target: "fleets create pods default/web-0"}})
	return out + "\n" + err.Error() + "\n"
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}
