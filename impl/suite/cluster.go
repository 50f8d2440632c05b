package suite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/claims"
	"github.com/reconverge/reconverge/impl/controller"
	"github.com/reconverge/reconverge/impl/controller/kubelet"
	"github.com/reconverge/reconverge/impl/controller/manager"
	"github.com/reconverge/reconverge/impl/controller/scheduler"
	"github.com/reconverge/reconverge/impl/sim"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
)

// The times of these clusters are those of the recorded cluster, not Kubernetes'
// own: nothing depends on how long they are, but on their order, and every second of
// virtual time costs steps.
const (
	leaseDuration = 8 * time.Second
	monitorPeriod = time.Second
	monitorGrace  = 8 * time.Second
	taintInterval = 3 * time.Second
	toleration    = 15 * time.Second
	evictionDelay = 30 * time.Second // 1.9: of the pods of a silent node
	gcPeriod      = 5 * time.Second
	gcQuarantine  = 10 * time.Second

	recoveryOfBudgets      = 4 * time.Minute // an eviction counts for two minutes
	recoveryOfExpectations = 7 * time.Minute // they expire after five
)

// A Config is how the processes of a cluster are made. Mutations change it.
type Config struct {
	Server    apiserver.Options
	Manager   manager.Options
	Scheduler scheduler.Options
	Kubelet   kubelet.Options // without node and machine
	Observers []Observer      // told of the run beside the judges of the claims

	// NewManager and NewScheduler make the processes under test: those of this tree,
	// or others that take the same times. Mutations are planted in the former only.
	NewManager   func(*rest.Config, manager.Options) (controller.Runnable, error)
	NewScheduler func(*rest.Config, scheduler.Options) (controller.Runnable, error)

	driven bool // see Drive
}

// An Observer is told of everything that happens in a cluster, and may end the run.
type Observer interface {
	sim.Recorder
	kubelet.Observer
	// Begin is called when all is ready and nothing is under way; after it come the
	// steps of the schedule. After End all processes are stopped.
	Begin()
	End()
	// Stops is asked after each step: anything but nil ends the run, as a violation
	// does.
	Stops() error
}

// NewConfig is a cluster without bugs, but for those of Kubernetes itself.
func (s Scenario) NewConfig() *Config {
	c := &Config{
		Kubelet:    kubelet.Options{LeaseDuration: leaseDuration},
		NewManager: manager.New, NewScheduler: newScheduler,
	}
	if s.V1_9 {
		c.Server.UntaintedNodes = true
		c.Manager, c.Scheduler, c.Kubelet = manager.V1_9(), scheduler.V1_9(), kubelet.V1_9(c.Kubelet)
	}
	lifecycle := &c.Manager.NodeLifecycle
	lifecycle.MonitorPeriod, lifecycle.MonitorGrace, lifecycle.StartupGrace = monitorPeriod, s.grace(), s.grace()
	lifecycle.EvictionRate = float32(time.Second) / float32(s.interval())
	lifecycle.PodEvictionTimeout = evictionDelay
	// In 1.9 the queue that fills up in master disruption mode is worked off after it:
	// the model's hazard nc.cancelOnExit, met here as well, would hide all others.
	lifecycle.CancelOnExit = s.V1_9
	c.Manager.GarbageCollector.Resources = []string{"pods", "nodes", "replicasets"}
	c.Manager.PodGC.Period, c.Manager.PodGC.Quarantine = gcPeriod, gcQuarantine
	return c
}

func newScheduler(config *rest.Config, o scheduler.Options) (controller.Runnable, error) {
	return scheduler.New(config, o)
}

// grace of a silent node is more than it takes to be heard of again: in 1.9 a node
// posts its status every 10 s.
func (s Scenario) grace() time.Duration {
	if s.V1_9 {
		return 2 * monitorGrace
	}
	return monitorGrace
}

// Names of processes.
const (
	managerActor   = "kcm"
	secondManager  = "kcm-2"
	schedulerActor = "scheduler"
	kubeletPrefix  = "kubelet-"
	machinePrefix  = "machine-" // crashes and restarts as the power of a node goes and comes
	runtimePrefix  = "runtime-" // crashes and restarts as the container runtime of a node does
	submitterActor = "submitter"
	deployerActor  = "deployer"
	drainActor     = "drain"
	drainedNode    = "node-a"
)

// A run is one cluster with the judges of its claims.
type run struct {
	*sim.Cluster
	scenario Scenario
	config   *Config
	observer *observer
	machines map[string]*kubelet.Machine
	stalled  map[string]bool // watches, requests and answers that were, by name
	drawn    sim.Schedule    // what was done since all was well, until the trouble ended
	ending   bool            // it has
}

