package sim

import (
	"slices"

	"pgregory.net/rapid"
)

// Draw draws a step that can be taken now, as a hostile API server, a bad network and
// an unreliable machine would: most steps release something or let time pass, others
// fail, lose or hold requests and answers, serve stale reads, stall and break watches,
// and crash, restart and cut off processes. A stalled watch has no events until it
// goes on. also are steps that are drawn as well, such as a user's.
//
// What rapid shrinks towards is a release.
func Draw(t *rapid.T, c *Cluster, also ...Step) Step {
	t.Helper()
	c.settled()
	var kinds []kind
	for _, k := range append(c.kinds(), kind{3, also}) {
		for range k.weight {
			if len(k.steps) > 0 {
				kinds = append(kinds, k)
			}
		}
	}
	k := kinds[rapid.IntRange(0, len(kinds)-1).Draw(t, "kind of step")]
	texts := make([]string, len(k.steps)) // a drawn value is logged, and text is what people can read
	for i, s := range k.steps {
		texts[i] = s.String()
	}
	drawn := rapid.SampledFrom(texts).Draw(t, "step")
	return k.steps[slices.Index(texts, drawn)]
}

// A kind of step is drawn as often as its weight is greater than others'.
type kind struct {
	weight int
	steps  []Step
}

// kinds are the steps that can be taken now. Time passes in amounts that let retries
// and back-offs happen, and periods come round.
func (c *Cluster) kinds() []kind {
	return []kind{
		{12, c.verdicts(Release)},
		{4, steps(Advance, "10ms", "1s", "30s")},
		{1, steps(Settle, "10ms", "1s", "30s")},
		{2, c.verdicts(Lose)},
		{1, c.verdicts(Fail)},
		{1, c.verdicts(Keep)},
		{1, c.verdicts(Stale)},
		{2, c.onWatches(Stall, false)},
		{2, c.onWatches(Unstall, true)},
		{1, append(steps(Cut, c.Watches()...), c.verdicts(Expire)...)},
		{1, append(c.onActors(Restart), append(c.onActors(Crash), c.onActors(Partition)...)...)},
		{4, append(c.onActors(Start), c.onActors(Heal)...)}, // what is gone is of no interest for long
	}
}

func steps(v Verb, targets ...string) []Step {
	out := make([]Step, len(targets))
	for i, target := range targets {
		out[i] = Step{v, target}
	}
	return out
}

// verdicts are the steps with what is pending.
func (c *Cluster) verdicts(v Verb) (out []Step) {
	for _, p := range c.fair() {
		if _, err := p.meaning(v); err == nil {
			out = append(out, Step{v, p.label()})
		}
	}
	return out
}

// onWatches are the steps with watches that are stalled, or are not.
func (c *Cluster) onWatches(v Verb, stalled bool) (out []Step) {
	for _, w := range c.openWatches() {
		if w.stalled.Load() == stalled {
			out = append(out, Step{v, w.label})
		}
	}
	return out
}

// onActors are the steps with processes.
func (c *Cluster) onActors(v Verb) (out []Step) {
	for _, name := range c.Actors() {
		if c.mayChange(v, c.actors[name]) == nil {
			out = append(out, Step{v, name})
		}
	}
	return out
}

// Repair ends what goes wrong: it heals partitions, lets go on what is stalled, and
// starts the processes that have crashed or ended.
func (c *Cluster) Repair() {
	c.settled()
	for _, s := range append(c.onActors(Heal), c.onWatches(Unstall, true)...) {
		c.must(s)
	}
	for _, p := range c.pending() {
		if p.stalled {
			c.must(Step{Unstall, p.label()})
		}
	}
	for _, name := range c.Actors() {
		if running, _ := c.Running(name); !running {
			c.Restart(name)
		}
	}
}
