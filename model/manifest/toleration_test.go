package manifest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model/manifest"
)

func TestTolerations(t *testing.T) {
	type toleration = manifest.Toleration
	var (
		byDefault = toleration{Seconds: manifest.DefaultTolerationSeconds}
		forEver   = toleration{Forever: true}
		atOnce    = toleration{}
	)
	const (
		notReady    = "key: node.kubernetes.io/not-ready"
		unreachable = "key: node.kubernetes.io/unreachable"
	)
	for _, c := range []struct {
		name                  string
		tolerations           []string
		notReady, unreachable toleration
		schedules             [2]bool // on a not-ready node, on an unreachable node
	}{
		{"none", nil, byDefault, byDefault, [2]bool{}},
		{"of another taint", []string{"{key: gpu, operator: Exists}"}, byDefault, byDefault, [2]bool{}},
		{"of everything", []string{"{operator: Exists}"}, forEver, forEver, [2]bool{true, true}},
		{"of every NoExecute", []string{"{operator: Exists, effect: NoExecute}"}, forEver, forEver, [2]bool{}},
		{"of every NoExecute, for a time", []string{"{operator: Exists, effect: NoExecute, tolerationSeconds: 7}"}, toleration{Seconds: 7}, toleration{Seconds: 7}, [2]bool{}},
		{"of one key", []string{"{" + notReady + ", operator: Exists, effect: NoExecute, tolerationSeconds: 7}"}, toleration{Seconds: 7}, byDefault, [2]bool{}},
		{"as a DaemonSet", []string{"{" + notReady + ", operator: Exists, effect: NoExecute}", "{" + unreachable + ", operator: Exists, effect: NoExecute}"}, forEver, forEver, [2]bool{}},
		{"of all effects", []string{"{" + unreachable + ", operator: Exists}"}, byDefault, forEver, [2]bool{false, true}},
		{"Equal to no value", []string{"{" + notReady + ", effect: NoExecute}"}, forEver, byDefault, [2]bool{}},
		{"zero", []string{"{" + notReady + ", operator: Exists, effect: NoExecute, tolerationSeconds: 0}"}, atOnce, byDefault, [2]bool{}},
		{"negative", []string{"{" + notReady + ", operator: Exists, effect: NoExecute, tolerationSeconds: -5}"}, atOnce, byDefault, [2]bool{}},

		// Admission asks for key and effect, eviction for the value as well.
		{"of another value", []string{"{" + notReady + ", value: x, effect: NoExecute}"}, atOnce, byDefault, [2]bool{}},
		// Of NoSchedule only: admission adds its default, so the pod may be
		// placed on the node, and is evicted from it after a time.
		{"NoSchedule", []string{"{" + notReady + ", operator: Exists, effect: NoSchedule}"}, byDefault, byDefault, [2]bool{true, false}},

		// The first that matches counts, not the shortest.
		{"long, then short", []string{
			"{" + notReady + ", operator: Exists, effect: NoExecute, tolerationSeconds: 60}",
			"{" + notReady + ", operator: Exists, effect: NoExecute, tolerationSeconds: 5}",
		}, toleration{Seconds: 60}, byDefault, [2]bool{}},
		{"for ever, then short", []string{
			"{operator: Exists}",
			"{" + unreachable + ", operator: Exists, effect: NoExecute, tolerationSeconds: 5}",
		}, forEver, forEver, [2]bool{true, true}},
		{"another value, then short", []string{
			"{" + notReady + ", value: x, effect: NoExecute}",
			"{operator: Exists, effect: NoExecute, tolerationSeconds: 5}",
		}, toleration{Seconds: 5}, toleration{Seconds: 5}, [2]bool{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := valid
			if c.tolerations != nil {
				text += podField + "tolerations:\n"
			}
			for _, toleration := range c.tolerations {
				text += podField + "- " + toleration + "\n"
			}
			got := loadOne(t, text)
			require.Equal(t, c.notReady, got.NotReadyToleration, "not ready")
			require.Equal(t, c.unreachable, got.UnreachableToleration, "unreachable")
			require.Equal(t, c.schedules, [2]bool{got.SchedulesOnNotReady, got.SchedulesOnUnreachable}, "schedules")
		})
	}
}

func TestTolerationString(t *testing.T) {
	require.Equal(t, "for ever", manifest.Toleration{Forever: true}.String())
	require.Equal(t, "300s", manifest.Toleration{Seconds: 300}.String())
	require.Equal(t, "0s", manifest.Toleration{}.String())
}
