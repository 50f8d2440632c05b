package model_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// What a reviewer asks of a model of this protocol, as docs/fidelity.md answers
// it: the answers that no other test gives.

// reaches requires that each of some states can be reached.
func reaches(t *testing.T, s model.Scenario, states map[string]func(s *model.State) bool) {
	t.Helper()
	m := build(t, s, "P-UID")
	for _, name := range slices.Sorted(maps.Keys(states)) {
		m.Properties = append(m.Properties, check.Reachable(name, func(s model.State) bool { return states[name](&s) }))
	}
	for _, res := range run(t, m, check.Options{Symmetry: true}).Results {
		require.Equal(t, check.Holds, res.Verdict, "%s: %v", res.Property, res.Reason)
	}
}

// somePod makes a predicate of states that have such a pod.
func somePod(f func(p *model.Pod) bool) func(*model.State) bool {
	return func(s *model.State) bool {
		for i := range s.Pods {
			if f(&s.Pods[i]) {
				return true
			}
		}
		return false
	}
}

func TestKindsLagApart(t *testing.T) {
	behind := func(c uint8) bool { return c > 0 }
	s := on(2, model.Budget{model.NodeCrash: 1, model.PodDelete: 1})
	reaches(t, s, map[string]func(*model.State) bool{
		"pods are behind, nodes are not":                  func(s *model.State) bool { return behind(s.KCM.Pods.Len) && !behind(s.KCM.Nodes.Len) },
		"nodes are behind, pods are not":                  func(s *model.State) bool { return behind(s.KCM.Nodes.Len) && !behind(s.KCM.Pods.Len) },
		"the scheduler is behind, the controllers not":    func(s *model.State) bool { return behind(s.Scheduler.Pods.Len) && !behind(s.KCM.Pods.Len) },
		"the controllers are behind, the scheduler not":   func(s *model.State) bool { return behind(s.KCM.Pods.Len) && !behind(s.Scheduler.Pods.Len) },
		"a pod is seen on a node that is gone by another": func(s *model.State) bool { return behind(s.KCM.Pods.Len) && behind(s.KCM.Nodes.Len) },
	})
}

// A cache can lack more than what its own process has written.
func TestCachesLackOthersWrites(t *testing.T) {
	s := fromEmpty(on(1, model.Budget{model.PodDelete: 1}))
	s.Lag = 2
	reaches(t, s, map[string]func(*model.State) bool{
		"two events of others": func(s *model.State) bool {
			return s.KCM.Pods.Len == 2 && s.KCM.Pods.Events[0].Before.Stored
		},
	})
}

// A restart forgets all that 3.5 of the reference lists. A timer may be armed
// at once by the first lists, and then runs from its beginning.
func TestRestartForgets(t *testing.T) {
	long(t)
	type predicate = func(*model.State) bool
	someNode := func(f func(n *model.Node) bool) predicate {
		return func(s *model.State) bool {
			return slices.ContainsFunc(s.Nodes[:], func(n model.Node) bool { return f(&n) })
		}
	}
	crash := on(2, model.Budget{model.NodeCrash: 1, model.Restart: 1})
	deleted := on(1, model.Budget{model.NodeDelete: 1, model.Restart: 1})
	scaled := on(1, model.Budget{model.Scale: 1, model.Restart: 1})
	for name, c := range map[string]struct {
		s      model.Scenario
		memory predicate
	}{
		"expected creates":      {fromEmpty(crash), func(s *model.State) bool { return s.KCM.ExpectAdd > 0 }},
		"creates to send":       {fromEmpty(crash), func(s *model.State) bool { return s.KCM.ToCreate > 0 }},
		"expected deletes":      {scaled, somePod(func(p *model.Pod) bool { return p.ExpectDel })},
		"deletes to send":       {scaled, somePod(func(p *model.Pod) bool { return p.Chosen })},
		"timers that ran":       {crash, somePod(func(p *model.Pod) bool { return p.Timer == model.Ticked || p.Timer == model.Fired })},
		"pods to mark":          {crash, someNode(func(n *model.Node) bool { return n.NeedMark })},
		"not-ready times":       {crash, someNode(func(n *model.Node) bool { return n.NotReady > 0 })},
		"quarantine that ran":   {deleted, someNode(func(n *model.Node) bool { return n.Quarantine > 1 })},
		"queued nodes":          {inOld(crash), someNode(func(n *model.Node) bool { return n.Queued })},
		"evicted nodes":         {inOld(crash), someNode(func(n *model.Node) bool { return n.InSet })},
		"pods of a pass":        {inOld(crash), somePod(func(p *model.Pod) bool { return p.Condemned })},
		"states of zones":       {on(1, model.Budget{model.NodeCrash: 1, model.Restart: 1}), func(s *model.State) bool { return s.KCM.Zones[0] != model.Normal }},
		"tokens of the limiter": {failing(model.V1_37, 3, 0, model.Budget{model.NodeCrash: 2, model.Restart: 1}), func(s *model.State) bool { return s.KCM.Spent[0] }},
	} {
		t.Run(name, func(t *testing.T) {
			reaches(t, c.s, map[string]predicate{name: c.memory})
			m := build(t, c.s, "P-UID")
			m.Properties = []check.Property[model.State]{check.TransitionInPlace(name, func(_, to *model.State) bool { return !c.memory(to) }, "Fault.RestartKCM")}
			require.Equal(t, check.Holds, run(t, m, check.Options{Symmetry: true}).Results[0].Verdict)
		})
	}
}

