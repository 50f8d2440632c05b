package replay_test

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
	"github.com/reconverge/reconverge/traces/replay"
)

func open(t testing.TB, file string) *traces.Replayed {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	doc, err := traces.Decode(f)
	require.NoError(t, err)
	r, err := traces.Replay(doc)
	require.NoError(t, err)
	return r
}

func golden(name string) string  { return "../../model/testdata/" + name + ".json" }
func planted(name string) string { return "testdata/" + name + ".json" }

// What became of all traces is in docs/replay.json, and compared in package review.
func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		file    string
		without bool
		verdict replay.Verdict
		step    int
		action  string
		reason  string // part of it
	}{
		"a late request": {file: golden("create-late"), verdict: replay.Reproduced, step: 7, action: "Former.Create(web-b)",
			reason: "has 2 active pods, and never wanted more than 1"},
		"an eviction by name": {file: golden("evicted-namesake"), verdict: replay.Reproduced, step: 22, action: "TaintEviction.Delete(mypod(uid 1))",
			reason: "is deleted by a request that was sent for the pod of its name with UID"},
		"what is left in the end":  {file: golden("eviction-lost"), verdict: replay.Reproduced, step: 16, reason: "is not being deleted"},
		"expectations that expire": {file: golden("expired-deletes"), verdict: replay.Reproduced, step: 10, reason: "leaves 0 active pods"},
		"another order":            {file: golden("tainted-in-pass"), verdict: replay.Reproduced, step: 15, reason: "is evicted, when no node has been seen ready"},
		"the scheduler takes another node": {file: golden("forced-container"), verdict: replay.Reproduced, step: 12, action: "Kubelet.Start(web-b)",
			reason: "2 pods of ReplicaSet web run"},
		"a bug": {file: planted("bind.noUID"), verdict: replay.Reproduced, step: 10, action: "Scheduler.Bind(mypod(uid 1))", reason: "is bound to node node-a by a decision for the pod"},
		"its guard": {file: planted("bind.noUID"), without: true, verdict: replay.Prevented, step: 10, action: "Scheduler.Bind(mypod(uid 1))",
			reason: "the API server answered 409 Conflict to scheduler/scheduler create pods/binding default/mypod"},
		"a guard in a controller": {file: planted("rs.noConsistencyGate"), without: true, verdict: replay.Prevented, step: 11, action: "ReplicaSet.Decide",
			reason: `there was no "kcm/replicaset create pods" within 5s`},
		"a guard in a cache": {file: golden("relist-goes-back-1.9"), verdict: replay.Prevented, step: 4, action: "Fault.Relist(pods)",
			reason: "kcm sees pod web-bbbbb as pending, and in the model as nothing"},
		"no claim":          {file: golden("queued-in-disruption-1.9"), verdict: replay.NotExpressible, reason: "the cluster has no claim P-EVICT-EXIT"},
		"faults for ever":   {file: golden("restart-storm"), verdict: replay.NotExpressible, reason: "Fault.RestartKCM goes on for ever"},
		"another beginning": {file: planted("pdb.controllerDown"), verdict: replay.NotExpressible, reason: "the cluster cannot begin as the trace does: disruptionsAllowed is 0"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := replay.Run(open(t, c.file), replay.Options{WithoutMutations: c.without})
			require.NoError(t, err)
			require.Equal(t, c.verdict, r.Verdict, r.Reason)
			require.Contains(t, r.Reason, c.reason)
			require.Equal(t, c.step, r.Step)
			require.Equal(t, c.action, r.Action)
		})
	}
}

func TestTheSameTraceIsTheSameSchedule(t *testing.T) {
	trace := open(t, golden("evicted-namesake"))
	first, err := replay.Run(trace, replay.Options{})
	require.NoError(t, err)
	require.NotEmpty(t, first.Schedule)
	second, err := replay.Run(trace, replay.Options{})
	require.NoError(t, err)
	require.Equal(t, first, second)
}

// TestAnotherOrderIsABehaviour executes the path of a reordered trace by its labels.
func TestAnotherOrderIsABehaviour(t *testing.T) {
	trace := open(t, golden("tainted-in-pass"))
	r, err := replay.Run(trace, replay.Options{})
	require.NoError(t, err)
	require.NotEmpty(t, r.Path)
	state := trace.Trace.Stem[0].State
	for _, label := range r.Path {
		next, found := step(trace.Model, state, label)
		require.True(t, found, "%s is no step of the model here", label)
		state = next
	}
}

func step(m *model.Model, from model.State, label string) (model.State, bool) {
	for i := range m.Actions {
		a := &m.Actions[i]
		for _, to := range a.Successors(nil, &from) {
			is := a.Name
			if a.Label != nil {
				is = a.Label(from, to)
			}
			if is == label {
				return to, true
			}
		}
	}
	return from, false
}

// unrealised are actions that no trace of the repository has.
var unrealised = []string{"TaintEviction.Cancel", "TaintEviction.Finish"}

func TestEveryActionIsRealised(t *testing.T) {
	var have []string
	for _, r := range replay.Rows() {
		require.NotEmpty(t, r.Is, r.Action)
		require.NotContains(t, have, r.Action)
		have = append(have, r.Action)
	}
	components, err := model.Documentation()
	require.NoError(t, err)
	for _, c := range components {
		for _, a := range c.Actions {
			require.NotEqual(t, slices.Contains(have, a.Name), slices.Contains(unrealised, a.Name), a.Name)
		}
	}
}

func TestWhatTheClusterHasNot(t *testing.T) {
	for name, change := range map[string]func(*model.Scenario){
		"several zones":               func(s *model.Scenario) { s.Zones[1] = 1 },
		"nodes of different sizes":    func(s *model.Scenario) { s.Capacity[1] = 2 },
		"untimed behaviours":          func(s *model.Scenario) { s.Untimed = true },
		"pods that do not tolerate":   func(s *model.Scenario) { s.Toleration = model.TolerateNot },
		"more than one hand-over":     func(s *model.Scenario) { s.Faults[model.HandOver] = 2 },
		`unknown mutation "no.such"`:  func(s *model.Scenario) { s.Mutations = []string{"no.such"} },
		"something that can happen":   func(s *model.Scenario) {},
		"the cluster has no claim no": func(s *model.Scenario) {},
	} {
		t.Run(name, func(t *testing.T) {
			trace := open(t, golden("create-late"))
			change(&trace.Scenario)
			switch name {
			case "something that can happen":
				trace.Shows = traces.Witness
			case "the cluster has no claim no":
				trace.Claim.ID = "no"
			}
			r, err := replay.Run(trace, replay.Options{})
			require.NoError(t, err)
			require.Equal(t, replay.NotExpressible, r.Verdict)
			require.Contains(t, r.Reason, name)
		})
	}
}

func BenchmarkReplay(b *testing.B) {
	trace := open(b, golden("evicted-namesake"))
	for b.Loop() {
		if _, err := replay.Run(trace, replay.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
