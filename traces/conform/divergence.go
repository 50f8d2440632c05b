package conform

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/reconverge/reconverge/impl/sim"
	"github.com/reconverge/reconverge/model"
)

// A Divergence is an observation that no state of the model leads to.
type Divergence struct {
	At       time.Duration
	Step     sim.Step // after which it was observed
	Observed string
	Actions  []string     // of the model, that the table has for it; none: there is no row
	Allowed  []string     // what the model would have shown, in its words, with the names of the cluster
	Schedule sim.Schedule // that leads to it, as short as it was found
}

func (d *Divergence) Error() string {
	expected := "nothing: the table has no row for it"
	if len(d.Actions) > 0 {
		expected = strings.Join(d.Actions, " or ")
	}
	allowed := "nothing that could be seen"
	if len(d.Allowed) > 0 {
		allowed = strings.Join(d.Allowed, ", ")
	}
	text := fmt.Sprintf("%.3fs: %s, after the step %q, is no behaviour of the model. The table has for it: %s. The model would have allowed: %s",
		d.At.Seconds(), d.Observed, d.Step, expected, allowed)
	if len(d.Schedule) > 0 {
		text += "\nafter\n" + d.Schedule.String()
	}
	return text
}

// Outside says that a run has left what the model speaks of.
type Outside struct {
	At     time.Duration
	Reason string
}

func (o *Outside) Error() string {
	return fmt.Sprintf("%.3fs: outside of the model: %s", o.At.Seconds(), o.Reason)
}

// difference says in what two stores differ, in the words of the model.
func difference(a, b *model.Observation) string {
	for i := range a.Pods {
		if a.Pods[i] != b.Pods[i] {
			return fields(a.Pods[i], b.Pods[i])
		}
	}
	for i := range a.Nodes {
		if a.Nodes[i] != b.Nodes[i] {
			return fields(a.Nodes[i], b.Nodes[i])
		}
	}
	if a.PDB != b.PDB {
		return fields(a.PDB, b.PDB)
	}
	return fields(a.Owner, b.Owner)
}

// fields lists the fields in which two structs differ.
func fields[T any](a, b T) string {
	var parts []string
	before, after := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range before.NumField() {
		if x, y := before.Field(i).Interface(), after.Field(i).Interface(); x != y {
			parts = append(parts, fmt.Sprintf("%s %v -> %v", before.Type().Field(i).Name, x, y))
		}
	}
	return strings.Join(parts, ", ")
}

// named is a label of the model with the names of the cluster in it.
var named = regexp.MustCompile(`\b(web-[a-p]|mypod\(uid \d+\)|node-\d+)`)

func (w *world) inWords(label string) string {
	return named.ReplaceAllStringFunc(label, func(name string) string {
		switch {
		case strings.HasPrefix(name, "node-"):
			n, _ := strconv.Atoi(strings.TrimPrefix(name, "node-"))
			for real, index := range w.nodes {
				if index == n-1 {
					return real
				}
			}
		case strings.HasPrefix(name, "web-"):
			if i := int(name[len(name)-1] - 'a'); i < len(w.names) {
				return w.names[i]
			}
		default:
			uid, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(name, "mypod(uid "), ")"))
			if uid >= 1 && uid <= len(w.names) {
				return fmt.Sprintf("%s, of %d", w.names[uid-1], uid)
			}
		}
		return name
	})
}