// The two writes of a DELETE without grace are apart: watchers see the first,
// and others act before the second.
func TestMarkAndRemoveAreApart(t *testing.T) {
	s := on(1, model.Budget{model.PodDelete: 1})
	s.NoGrace, s.Lag = true, 0
	marked := func(p *model.Pod) bool { return p.Stored() && p.Deletion == model.Immediate }
	reaches(t, s, map[string]func(*model.State) bool{
		"marked, its replacement is there": func(s *model.State) bool {
			return marked(&s.Pods[0]) && s.Pods[1].Stored() || marked(&s.Pods[1]) && s.Pods[0].Stored()
		},
	})
}

// The kubelet and the node lifecycle controller both write the condition Ready.
func TestReadyHasTwoWriters(t *testing.T) {
	m := build(t, on(2, model.Budget{model.Partition: 1, model.Heal: 1}), "P-UID")
	ready := func(s *model.State) int {
		n := 0
		for i := range s.Pods {
			if s.Pods[i].Ready {
				n++
			}
		}
		return n
	}
	m.Properties = []check.Property[model.State]{
		check.TransitionInPlace("the kubelet does not", func(a, b *model.State) bool { return ready(b) <= ready(a) }, "Kubelet.ReportRunning"),
		check.TransitionInPlace("the controller does not", func(a, b *model.State) bool { return ready(b) >= ready(a) }, "NodeLifecycle.MarkPod"),
	}
	for _, res := range run(t, m, check.Options{Symmetry: true, Continue: true}).Results {
		require.Equal(t, check.Violated, res.Verdict, res.Property)
	}
}

// A pod that a kubelet has refused is Failed, and nobody but a user deletes it.
func TestFailedPodsStay(t *testing.T) {
	failed := func(p *model.Pod) bool {
		return p.Stored() && p.Phase == model.Terminal && p.Deletion == model.Unmarked
	}
	s := inOld(limited(model.Scenario{Replicas: 1, BarePods: 1, Nodes: 1, Lag: 1, Faults: model.Budget{model.PodDelete: 1, model.PodRecreate: 1}}))
	s.Mutations = []string{"podgc.deleteWithUID"} // without it pod GC may hit it in place of a namesake
	m := build(t, s, "P-UID")
	m.Properties = []check.Property[model.State]{
		check.Reachable("refused", func(s model.State) bool { return somePod(failed)(&s) }),
		check.TransitionInPlace("stays", func(from, to *model.State) bool {
			for i := range from.Pods {
				if failed(&from.Pods[i]) && !failed(&to.Pods[i]) && from.Budget[model.PodDelete] == to.Budget[model.PodDelete] {
					return false
				}
			}
			return true
		}),
	}
	r := run(t, m, check.Options{Symmetry: true, Continue: true})
	require.Equal(t, check.Holds, r.Result("refused").Verdict)
	require.NotEqual(t, check.Violated, r.Result("stays").Verdict)
}

// Nobody promises a fault or what a user does; everything else is owed.
func TestFaultsAreUnfair(t *testing.T) {
	for v := model.V1_37; v <= model.V1_9; v++ {
		for _, a := range build(t, everything(v)).Actions {
			process, _, _ := strings.Cut(a.Name, ".")
			if slices.Contains([]string{"Fault", "User", "Former"}, process) {
				require.Equal(t, check.Unfair, a.Fair, a.Name)
			} else {
				require.Equal(t, check.Weak, a.Fair, a.Name)
			}
		}
	}
}

var (
	namedAction = regexp.MustCompile("`([A-Z][A-Za-z]+\\.[A-Z][A-Za-z]+|Tick)`")
	namedTest   = regexp.MustCompile("`([a-z]+_test\\.go):(Test[A-Za-z0-9]+)`")
	row         = regexp.MustCompile(`(?m)^\| ([A-Z][0-9]+) \|`)
)

// The document names actions and tests that exist, every action, and every step
// of the reference that it has to account for.
func TestFidelityDocument(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "fidelity.md"))
	require.NoError(t, err)
	components, err := model.Documentation()
	require.NoError(t, err)
	missing := map[string]bool{}
	for _, c := range components {
		for _, a := range c.Actions {
			missing[a.Name] = true
		}
	}
	actions := maps.Clone(missing)
	for _, found := range namedAction.FindAllSubmatch(text, -1) {
		require.Contains(t, actions, string(found[1]))
		delete(missing, string(found[1]))
	}
	require.Empty(t, missing, "actions that the document does not name")

	tests := namedTest.FindAllSubmatch(text, -1)
	require.NotEmpty(t, tests)
	for _, found := range tests {
		source, err := os.ReadFile(string(found[1]))
		require.NoError(t, err)
		require.Contains(t, string(source), "func "+string(found[2])+"(")
	}

	var rows, want []string
	for _, found := range row.FindAllSubmatch(text, -1) {
		rows = append(rows, string(found[1]))
	}
	for _, table := range []struct {
		letter string
		last   int
	}{{"R", 8}, {"S", 6}, {"K", 11}, {"N", 8}, {"L", 9}, {"T", 6}, {"G", 4}, {"E", 5}} {
		for i := range table.last {
			want = append(want, table.letter+strconv.Itoa(i+1))
		}
	}
	require.Subset(t, rows, want)
}
