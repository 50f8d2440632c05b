package traces

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
)

// A drawnStep is a step as diagrams show it.
type drawnStep struct {
	check.Step[model.State]
	Number  int
	Process string // who took it; "" of an initial state, faults and time
	Title   string // the label without the process
	Changes []model.Change
}

// drawn returns all steps, stem and cycle.
func (r *Replayed) drawn() (all []drawnStep) {
	home := map[string]string{} // the last node of each pod
	from := r.Trace.Stem[0].State
	for i, step := range r.Steps() {
		d := drawnStep{Step: step, Number: i, Title: step.Label, Changes: r.Model.Changes(from, step.State)}
		for _, s := range []model.State{from, step.State} {
			for _, row := range r.Model.Pods(s) {
				home[row.Name] = row.Node
			}
		}
		if process, _, ok := strings.Cut(step.Action, "."); ok && process != "Fault" {
			d.Title = strings.TrimPrefix(step.Label, process+".")
			d.Process = processName(process, d.Title, home)
		}
		all = append(all, d)
		from = step.State
	}
	return all
}

const apiServer = "API server"

// processName tells the kubelets apart, by the node or by that of the pod that
// the title names.
func processName(process, title string, home map[string]string) string {
	switch process {
	case "API":
		return apiServer
	case "Kubelet":
		_, objects, _ := strings.Cut(strings.TrimSuffix(title, ")"), "(")
		for object := range strings.SplitSeq(objects, ", ") {
			if node, ok := home[object]; ok {
				object = node
			}
			if nodeName.MatchString(object) {
				return process + " " + object
			}
		}
	}
	return process
}

var nodeName = regexp.MustCompile(`^node-\d+$`)

// stored says of each field of a state whether it is in the store: all others
// are the memory of a process, or of a machine.
var stored = map[string]bool{
	"owner": true, "pdb": true, "kcm": false, "former": false, "scheduler": false, "tainted": false, "budget": false,
	"pods": true, "pods.object": true, "pods.phase": true, "pods.node": true, "pods.ready": true,
	"pods.deletion": true, "pods.lost": true, "pods.bare": true, "pods.owner": true, "pods.unlabelled": true, "pods.disrupted": true,
	"pods.assumed": false, "pods.seen": false, "pods.container": false, "pods.timer": false,
	"pods.chosen": false, "pods.expectDel": false, "pods.condemned": false, "pods.late": false,
	"pods.drain": false, "pods.collect": false, "pods.removing": false,
	"pods.untold": false, "pods.adopting": false, "pods.spared": false,
	"nodes": true, "nodes.object": true, "nodes.ready": true, "nodes.taints": true, "nodes.unschedulable": true,
	"nodes.link": false, "nodes.registered": false, "nodes.broken": false,
	"nodes.silent": false, "nodes.notReady": false, "nodes.needMark": false, "nodes.known": false, "nodes.added": false,
	"nodes.queued": false, "nodes.inSet": false, "nodes.listed": false, "nodes.quarantine": false, "nodes.draining": false,
}

// writes are the changes of a step that are in the store.
func (d *drawnStep) writes() (all []model.Change) {
	for _, c := range d.Changes {
		if isStored(c.Field) {
			all = append(all, c)
		}
	}
	return all
}

func isStored(path string) bool {
	kind, _, field := splitField(path)
	if kind != "" {
		field = kind + "." + field
	} else {
		field, _, _ = strings.Cut(field, ".")
	}
	return stored[field]
}

// splitField takes "pods.web-a.phase" apart. The name of an object may have
// dots. What belongs to no object is all field.
func splitField(path string) (kind, object, field string) {
	kind, rest, _ := strings.Cut(path, ".")
	i := strings.LastIndex(rest, ".")
	if kind != "pods" && kind != "nodes" || i < 0 {
		return "", "", path
	}
	return kind, rest[:i], rest[i+1:]
}

// brief lists changes in few words each, and at most so many. The object is
// left out where the title names it.
func brief(title string, changes []model.Change) (lines []string) {
	const most = 3
	for i, c := range changes {
		if i == most {
			return append(lines, fmt.Sprintf("and %d more", len(changes)-most))
		}
		_, object, field := splitField(c.Field)
		if object != "" && !strings.Contains(title, object) {
			field = object + "." + field
		}
		lines = append(lines, fmt.Sprintf("%s %s → %s", field, c.From, c.To))
	}
	return lines
}
