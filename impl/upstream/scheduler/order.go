package scheduler

import (
	"cmp"
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/queuesort"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
)

// A scheduler leaves two things to chance: which of the nodes with the highest score
// a pod gets, and which of the pods that failed at the same time is tried first, for
// they come out of a map. Neither is part of a schedule, so both are decided by a
// plugin, as the profile of a real cluster may have one. It sorts the queue as
// PrioritySort does, and pods that are equal there by name; and it gives nodes points
// by name, so few of them that they decide between equals only.
const (
	orderPlugin = "ByName"
	weightOfAll = 1000 // times their own: more than the points of one plugin of weight 1
)

// profileWithOrder is the default profile with the plugin, and the registry that has it.
func profileWithOrder() (config.KubeSchedulerProfile, frameworkruntime.Registry, error) {
	defaults, err := latest.Default()
	if err != nil {
		return config.KubeSchedulerProfile{}, nil, err
	}
	profile := defaults.Profiles[0]
	plugins := slices.DeleteFunc(profile.Plugins.MultiPoint.Enabled, func(p config.Plugin) bool {
		return p.Name == names.PrioritySort // there is one order of a queue
	})
	for i := range plugins {
		plugins[i].Weight = max(plugins[i].Weight, 1) * weightOfAll
	}
	profile.Plugins.MultiPoint.Enabled = append(plugins, config.Plugin{Name: orderPlugin, Weight: 1})
	registry := frameworkruntime.Registry{
		orderPlugin: func(context.Context, runtime.Object, fwk.Handle) (fwk.Plugin, error) { return order{}, nil },
	}
	return profile, registry, nil
}

// order is the plugin.
type order struct{ queuesort.PrioritySort }

var (
	_ fwk.ScorePlugin     = order{}
	_ fwk.QueueSortPlugin = order{}
)

func (order) Name() string { return orderPlugin }

// Less is that of PrioritySort, made total.
func (o order) Less(a, b fwk.QueuedEntityInfo) bool {
	if less := o.PrioritySort.Less(a, b); less || o.PrioritySort.Less(b, a) {
		return less
	}
	return nameOf(a) < nameOf(b)
}

// nameOf is that of a pod in the queue.
func nameOf(entity fwk.QueuedEntityInfo) string {
	return klog.KObj(entity.(klog.KMetadata)).String()
}

// Score says nothing of one node alone.
func (order) Score(context.Context, fwk.CycleState, *v1.Pod, fwk.NodeInfo) (int64, *fwk.Status) {
	return 0, nil
}

func (order) ScoreExtensions() fwk.ScoreExtensions { return order{} }

// NormalizeScore gives the first node the most. From the 101st on nodes are equal.
func (order) NormalizeScore(_ context.Context, _ fwk.CycleState, _ *v1.Pod, scores fwk.NodeScoreList) *fwk.Status {
	byName := make([]int, len(scores))
	for i := range byName {
		byName[i] = i
	}
	slices.SortFunc(byName, func(a, b int) int { return cmp.Compare(scores[a].Name, scores[b].Name) })
	for rank, i := range byName {
		scores[i].Score = max(fwk.MaxNodeScore-int64(rank), fwk.MinNodeScore)
	}
	return nil
}

// The scheduler's cache debugger listens for a signal. The goroutine that serves all
// signals of an operating system process begins with the first that is asked for, and
// never ends: it must not begin in a bubble, which would never end either.
func init() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR2)
	signal.Stop(c)
}
