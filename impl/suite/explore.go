package suite

import (
	"fmt"
	"slices"

	"github.com/reconverge/reconverge/impl/claims"
	"github.com/reconverge/reconverge/impl/sim"
	"pgregory.net/rapid"
)

// notIn1_9 are claims that are about mechanisms of later versions.
var notIn1_9 = map[string]bool{
	"P-DEL-TARGET-KUBELET": true, // the final delete does not wait for a terminal phase
}

// claims are those that are made of the scenario.
func (s Scenario) claims() []claims.Claim {
	return slices.DeleteFunc(claims.For(s.judgedAs()), func(c claims.Claim) bool { return s.V1_9 && notIn1_9[c.ID] })
}

// claim is one of them.
func (s Scenario) claim(id string) ([]claims.Claim, error) {
	for _, c := range s.claims() {
		if c.ID == id {
			return []claims.Claim{c}, nil
		}
	}
	return nil, fmt.Errorf("suite: %s is not claimed of scenario %s, in which may happen: %q", id, s.Name, s.faults())
}

// Explore lets rapid draw one schedule of the scenario, whose claims judge it. It
// returns the steps that were taken until the trouble ended, and how a claim was
// violated or why an Observer stopped the run.
func (s Scenario) Explore(t *rapid.T, config *Config) (sim.Schedule, error) {
	return s.explore(t, config, s.claims())
}

// Replay takes steps that were taken before, leaving out those that cannot be taken
// any more, and ends the trouble; it returns what Explore does.
func (s Scenario) Replay(config *Config, schedule sim.Schedule) (sim.Schedule, error) {
	return s.replay(config, s.claims(), schedule)
}

// explore lets rapid draw one schedule of the scenario, and returns the steps that
// were taken until the trouble ended, and how a claim was violated.
func (s Scenario) explore(t *rapid.T, config *Config, judged []claims.Claim) (done sim.Schedule, failed error) {
	var weighted []Move
	for _, m := range append(course(), s.Moves...) {
		for range max(m.Weight, 1) {
			weighted = append(weighted, m)
		}
	}
	failed = s.open(config, judged, func(r *run) (failed error) {
		defer func() { done = r.drawn }()
		t.Repeat(map[string]func(*rapid.T){"move": func(t *rapid.T) {
			m, _ := pick(t, "move", weighted)
			for _, step := range m.steps(t, r) {
				if failed == nil { // after a violation the rest of the schedule is nothing
					failed = r.do(step)
				}
			}
		}})
		if failed == nil {
			failed = r.recover()
		}
		return failed
	})
	return done, failed
}

// replay takes steps that were taken before, leaving out those that cannot be taken
// any more, ends the trouble as explore does, and returns the steps that were taken
// and how a claim was violated.
func (s Scenario) replay(config *Config, judged []claims.Claim, schedule sim.Schedule) (done sim.Schedule, failed error) {
	failed = s.open(config, judged, func(r *run) error {
		defer func() { done = r.drawn }()
		for _, step := range schedule {
			if err := r.do(step); err != nil {
				return err
			}
		}
		return r.recover()
	})
	return done, failed
}

// reduce leaves out steps as long as a claim is violated.
func (s Scenario) reduce(config *Config, judged []claims.Claim, schedule sim.Schedule) sim.Schedule {
	return sim.Reduce(schedule, func(try sim.Schedule) (sim.Schedule, bool) {
		done, err := s.replay(config, judged, try)
		return done, violation(err) != nil
	})
}
