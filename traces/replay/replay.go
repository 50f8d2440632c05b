package replay

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reconverge/reconverge/impl/claims"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/impl/suite"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// Options say in which cluster a trace is replayed.
type Options struct {
	// WithoutMutations leaves out the bugs that are planted in the trace's scenario.
	WithoutMutations bool
	// Upstream puts Kubernetes' own controllers in the place of this tree's. nil: it is
	// these. No bugs can be planted in those, and they are those of 1.37.
	Upstream func(*suite.Config)
}

// Run replays a trace. It has been executed on the model, so that its states are
// known. An error is one of the cluster, no verdict.
//
// The order of a trace is one of many that come to the same, and a cluster may be
// unable to keep to this one: it does in one thread what are two processes of the
// model. If a trace is prevented, behaviours of the model that differ from it in the
// order of steps, or in a step more, and violate the same property, are tried.
func Run(t *traces.Replayed, o Options) (Result, error) {
	first, err := runOnce(t, o)
	if err != nil || first.Verdict != Prevented || len(t.Trace.Cycle) > 0 {
		return first, err
	}
	best, base := first, t
	for tries := 0; tries < mostVariants; {
		better := false
		for _, v := range variants(base, best) {
			if tries++; tries > mostVariants {
				break
			}
			r, err := runOnce(v, o)
			if err != nil {
				return r, err
			}
			if r.Path = labels(v); r.Verdict != Prevented {
				return r, nil
			}
			if left := len(v.Trace.Stem) - r.Step; left < len(base.Trace.Stem)-best.Step {
				best, base, better = r, v, true
				break
			}
		}
		if !better {
			break
		}
	}
	return first, nil
}

// mostVariants bounds the behaviours that are tried for one trace.
const mostVariants = 24

func runOnce(t *traces.Replayed, o Options) (Result, error) {
	r, err := prepare(t, o)
	var why inexpressible
	if errors.As(err, &why) {
		return Result{Verdict: NotExpressible, Reason: why.Error()}, nil
	}
	if err != nil {
		return Result{}, err
	}
	return r.run()
}

// A replay is a trace with the cluster for it.
type replay struct {
	trace    *traces.Replayed
	steps    []*step
	cluster  suite.Scenario
	config   *suite.Config
	planted  []string // mutations
	judged   []claims.Claim
	world    *world
	driver   *driver
	result   Result
	position int // of the step under way, from 1
}

func prepare(t *traces.Replayed, o Options) (*replay, error) {
	r := &replay{trace: t, world: newWorld()}
	var err error
	if t.Shows == traces.Witness {
		return nil, cannot("%s is something that can happen, and the claims of the cluster are about what must not", t.Claim.ID)
	}
	if r.judged, err = claims.ByID(t.Claim.ID); err != nil {
		return nil, cannot("the cluster has no claim %s", t.Claim.ID)
	}
	if r.cluster, err = cluster(t.Scenario); err != nil {
		return nil, err
	}
	if !o.WithoutMutations {
		r.planted = t.Scenario.Mutations
	}
	if r.config, err = configure(r.cluster, r.planted); err != nil {
		return nil, err
	}
	if err := r.useUpstream(o); err != nil {
		return nil, err
	}
	r.config.Observers = append(r.config.Observers, r.world)
	all := t.Steps()
	for i := range all[1:] {
		s := newStep(all[i+1].Action, all[i+1].Label, &all[i].State, &all[i+1].State)
		if _, ok := rowOf(s.action); !ok {
			return nil, cannot("nothing realises %s in the cluster", s.action)
		}
		r.steps = append(r.steps, s)
	}
	return r, r.mayRepeat()
}

// useUpstream makes the controllers upstream's, if the options say so.
func (r *replay) useUpstream(o Options) error {
	switch {
	case o.Upstream == nil:
		return nil
	case r.cluster.V1_9:
		return cannot("Kubernetes 1.9: upstream's controllers are those of 1.37")
	case len(r.planted) > 0:
		return cannot("planted bugs: there are none in upstream's controllers")
	}
	o.Upstream(r.config)
	return nil
}

// mayRepeat reports why a lasso cannot be judged: claims about the end are asked when
// nothing goes wrong any more.
func (r *replay) mayRepeat() error {
	for _, s := range r.trace.Trace.Cycle {
		if strings.HasPrefix(s.Action, "Fault.") || strings.HasPrefix(s.Action, "User.") {
			return cannot("%s goes on for ever in the trace, and %s is judged when faults have stopped", s.Action, r.trace.Claim.ID)
		}
	}
	return nil
}

