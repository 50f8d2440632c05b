package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// A job is one scenario to check.
type job struct {
	title       string // for people
	source      string // "file:line"; "" if it comes from no file
	slug        string // the beginning of its trace files' names
	scenario    model.Scenario
	model       *model.Model
	subject     *subject // nil if it comes from no manifest
	assumptions []string // that the manifest adds to those of the model
}

// scenarioFlags are the flags that shape a scenario.
type scenarioFlags struct {
	set       *pflag.FlagSet
	files     []string
	recursive bool
	timers    timers
	scenario  string
	nodes     int
	faults    []string
	version   string
	mutations []string
	lag       int
	start     string
	maxPods   int
	past      int
	status    bool
	untimed   bool

	propagation string
}

func (f *scenarioFlags) register(set *pflag.FlagSet) {
	f.set = set
	set.StringArrayVarP(&f.files, "filename", "f", nil, "read manifests from `PATH`, a file or a directory, or from standard input if it is -; repeatable")
	set.BoolVarP(&f.recursive, "recursive", "R", false, "with -f: read the directories below a directory too")
	set.StringVar(&f.scenario, "scenario", "", "check the scenario `NAME` (see verify scenarios) instead of a manifest")
	set.IntVar(&f.nodes, "nodes", defaultNodes, "nodes of the cluster")
	set.StringSliceVar(&f.faults, "fault", strings.Split(defaultFaults, ","), "what may happen at most so often, as `NAME=COUNT,...`, or none")
	set.StringVar(&f.version, "version", model.V1_37.String(), "protocol of Kubernetes 1.37 or 1.9")
	set.StringSliceVar(&f.mutations, "mutation", nil, "plant the bugs `NAME,...` (see verify mutations)")
	set.IntVar(&f.lag, "lag", defaultLag, "events of a kind that a cache may be behind")
	set.StringVar(&f.start, "start", defaultStart.String(), "begin with an empty cluster or with all pods running: empty, running")
	set.IntVar(&f.past, "past", 0, "1.9 only: events of a kind that a cache may go back, when it lists again")
	set.BoolVar(&f.status, "status", false, "let the ReplicaSet controller write status, which nothing else in the model reads")
	set.BoolVar(&f.untimed, "untimed", false, "let time pass although something is due (for safety properties)")
	set.StringVar(&f.propagation, "cascade", model.PropagateBackground.String(), "how --fault owner-delete deletes: background, foreground, orphan")
	set.IntVar(&f.maxPods, "max-pods", 0, "pod identities; what needs more is not explored (0: as many as can be needed)")
	f.timers.register(set)
}

// jobs returns the scenarios that the flags ask for, each with its model of the
// given properties. Whatever is wrong with the input is said here, before
// anything runs.
func (f *scenarioFlags) jobs(stdin io.Reader, properties []string) ([]job, error) {
	if err := f.inRange(); err != nil {
		return nil, err
	}
	jobs, err := f.scenarios(stdin)
	if err != nil {
		return nil, err
	}
	for i := range jobs {
		j := &jobs[i]
		if j.model, err = model.New(j.scenario, properties...); err != nil {
			return nil, j.misfit(err)
		}
	}
	return jobs, nil
}

// inRange refuses what no scenario could take.
func (f *scenarioFlags) inRange() error {
	for _, n := range []struct {
		flag               string
		value, least, most int
	}{
		{"nodes", f.nodes, 1, model.MaxNodes}, {"lag", f.lag, 0, model.MaxLag}, {"max-pods", f.maxPods, 0, model.MaxPods},
	} {
		if n.value < n.least || n.value > n.most {
			return fmt.Errorf("--%s: %d, the model takes %d to %d", n.flag, n.value, n.least, n.most)
		}
	}
	for _, flag := range []string{"recursive", graceFlag, evictionFlag, unreachableFlag, notReadyFlag} {
		if f.set.Changed(flag) && len(f.files) == 0 {
			return fmt.Errorf("--%s: needs a manifest, named with -f", flag)
		}
	}
	switch {
	case f.set.Changed("mutation") && strings.Join(f.mutations, "") == "":
		return errors.New("--mutation: empty: name one (see verify mutations)")
	case slices.Contains(f.mutations, ""):
		return errors.New("--mutation: there is an empty name in the list (see verify mutations)")
	}
	return nil
}

func (f *scenarioFlags) scenarios(stdin io.Reader) ([]job, error) {
	switch {
	case len(f.files) > 0 && f.scenario != "":
		return nil, errors.New("-f and --scenario exclude each other")
	case len(f.files) > 0:
		base, err := f.apply(model.Scenario{}, func(string) bool { return true })
		if err != nil {
			return nil, err
		}
		return f.fromManifests(base, stdin)
	case f.scenario != "":
		s, err := model.ScenarioByName(f.scenario)
		s.Name = podPrefix
		return f.changed("scenario "+f.scenario, f.scenario, s, err)
	case len(f.mutations) == 1 && isRepair(f.mutations[0]):
		return nil, fmt.Errorf("--mutation: %s is a repair, which has no scenario of its own: name one with -f or --scenario", f.mutations[0])
	case len(f.mutations) == 1:
		m, err := model.MutationByName(f.mutations[0])
		m.Scenario.Name = podPrefix
		return f.changed("the scenario of mutation "+m.Name, podPrefix, m.Scenario, err)
	case len(f.mutations) > 1:
		return nil, errors.New("several mutations have no scenario of their own: name one with -f or --scenario")
	}
	return nil, errors.New("nothing to check: name a manifest with -f, or a --scenario (see verify scenarios)")
}

