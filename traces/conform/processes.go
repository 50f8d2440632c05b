package conform

import (
	"fmt"
	"strings"

	"github.com/reconverge/reconverge/impl/controller/kubelet"
	"github.com/reconverge/reconverge/impl/sim"
)

// process takes up what befalls a process.
func (c *Checker) process(e *sim.Process) {
	if !c.begun {
		if e.Event == sim.Started && strings.HasPrefix(e.Actor, kubeletPrefix) {
			c.links[strings.TrimPrefix(e.Actor, kubeletPrefix)] = &link{power: true, kubelet: true, connected: true}
		}
		return
	}
	switch {
	case e.Actor == "kcm" && (e.Event == sim.Crashed || e.Event == sim.Ended):
		c.w.forget(managerPods, managerNodes, managerOwners)
		c.see("the controller manager restarts", []string{"Fault.RestartKCM", "Fault.HandOver"}, 1, nil)
	case e.Actor == "kcm" && e.Event == sim.Started:
	case e.Actor == "drain":
		if e.Event == sim.Started { // of a node that is cordoned already nothing is written
			fit := c.fit()
			c.update(func(b *belief) error { return b.maybe("User.Drain", fit) })
		}
	case strings.HasPrefix(e.Actor, kubeletPrefix):
		c.kubelet(strings.TrimPrefix(e.Actor, kubeletPrefix), e.Event)
	case strings.HasPrefix(e.Actor, "machine-") && e.Event == sim.Crashed:
		c.powerOff(strings.TrimPrefix(e.Actor, "machine-"))
	case strings.HasPrefix(e.Actor, "runtime-") && e.Event == sim.Crashed:
		c.runtime(strings.TrimPrefix(e.Actor, "runtime-"), true)
	case strings.HasPrefix(e.Actor, "runtime-") && e.Event == sim.Started:
		c.runtime(strings.TrimPrefix(e.Actor, "runtime-"), false)
	case strings.HasPrefix(e.Actor, "machine-"), e.Actor == "submitter", e.Actor == "deployer":
	default:
		c.fail(&Outside{Reason: fmt.Sprintf("%s has %s", e.Actor, e.Event)})
	}
}

// ContainersStarted implements kubelet.Observer.
func (c *Checker) ContainersStarted(node string, pod kubelet.PodRef) { c.container(node, pod, true) }

// ContainersStopped implements kubelet.Observer.
func (c *Checker) ContainersStopped(node string, pod kubelet.PodRef) { c.container(node, pod, false) }

func (c *Checker) container(node string, pod kubelet.PodRef, running bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.w.pods[pod.UID]
	if !ok || c.err != nil || c.ended {
		return
	}
	if l := c.links[node]; c.begun && !running && l != nil && !l.kubelet {
		c.powerOff(node)
		return
	}
	if c.w.store.Pods[i].Running == running {
		return
	}
	if c.begun { // a runtime that works again starts and stops what it has to before anything else hears of it
		c.runtime(node, false)
	}
	c.w.store.Pods[i].Running = running
	action, word := "Kubelet.Stop", "stop"
	if running {
		action, word = "Kubelet.Start", "start"
	}
	c.see(fmt.Sprintf("containers of %s %s", pod.Name, word), []string{action}, 1, nil)
}
