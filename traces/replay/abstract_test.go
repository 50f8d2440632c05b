package replay

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model"
)

func TestTowards(t *testing.T) {
	pod := func(phase model.Phase, ready bool) model.Pod {
		return model.Pod{Object: model.Stored, Phase: phase, Ready: ready}
	}
	pending, half, running := pod(model.Pending, false), pod(model.Running, false), pod(model.Running, true)
	require.True(t, towards(pending, running, running))
	require.True(t, towards(pending, half, running), "half of the way")
	require.False(t, towards(pending, pending, running), "no change")
	require.False(t, towards(running, half, running), "back")
	require.False(t, towards(pending, pod(model.Terminal, false), running), "elsewhere")

	tainted := func(t model.Taints) model.Node { return model.Node{Object: true, Taints: t} }
	both := model.NoScheduleUnreachable | model.NoExecuteUnreachable
	require.True(t, towards(tainted(0), tainted(model.NoScheduleUnreachable), tainted(both)), "one of two taints")
	require.False(t, towards(tainted(0), tainted(model.NoExecuteUnreachable), tainted(model.NoScheduleUnreachable)), "the other taint")
}