func (r *replay) run() (Result, error) {
	var verdict error
	err := r.cluster.Drive(r.config, r.judged, func(c *suite.Driven) error {
		r.driver = &driver{
			Driven: c, model: r.trace.Model, scenario: r.trace.Scenario, nodes: nodeNames(r.trace.Scenario.Nodes), world: r.world, manager: managerActor, planted: r.planted, steps: r.steps, tick: r.tick(),
		}
		verdict = r.drive()
		r.result.Schedule = c.Taken()
		return nil
	})
	if err != nil {
		return r.result, err
	}
	return r.judge(verdict)
}

// tick is how long a tick of the trace takes. Where it is expectations that expire,
// three are longer than these last.
func (r *replay) tick() time.Duration {
	expires := slices.ContainsFunc(r.steps, func(s *step) bool { return s.to.KCM.ExpectAge == expired })
	switch {
	case expires:
		return tickExpiry
	case r.trace.Scenario.Version == model.V1_9:
		return tick1_9
	}
	return tick
}

// drive takes the steps, and then lets the cluster go on: a decision of the model's
// last step may have its effect only then, and claims about the end are asked.
func (r *replay) drive() error {
	d := r.driver
	if err := d.begin(r.trace.Trace.Stem[0].State); err != nil {
		return err
	}
	began := d.Elapsed()
	defer func() { r.result.Elapsed = d.Elapsed() - began }()
	for i, s := range r.steps {
		r.position = i + 1
		if err := d.realise(s); err != nil {
			return err
		}
	}
	r.position++
	return d.goOn(len(r.trace.Trace.Cycle) > 0)
}

// realise has the cluster take one step of the trace.
func (d *driver) realise(s *step) error {
	d.state = *s.to
	d.action = s.action
	d.syncs = strings.HasPrefix(s.action, "ReplicaSet.") || s.action == "Tick"
	row, _ := rowOf(s.action)
	if err := row.realise(d, s); err != nil {
		return err
	}
	return d.compare()
}

// compare says how the cluster differs from the model's state.
func (d *driver) compare() error {
	if differences := d.differences(&d.state); len(differences) > 0 {
		return diverges("%s", strings.Join(differences, "; "))
	}
	return d.compareViews()
}

// How long the cluster goes on: for the effect of what was decided; before it is asked
// about the end; and if something may be expected that does not come.
const (
	afterwards  = 11 * time.Second
	recovery    = 100 * time.Second
	recoverySet = 7 * time.Minute
)

// goOn lets the cluster do what it likes. Before the end the ReplicaSet is touched,
// which is what upstream's resync every 12 hours and more is for.
func (d *driver) goOn(forEver bool) error {
	time := afterwards
	if forEver {
		time = recovery
		if f := d.scenario.Faults; f[model.Relist]+f[model.WatchStall]+f[model.ResponseLost] > 0 {
			time = recoverySet
		}
	}
	over := func() bool { return d.Judged() != nil }
	d.Settle(time, over)
	if forEver && !over() && d.liveOwner().UID > 0 {
		if err := d.touch(); err != nil {
			return err
		}
		d.Settle(afterwards, over)
	}
	if forEver && d.Settled() != nil || over() {
		return errOver
	}
	return nil
}

// touch changes the ReplicaSet in nothing that counts, so that it is looked at.
func (d *driver) touch() error {
	d.people++
	return d.take(sim.Step{Verb: sim.User, Target: fmt.Sprintf("label replicasets default/%s touched=%d", setName, d.people)})
}

// judge makes the verdict.
func (r *replay) judge(err error) (Result, error) {
	out := &r.result
	out.Step = r.position
	if r.position > 0 && r.position <= len(r.steps) {
		out.Action = r.steps[r.position-1].label
	}
	var violated *claims.Violation
	var diverged *divergence
	var unable inexpressible
	switch judged := r.driver.Judged(); {
	case errors.As(judged, &violated):
		out.Verdict, out.Reason = Reproduced, firstLine(violated.Err)
	case errors.As(err, &unable):
		out.Verdict, out.Reason = NotExpressible, unable.Error()
	case errors.As(err, &diverged) && r.position == 0:
		out.Verdict, out.Reason = NotExpressible, "the cluster cannot begin as the trace does: "+diverged.reason
	case errors.As(err, &diverged):
		out.Verdict, out.Reason, out.diverged = Prevented, diverged.reason, *diverged
	case err != nil:
		return *out, fmt.Errorf("step %d: %w", r.position, err)
	case len(r.trace.Scenario.Mutations) > 0 && len(r.planted) == 0:
		out.Verdict, out.Reason = Prevented, "all that can be seen of the steps was done, and the claim held: "+r.judged[0].Text
	default:
		out.Verdict = NotExpressible
		out.Reason = fmt.Sprintf("all steps were taken, and what they break is not what the cluster claims: %s", r.judged[0].Text)
	}
	return *out, nil
}
