package model

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/check"
)

// The comment of every action is complete.
func TestDocumentation(t *testing.T) {
	components, err := Documentation()
	require.NoError(t, err)
	described := map[string]ActionDoc{}
	for _, c := range components {
		for _, a := range c.Actions {
			described[a.Name] = a
			require.True(t, strings.HasPrefix(a.Name+".", c.Name+"."), a.Name)
		}
	}
	actions, err := catalogueActions()
	require.NoError(t, err)
	require.Len(t, described, len(actions))

	decide := described["ReplicaSet.Decide"]
	require.Equal(t, "replicaset.go", decide.File)
	require.Equal(t, check.Weak, decide.Fair)
	require.Equal(t, "Starts a sync that has something to do. While pods are to be adopted or released, no sync gets so far.", decide.Sentences())
	require.Contains(t, decide.Abstracts, "manageReplicas")
	require.Equal(t, check.Unfair, described["User.Delete"].Fair)
}

const planted = `package model

import "fmt"

// The robot of this test.
//
// Omits: its arms.

// build makes actions.
func build(y *system) {
	fair("Robot.Walk", y.walk, nil)
	use([]row{{Push, "Fault.Push", y.push, nil}, {name: "Robot.Turn", next: y.each(y.turn)}})
	claim("ESR", y.walk)
}

// walk goes one step.
// It may fall.
//
// Reads: the floor,
// all of it.
// Guard: it stands.
//
// Effect: it is elsewhere.
// Abstracts: robot.go:Walk.
//
// It never stops.
func (y *system) walk() {}

// turn turns.
//
// Abstracts: robot.go:Turn.
func (y *system) turn() {}

func (y *system) each(f func()) {}

// push pushes it over.
func (y *system) push() {}

// push is of another type.
func (s *State) push() {}
`

func TestDocument(t *testing.T) {
	walk, turn := check.Action[State]{Name: "Robot.Walk", Fair: check.Weak}, check.Action[State]{Name: "Robot.Turn", Fair: check.Weak}
	all := []check.Action[State]{walk, turn, {Name: "Fault.Push"}}
	read := func(old, new string, actions ...check.Action[State]) ([]Component, error) {
		require.Contains(t, planted, old)
		return document(fstest.MapFS{
			"robot.go":      {Data: []byte(strings.Replace(planted, old, new, 1))},
			"robot_test.go": {Data: []byte("not Go")},
		}, actions)
	}
	components, err := read("", "", all...)
	require.NoError(t, err)
	require.Equal(t, []Component{
		{"Robot", Comment{Does: "The robot of this test.", Omits: "its arms."}, []ActionDoc{
			{"Robot.Walk", check.Weak, "walk", "robot.go", Comment{
				Does: "walk goes one step. It may fall.\n\nIt never stops.", Reads: "the floor, all of it.",
				Guard: "it stands.", Effect: "it is elsewhere.", Abstracts: "robot.go:Walk.",
			}},
			{"Robot.Turn", check.Weak, "turn", "robot.go", Comment{Does: "turn turns.", Abstracts: "robot.go:Turn."}},
		}},
		{"Fault", Comment{Does: "The robot of this test.", Omits: "its arms."}, []ActionDoc{
			{"Fault.Push", check.Unfair, "push", "robot.go", Comment{Does: "push pushes it over."}},
		}},
	}, components)

	for _, tt := range []struct {
		name, old, new string
		actions        []check.Action[State]
		want           string
	}{
		{"nothing abstracted", "// Abstracts: robot.go:Turn.", "// It falls.", all,
			"action Robot.Turn: the comment of turn in robot.go does not say what it abstracts"},
		{"no comment", "// push pushes it over.", "", all, "action Fault.Push: push in robot.go has no comment"},
		{"not registered", "", "", append(all, check.Action[State]{Name: "Robot.Jump"}),
			"action Robot.Jump: its name and its function are not found side by side in the source"},
		{"a name that is put together", `"Robot.Walk"`, `"Robot." + "Walk"`, all, "action Robot.Walk: its name and its function"},
		{"a function without a name", "y.walk", "func() {}", all, "action Robot.Walk: its name and its function"},
		{"two functions", `claim("ESR"`, `claim("Robot.Turn"`, all, "action Robot.Turn is registered with turn and with walk"},
		{"in no scenario", "", "", all[:2], "action Fault.Push is registered, and no scenario of the catalogue has it"},
		{"no Go", "package model", "package", all, "robot.go:3:1: expected"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(tt.old, tt.new, tt.actions...)
			require.ErrorContains(t, err, tt.want)
		})
	}
}
