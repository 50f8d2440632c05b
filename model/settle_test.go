package model

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A toleration counts from the first taint that is seen; a later one with a
// shorter toleration does not shorten it, one without any ends it.
func TestTimerOfTwoTaints(t *testing.T) {
	const unreachable, notReady = NoExecuteUnreachable, NoExecuteNotReady
	for _, c := range []struct {
		name                   string
		ofUnreachable, ofFalse Toleration
		before                 Timer
		taints                 Taints
		after                  Timer
	}{
		{"none", TolerateLonger, TolerateLonger, Off, 0, Off},
		{"the taint is gone", TolerateLonger, TolerateLonger, Ticked, 0, Off},
		{"longer", TolerateLonger, TolerateShorter, Off, unreachable, Armed},
		{"shorter", TolerateLonger, TolerateShorter, Off, notReady, Ticked},
		{"the minimum of both", TolerateLonger, TolerateShorter, Off, unreachable | notReady, Ticked},
		{"a running timer is kept", TolerateLonger, TolerateShorter, Armed, unreachable | notReady, Armed},
		{"also after the swap", TolerateLonger, TolerateShorter, Armed, notReady, Armed},
		{"for ever and longer", TolerateForever, TolerateLonger, Off, unreachable | notReady, Armed},
		{"for ever", TolerateForever, TolerateLonger, Ticked, unreachable, Off},
		{"not at all", TolerateLonger, TolerateNot, Armed, unreachable | notReady, Fired},
		{"fired", TolerateLonger, TolerateLonger, Fired, 0, Fired},
	} {
		t.Run(c.name, func(t *testing.T) {
			y, err := newSystem(Scenario{Nodes: 1, Toleration: c.ofUnreachable, NotReady: c.ofFalse})
			require.NoError(t, err)
			s := State{Nodes: [MaxNodes]Node{{Object: true, Taints: c.taints}}}
			require.Equal(t, c.after, y.settleTimer(&s, c.before, PodView{Stored: true, Node: 1}))
		})
	}
}
