package sim_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestASchedulesTextIsReadBack(t *testing.T) {
	step := rapid.SampledFrom([]string{
		"release kcm/replicaset create pods default/web-* #2", "fail kcm watch pods MODIFIED default/web-bbbbb",
		"stale kcm list pods @12", "stall kcm watch pods", "partition kcm silent", "advance 1m30s", "settle 40s",
		"user scale replicasets default/web 3", "user delete pods default/web-bbbbb --grace=0 --cascade=orphan",
		"user label pods default/web-bbbbb app-", "user drain node-a", "start kcm-2",
	})
	rapid.Check(t, func(t *rapid.T) {
		var s sim.Schedule
		for _, line := range rapid.SliceOf(step).Draw(t, "steps") {
			parsed, err := sim.ParseStep(line)
			require.NoError(t, err)
			require.Equal(t, line, parsed.String())
			s = append(s, parsed)
		}
		back, err := sim.ParseSchedule("# a comment\n\n" + s.String() + "  # the end\n")
		require.NoError(t, err)
		require.Equal(t, s, back)
	})
}

func TestAnErrorOfAScheduleNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"crash kcm\n\n# x\nbreak kcm": `line 4: sim: unknown verb "break" in step "break kcm"`,
		"crash":                       `line 1: sim: step "crash" has no target`,
		"advance -1s":                 `line 1: sim: step "advance -1s": want a duration greater than zero`,
		"settle soon":                 `line 1: sim: step "settle soon": want a duration`,
		"stale kcm list pods @new":    `line 1: sim: step "stale kcm list pods @new": want a revision`,
		"user dance":                  `unknown action "dance"; a user can`,
		"user":                        `step "user" has no target`,
		"crash " + strings.Repeat("x", 1<<17) + "\n?": `line 2: sim: unknown verb "?"`,
		"user delete pods":                            "wrong number of words",
		"user delete pods a --now":                    `unknown flag "--now"`,
		"user scale rs default/a -1":                  `"-1" is no number of replicas`,
		"user label pods a app":                       `"app": want key=value`,
	} {
		_, err := sim.ParseSchedule(text)
		require.ErrorContains(t, err, want, text)
	}
}

// What Settle did can be done again step by step, with the same history.
func TestTheStepsTakenCanBeReplayed(t *testing.T) {
	play := func(f func(c *sim.Cluster)) ([]string, sim.Schedule) {
		var h steps
		var taken sim.Schedule
		sim.Run(t, sim.Options{Recorders: []sim.Recorder{&h}}, func(c *sim.Cluster) {
			c.Apply(web(2))
			startControlPlane(c, "node-a")
			prepared := len(c.Taken())
			f(c)
			taken = c.Taken()[prepared:]
		})
		return h, taken
	}
	want, taken := play(func(c *sim.Cluster) {
		c.Settle(20 * time.Second)
		do(t, c, "user delete pods default/web-bbbbb", "crash kubelet-node-a")
		c.Settle(10 * time.Second)
	})
	got, _ := play(func(c *sim.Cluster) { require.NoError(t, c.Replay(taken, nil)) })
	require.Equal(t, want, got)
}

// steps is a Recorder of everything but Settle, which is what it does.
type steps []string

func (s *steps) Record(e sim.Entry) {
	if taken, ok := e.(*sim.Taken); ok && taken.Step.Verb == sim.Settle {
		return
	}
	if _, ok := e.(*sim.Rest); !ok {
		*s = append(*s, e.String())
	}
}

func TestAReplayIsStrictOrLoose(t *testing.T) {
	schedule, err := sim.ParseSchedule(`
		release kcm watch nodes
		user delete pods default/nobody
		` + create)
	require.NoError(t, err)
	started(t, true, func(c *sim.Cluster, _ *sim.History) {
		require.ErrorContains(t, c.Replay(schedule, nil), `step 1 of 3: sim: step "release kcm watch nodes" names nothing`)
		require.Empty(t, pods(c))
		skipped, err := c.ReplayLoosely(schedule, nil)
		require.NoError(t, err)
		require.Len(t, skipped, 1)
		require.Equal(t, schedule[0], skipped[0].Step)
		require.Len(t, pods(c), 1)
	})
	started(t, true, func(c *sim.Cluster, _ *sim.History) {
		violated := func(sim.Step) error { return os.ErrInvalid }
		require.ErrorIs(t, c.Replay(schedule[1:], violated), os.ErrInvalid)
		require.Empty(t, pods(c), "it ends there")
	})
}

func TestADocumentIsReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "twice.yaml")
	d := sim.Document{
		SchemaVersion: sim.SchemaVersion, Title: "a create too many", Property: "P-COUNT",
		Manifests: "apiVersion: v1\nkind: Node\nmetadata:\n  name: node-a\n", Actors: []string{"kcm"},
		Options: map[string]string{"version": "1.9"}, Mutations: []string{"rs.noExpectations"}, Seed: 7,
		Schedule: sim.Schedule{{Verb: sim.Crash, Target: "kcm"}, {Verb: sim.Advance, Target: "10s"}},
	}
	require.NoError(t, sim.Save(path, d))
	back, err := sim.Load(path)
	require.NoError(t, err)
	require.Equal(t, d, back)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), "steps:\n- crash kcm\n- advance 10s\n")

	for text, want := range map[string]string{
		"schemaVersion: 2":                      "schemaVersion is 2; this version reads 1",
		"schemaVersion: 1\nsteps: [jump]":       `unknown verb "jump"`,
		"schemaVersion: 1\nstpes: [crash kcm]":  `unknown field "stpes"`,
		"schemaVersion: 1\nsteps: [advance 1x]": "want a duration",
		strings.Repeat("#", sim.MaxBytes+1):     "larger than 1 MiB",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := sim.Load(path)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "twice.yaml: ")
	}
}