func isRepair(name string) bool {
	return slices.ContainsFunc(model.Repairs(), func(r model.Repair) bool { return r.Name == name })
}

// changed makes the job of a scenario that stands as it is, but for the flags
// that were given.
func (f *scenarioFlags) changed(title, slug string, s model.Scenario, err error) ([]job, error) {
	if err != nil {
		return nil, err
	}
	s, err = f.apply(s, f.set.Changed)
	return []job{{title: title, slug: slug, scenario: s}}, err
}

// apply puts those flags into a scenario that count.
func (f *scenarioFlags) apply(s model.Scenario, counts func(flag string) bool) (_ model.Scenario, err error) {
	if counts("nodes") {
		s.Nodes = f.nodes
	}
	if counts("lag") {
		s.Lag = f.lag
	}
	if counts("max-pods") {
		s.Pods = f.maxPods
	}
	if counts("past") {
		s.Past = f.past
	}
	if counts("status") {
		s.Status = f.status
	}
	if counts("untimed") {
		s.Untimed = f.untimed
	}
	if counts("cascade") {
		if s.Propagation, err = traces.ParsePropagation(f.propagation); err != nil {
			return s, fmt.Errorf("--cascade: %w", err)
		}
	}
	if counts("mutation") {
		s.Mutations = f.mutations
	}
	if counts("version") {
		if s.Version, err = model.ParseVersion(f.version); err != nil {
			return s, fmt.Errorf("--version: %w", err)
		}
	}
	if counts("start") {
		if s.Start, err = traces.ParseStart(f.start); err != nil {
			return s, fmt.Errorf("--start: %w", err)
		}
	}
	if counts("fault") {
		if s.Faults, err = parseFaults(f.faults); err != nil {
			return s, fmt.Errorf("--fault: %w", err)
		}
	}
	if f.set.Changed("past") && s.Past > 0 && s.Version != model.V1_9 && len(s.Mutations) == 0 {
		return s, fmt.Errorf("--past: %d, but a cache goes back in 1.9 only, or by a planted bug", s.Past)
	}
	if f.set.Changed("cascade") && s.Faults[model.OwnerDelete] == 0 {
		return s, fmt.Errorf("--cascade: %s, but nobody deletes the ReplicaSet: see --fault owner-delete=1", f.propagation)
	}
	for i, name := range s.Mutations {
		if slices.Contains(s.Mutations[:i], name) {
			return s, fmt.Errorf("--mutation: %q is planted twice", name)
		}
	}
	return s, nil
}

// misfit explains an error of model.New. If fewer replicas would fit, it is the
// manifest that is too large, and the error says where and by how much.
func (j *job) misfit(err error) error {
	smaller := j.scenario
	if smaller.Validate() == nil {
		return err // it is about a property
	}
	if there := smaller.Replicas + smaller.BarePods; smaller.Pods > 0 && smaller.Pods < there && there <= model.MaxPods {
		return fmt.Errorf("--max-pods: %d is less than the %s that %s wants from the start", smaller.Pods, count(there, "pod"), cmp.Or(j.source, j.title))
	}
	for smaller.Replicas--; smaller.Replicas > 0; smaller.Replicas-- {
		if smaller.Validate() == nil {
			err = fmt.Errorf("%w; with these settings at most %s", err, count(smaller.Replicas, "replica"))
			if j.source != "" {
				err = fmt.Errorf("%s: %w", j.source, err)
			}
			return err
		}
	}
	return err
}

// unnoticed says of each planted bug, when nothing that was checked is violated,
// which property is to notice it, and where it shows.
func unnoticed(j *job, properties []propertyReport) []unnoticedMutation {
	all := []unnoticedMutation{}
	if slices.ContainsFunc(properties, func(p propertyReport) bool { return p.Verdict == violated }) {
		return all
	}
	for _, name := range j.scenario.Mutations {
		m, err := model.MutationByName(name)
		if err != nil {
			continue
		}
		why := "which was not asked for"
		i := slices.IndexFunc(properties, func(p propertyReport) bool { return p.ID == m.KilledBy })
		switch unclaimed := j.model.WhyUnclaimed(m.KilledBy); {
		case i >= 0 && properties[i].Verdict == incomplete:
			why = "which is not decided"
		case i >= 0:
			why = "which holds in this scenario all the same"
		case unclaimed != "":
			why = "which is not claimed of this scenario: " + unclaimed
		}
		all = append(all, unnoticedMutation{Name: m.Name, Property: m.KilledBy, Why: why, Shown: "verify check --mutation " + m.Name})
	}
	return all
}
