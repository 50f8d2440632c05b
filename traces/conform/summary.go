package conform

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/suite"
	"pgregory.net/rapid"
)

// A Summary counts what was checked.
type Summary struct {
	Schedules int
	Checked   int // schedules that were checked to their end
	Steps     int // that were taken and compared
	Most      int // states of the model that fitted at a time
	Omitted   int // observations that the model omits
	Outside   map[string]int
}

// Run lets rapid draw a schedule of a scenario, and compares the run with the model.
// It returns a *Divergence, or why the run failed otherwise: its claims judge it too.
// A run that leaves what the model speaks of is counted, and no error.
func (s *Summary) Run(t *rapid.T, scenario suite.Scenario, config *suite.Config, table []Row) error {
	c, err := Check(scenario, table)
	if err != nil {
		return err
	}
	done, err := scenario.Explore(t, c.observing(config))
	s.Schedules++
	s.Steps += c.Steps
	s.Most = max(s.Most, c.Most())
	s.Omitted += c.w.omitted
	if err == nil {
		err = c.Result()
	}
	var out *Outside
	var diverged *Divergence
	switch {
	case err == nil:
		s.Checked++
	case errors.As(err, &out):
		if s.Outside == nil {
			s.Outside = map[string]int{}
		}
		s.Outside[out.Reason]++
	case errors.As(err, &diverged):
		diverged.Schedule = c.reduced(scenario, config, done)
		return diverged
	default:
		return fmt.Errorf("%w\nafter\n%s", err, done)
	}
	return nil
}

// reduced leaves steps out of a schedule as long as the run diverges.
func (c *Checker) reduced(scenario suite.Scenario, config *suite.Config, schedule sim.Schedule) sim.Schedule {
	return sim.Reduce(schedule, func(try sim.Schedule) (sim.Schedule, bool) {
		again, err := Check(scenario, c.table)
		if err != nil {
			return nil, false
		}
		done, err := scenario.Replay(again.observing(config), try)
		var d *Divergence
		return done, errors.As(err, &d)
	})
}

// observing is a configuration that tells the Checker of the run, too.
func (c *Checker) observing(config *suite.Config) *suite.Config {
	watched := *config
	watched.Observers = append(slices.Clone(config.Observers), c)
	return &watched
}

// Add counts what another Summary does.
func (s *Summary) Add(more Summary) {
	s.Schedules, s.Checked, s.Steps, s.Omitted = s.Schedules+more.Schedules, s.Checked+more.Checked, s.Steps+more.Steps, s.Omitted+more.Omitted
	s.Most = max(s.Most, more.Most)
	for reason, n := range more.Outside {
		if s.Outside == nil {
			s.Outside = map[string]int{}
		}
		s.Outside[reason] += n
	}
}

func (s Summary) String() string {
	parts := []string{fmt.Sprintf("%d of %d schedules checked to their end, %d steps, at most %d states of the model at a time, %d observations that the model omits",
		s.Checked, s.Schedules, s.Steps, s.Most, s.Omitted)}
	for _, reason := range slices.Sorted(maps.Keys(s.Outside)) {
		parts = append(parts, fmt.Sprintf("%d left the model: %s", s.Outside[reason], reason))
	}
	return strings.Join(parts, "; ")
}
