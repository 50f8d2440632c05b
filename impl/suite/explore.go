package suite

import (
	"fmt"

	"github.com/reconverge/reconverge/impl/claims"
	"github.com/reconverge/reconverge/impl/sim"
	"pgregory.net/rapid"
)

// claims are those that are made of the scenario.
func (s Scenario) claims() []claims.Claim { return claims.For(s.judgedAs()) }

// claim is one of them.
func (s Scenario) claim(id string) ([]claims.Claim, error) {
	judged, err := claims.ByID(id)
	if err == nil && !judged[0].Of(s.judgedAs()) {
		err = fmt.Errorf("suite: %s is not claimed of scenario %s, in which may happen: %q", id, s.Name, s.faults())
	}
	return judged, err
}

// explore lets rapid draw one schedule of the scenario, and returns the steps that
// were taken and how a claim was violated.
func (s Scenario) explore(t *rapid.T, config *Config, judged []claims.Claim) (done sim.Schedule, failed error) {
	var weighted []Move
	for _, m := range append(course(), s.Moves...) {
		for range max(m.Weight, 1) {
			weighted = append(weighted, m)
		}
	}
	failed = s.open(config, judged, func(r *run) (failed error) {
		defer func() { done = r.done }()
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
// any more, and returns those that were and how a claim was violated.
func (s Scenario) replay(config *Config, judged []claims.Claim, schedule sim.Schedule) (done sim.Schedule, failed error) {
	failed = s.open(config, judged, func(r *run) error {
		defer func() { done = r.done }()
		for _, step := range schedule {
			if err := r.do(step); err != nil && r.judged() != nil {
				return err
			}
		}
		return r.observer.settled()
	})
	return done, failed
}

// reduce leaves out steps, more at a time first, as long as a claim is violated.
func (s Scenario) reduce(config *Config, judged []claims.Claim, schedule sim.Schedule) sim.Schedule {
	violated := func(try sim.Schedule) (sim.Schedule, bool) {
		done, err := s.replay(config, judged, try)
		return done, isViolation(err)
	}
	for size := len(schedule) / 2; size > 0; size /= 2 {
		for from := 0; from < len(schedule); {
			try := append(append(sim.Schedule{}, schedule[:from]...), schedule[min(from+size, len(schedule)):]...)
			if done, ok := violated(try); ok {
				schedule = done
			} else {
				from += size
			}
		}
	}
	return schedule
}
