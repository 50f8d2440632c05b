package main

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/model/manifest"
)

func TestToleration(t *testing.T) {
	minute := timers{grace: time.Minute}
	for _, tt := range []struct {
		toleration manifest.Toleration
		order      timers
		want       model.Toleration
	}{
		{manifest.Toleration{Forever: true}, defaultTimers(model.V1_37), model.TolerateForever},
		{manifest.Toleration{}, defaultTimers(model.V1_37), model.TolerateNot},
		{manifest.Toleration{Seconds: 1}, defaultTimers(model.V1_37), model.TolerateShorter},
		{manifest.Toleration{Seconds: 49}, defaultTimers(model.V1_37), model.TolerateShorter},
		{manifest.Toleration{Seconds: 50}, defaultTimers(model.V1_37), model.TolerateLonger},
		{manifest.Toleration{Seconds: 300}, defaultTimers(model.V1_37), model.TolerateLonger},
		{manifest.Toleration{Seconds: 39}, defaultTimers(model.V1_9), model.TolerateShorter},
		{manifest.Toleration{Seconds: 40}, defaultTimers(model.V1_9), model.TolerateLonger},
		{manifest.Toleration{Seconds: 59}, minute, model.TolerateShorter},
		{manifest.Toleration{Seconds: 60}, minute, model.TolerateLonger},
		{manifest.Toleration{Seconds: math.MaxInt64}, minute, model.TolerateLonger},
		{manifest.Toleration{Seconds: 300}, timers{grace: 300*time.Second + 1}, model.TolerateShorter},
	} {
		require.Equal(t, tt.want, tt.order.toleration(tt.toleration), "%v of %v", tt.toleration, tt.order.grace)
	}
}

func TestTimersOf(t *testing.T) {
	flags := timers{grace: time.Minute, eviction: 2 * time.Minute, notReady: 7, unreachable: 8}
	given := func(flags ...string) func(string) bool {
		return func(flag string) bool { return slices.Contains(flags, flag) }
	}
	got, err := flags.of(model.V1_9, given())
	require.NoError(t, err)
	require.Equal(t, timers{grace: 40 * time.Second, eviction: 5 * time.Minute, notReady: 7, unreachable: 8}, got)
	got, err = flags.of(model.V1_9, given(graceFlag, evictionFlag))
	require.NoError(t, err)
	require.Equal(t, flags, got)
	got, err = flags.of(model.V1_37, given(graceFlag, unreachableFlag))
	require.NoError(t, err)
	require.Equal(t, timers{grace: time.Minute, eviction: 5 * time.Minute, notReady: 7, unreachable: 8}, got)
}

func TestTimersApplyToDefaultsOnly(t *testing.T) {
	order := timers{notReady: 7, unreachable: 8}
	set := manifest.ReplicaSet{
		NotReadyToleration: manifest.Toleration{Seconds: 300}, UnreachableToleration: manifest.Toleration{Seconds: 300},
		NotReadyByDefault: true,
	}
	order.apply(&set)
	require.Equal(t, manifest.Toleration{Seconds: 7}, set.NotReadyToleration)
	require.Equal(t, manifest.Toleration{Seconds: 300}, set.UnreachableToleration, "the pods say so themselves")
	set.NotReadyByDefault, set.UnreachableByDefault = false, true
	order.apply(&set)
	require.Equal(t, manifest.Toleration{Seconds: 8}, set.UnreachableToleration)
}