// open calls f with a cluster of the scenario in which all that it has runs and is
// ready, and nothing is under way.
func (s Scenario) open(config *Config, judged []claims.Claim, f func(*run) error) error {
	var failed error
	as := s.judgedAs()
	as.Unassuming = config.driven
	observer := newObserver(as, judged)
	observer.lenient = config.driven
	r := &run{scenario: s, config: config, observer: observer, machines: map[string]*kubelet.Machine{}, stalled: map[string]bool{}}
	over := func() bool { return r.judged() != nil } // nothing that follows counts
	recorders := []sim.Recorder{observer}
	for _, o := range config.Observers {
		recorders = append(recorders, o)
	}
	err := sim.Open(sim.Options{Server: config.Server, Recorders: recorders, Over: over}, func(c *sim.Cluster) {
		r.Cluster = c
		if failed = r.boot(); failed == nil {
			failed = f(r)
		}
		for _, o := range config.Observers {
			o.End()
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// boot starts the processes of the cluster and waits until all its pods are ready.
func (r *run) boot() error {
	if err := r.ApplyYAML(r.scenario.manifests()); err != nil {
		return err
	}
	r.Start(managerActor, r.manager)
	r.Register(secondManager, r.manager)
	r.Start(schedulerActor, func(config *rest.Config) (sim.Runnable, error) {
		return r.config.NewScheduler(config, r.config.Scheduler)
	})
	for _, node := range r.scenario.nodes() {
		r.addNode(node)
	}
	if r.scenario.Pod != "" {
		r.Start(submitterActor, r.submitter)
	}
	r.Register(deployerActor, r.deployer)
	r.Register(drainActor, r.drain)
	if !r.Settle(time.Minute, r.allReady) {
		return fmt.Errorf("suite: the cluster of scenario %s does not become ready\n%s", r.scenario.Name, r.KubectlGetPods(""))
	}
	r.Settle(time.Second)
	for _, o := range r.config.Observers {
		o.Begin()
	}
	return r.judged()
}

func (r *run) manager(config *rest.Config) (sim.Runnable, error) {
	return r.config.NewManager(config, r.config.Manager)
}

// addNode adds a machine and the kubelet on it.
func (r *run) addNode(node string) {
	machine := kubelet.NewMachine(node, r)
	r.machines[node] = machine
	r.Start(machinePrefix+node, power(func() {}, machine.Reboot))
	r.Start(runtimePrefix+node, power(
		func() { machine.Repair(); r.observer.runtime(node, true) },
		func() { machine.Break(); r.observer.runtime(node, false) },
	))
	r.Start(kubeletPrefix+node, func(config *rest.Config) (sim.Runnable, error) {
		o := r.config.Kubelet
		o.NodeName, o.Machine, o.Allocatable = node, machine, r.scenario.room()
		return kubelet.New(config, o)
	})
}

// A power is a process that asks for nothing: it is up as long as something else is.
func power(up, down func()) sim.Factory {
	return func(*rest.Config) (sim.Runnable, error) {
		return sim.RunnableFunc(func(ctx context.Context) error {
			up()
			<-ctx.Done()
			down()
			return nil
		}), nil
	}
}

func (r *run) allReady() bool {
	pods := r.pods()
	if len(pods) != r.scenario.pods() {
		return false
	}
	return !slices.ContainsFunc(pods, func(pod corev1.Pod) bool {
		return !slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		})
	})
}

// pods are those that there are, by name.
func (r *run) pods() []corev1.Pod { return r.observer.pods() }

// do takes a step, if it can be taken, and returns how a claim was violated by it.
func (r *run) do(step sim.Step) error {
	if node, reboot := strings.CutPrefix(step.Target, machinePrefix); reboot {
		if running, _ := r.Running(kubeletPrefix + node); running {
			return nil // a kubelet does not outlive its machine
		}
	}
	if err := r.Do(step); err != nil && !isStatus(err) {
		return nil
	}
	if !r.ending {
		r.drawn = append(r.drawn, step)
	}
	if step.Verb == sim.Stall {
		r.stalled[step.Target] = true
	}
	return r.judged()
}

// judged returns why the run is over, nil if it is not.
func (r *run) judged() error {
	for _, o := range r.config.Observers {
		if err := o.Stops(); err != nil {
			return err
		}
	}
	return r.observer.violation()
}

// ContainersStarted implements kubelet.Observer.
func (r *run) ContainersStarted(node string, pod kubelet.PodRef) {
	r.observer.ContainersStarted(node, pod)
	for _, o := range r.config.Observers {
		o.ContainersStarted(node, pod)
	}
}

// ContainersStopped implements kubelet.Observer.
func (r *run) ContainersStopped(node string, pod kubelet.PodRef) {
	r.observer.ContainersStopped(node, pod)
	for _, o := range r.config.Observers {
		o.ContainersStopped(node, pod)
	}
}

// recover ends the trouble, and waits until all that was going to happen has. Then
// the claims about the end are asked.
func (r *run) recover() error {
	r.ending = true
	for _, step := range r.repairs() {
		if err := r.do(step); err != nil {
			return err
		}
	}
	course := sim.Schedule{{Verb: sim.Settle, Target: r.scenario.recovery().String()}}
	if r.scenario.Replicas >= 0 {
		// What upstream's resync every 12 hours and more is for: an object is looked at
		// again, whether something happens or not.
		course = append(course, sim.Step{Verb: sim.User, Target: touch}, sim.Step{Verb: sim.Settle, Target: "20s"})
	}
	for _, step := range course {
		if err := r.do(step); err != nil {
			return err
		}
	}
	return r.observer.settled()
}

// touch is an update of the ReplicaSet that changes nothing of importance.
const touch = "label replicasets default/web touched=yes"

// repairs are the steps that end what goes wrong now.
func (r *run) repairs() (steps []sim.Step) {
	for _, name := range r.Actors() {
		if r.observer.partitioned[name] {
			steps = append(steps, sim.Step{Verb: sim.Heal, Target: name})
		}
	}
	names := r.Watches()
	for _, step := range r.Pending() {
		names = append(names, step.Target)
	}
	for _, name := range names {
		if r.stalled[name] {
			steps = append(steps, sim.Step{Verb: sim.Unstall, Target: name})
		}
	}
	for _, name := range r.Actors() {
		if running, _ := r.Running(name); !running && !r.scenario.staysDown(name) {
			steps = append(steps, sim.Step{Verb: sim.Start, Target: name})
		}
	}
	return steps
}

// judgedAs is what the judges have to know of the scenario.
func (s Scenario) judgedAs() claims.Scenario {
	return claims.Scenario{
		Faults: s.faults(), Grace: s.grace(), MonitorPeriod: monitorPeriod, TaintInterval: s.interval(), EvictionDelay: evictionDelay,
	}
}
