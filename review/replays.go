package review

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/traces"
	"github.com/reconverge/reconverge/traces/replay"
)

// ReplaysFile is the file below docs that holds what became of traces in running
// controllers.
const ReplaysFile = "replay.json"

// plantedDir is where the traces of planted bugs are in the repository.
const plantedDir = "traces/replay/testdata"

// A Replay is what became of a trace at each level.
type Replay struct {
	Trace            string   `json:"trace"` // its file in the repository
	Property         string   `json:"property"`
	Version          string   `json:"version"`
	Mutations        []string `json:"mutations,omitempty"`
	WithoutMutations bool     `json:"withoutMutations,omitempty"` // they were left out of the controllers
	Steps            int      `json:"steps"`
	Impl             *Outcome `json:"impl,omitempty"`
	Upstream         *Outcome `json:"upstream,omitempty"` // nil: not replayed there
}

// An Outcome is a verdict with the place and the reason.
type Outcome struct {
	Verdict   replay.Verdict `json:"verdict"`
	Step      int            `json:"step,omitempty"`
	Action    string         `json:"action,omitempty"`
	Reason    string         `json:"reason"`
	Reordered bool           `json:"reordered,omitempty"` // by another order of the trace
}

// A Replayer replays a trace against some controllers.
type Replayer func(*traces.Replayed, replay.Options) (replay.Result, error)

// Replays replays all traces of the repository with the given docs: those of planted
// bugs with the bugs and without. A level whose replayer is nil is as it was recorded.
func Replays(docs string, impl, upstream Replayer) ([]Replay, error) {
	recorded, err := ReadReplays(filepath.Join(docs, ReplaysFile))
	if err != nil {
		return nil, err
	}
	var all []Replay
	for _, dir := range []string{tracesDir, plantedDir} {
		examples, err := readTraces(filepath.Join(docs, "..", filepath.FromSlash(dir)))
		if err != nil {
			return nil, err
		}
		for _, e := range examples {
			trace, err := traces.Replay(e.trace)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.name, err)
			}
			for _, without := range []bool{false, true} {
				if without && len(trace.Scenario.Mutations) == 0 {
					continue
				}
				r := Replay{
					Trace: path.Join(dir, e.name+".json"), Property: trace.Claim.ID, Version: trace.Scenario.Version.String(),
					Mutations: trace.Scenario.Mutations, WithoutMutations: without, Steps: len(trace.Steps()) - 1,
				}
				if i := slices.IndexFunc(recorded, r.is); i >= 0 {
					r.Impl, r.Upstream = recorded[i].Impl, recorded[i].Upstream
				}
				if err := r.measure(trace, impl, upstream); err != nil {
					return nil, fmt.Errorf("%s: %w", r.Trace, err)
				}
				all = append(all, r)
			}
		}
	}
	return all, nil
}

// is reports whether two are about the same.
func (r *Replay) is(other Replay) bool {
	return r.Trace == other.Trace && r.WithoutMutations == other.WithoutMutations
}

func (r *Replay) measure(t *traces.Replayed, impl, upstream Replayer) error {
	for _, level := range []struct {
		run Replayer
		to  **Outcome
	}{{impl, &r.Impl}, {upstream, &r.Upstream}} {
		if level.run == nil {
			continue
		}
		result, err := level.run(t, replay.Options{WithoutMutations: r.WithoutMutations})
		if err != nil {
			return err
		}
		*level.to = &Outcome{result.Verdict, result.Step, result.Action, result.Reason, len(result.Path) > 0}
	}
	return nil
}

// WriteReplays writes one a line.
func WriteReplays(file string, all []Replay) error {
	var lines []string
	for _, r := range all {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(r); err != nil {
			return err
		}
		lines = append(lines, "  "+strings.TrimSpace(b.String()))
	}
	return os.WriteFile(file, []byte("[\n"+strings.Join(lines, ",\n")+"\n]\n"), 0o644)
}

// ReadReplays reads what was recorded; nothing if there is no file.
func ReadReplays(file string) ([]Replay, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Replay
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return all, nil
}

// replayPage is the table of what was recorded, and the table of what realises each
// action.
func replayPage(all []Replay) Page {
	var m markdown
	m.heading(1, "Traces of the model in running controllers")
	m.paragraph("Every counterexample of the model in " + code(tracesDir) + ", and one of each planted bug that running controllers " +
		"have as well, was driven into a simulated cluster by " + code("verify replay") + ": step by step, by choosing what the API server lets pass.")
	m.item("reproduced", "the claims of the cluster, which know nothing of the model, find the same property violated")
	m.item("prevented", "at the step that is named the implementation did something else, or nothing")
	m.item("not expressible", "the cluster has no counterpart of something in the trace")
	m.paragraph("\nImpl are the controllers of this project, upstream those of Kubernetes v1.37.2, with the kubelets and the API server of this project. " +
		"*Reordered* traces are other orders of the same behaviour, which the model has too: one thread of a controller may be two processes of the model. " +
		"What is reproduced happened in a simulation, at the virtual times of its clusters, and says nothing of how likely it is.")
	golden, planted := []Replay{}, []Replay{}
	for _, r := range all {
		if len(r.Mutations) == 0 {
			golden = append(golden, r)
		} else {
			planted = append(planted, r)
		}
	}
	m.heading(2, "Verdicts in numbers")
	m.table(verdictCounts(golden, planted))
	m.heading(2, "Kubernetes as it is")
	m.table(goldenRows(golden))
	m.heading(2, "Planted bugs, and what guards against them")
	m.paragraph("Each trace is replayed with the bug planted in the controllers, and without: then the step at which it is prevented is the guard. " +
		"Bugs cannot be planted in upstream's controllers.")
	m.table(plantedRows(planted))
	m.heading(2, "What realises an action")
	rows := [][]string{{"action", "in the cluster"}}
	for _, r := range replay.Rows() {
		rows = append(rows, []string{code(r.Action), plain(r.Is)})
	}
	m.table(rows)
	return Page{"replay.md", m.String()}
}

func verdictCounts(golden, planted []Replay) [][]string {
	rows := [][]string{{"traces", "level", string(replay.Reproduced), string(replay.Prevented), string(replay.NotExpressible), "not replayed"}}
	with, without := []Replay{}, []Replay{}
	for _, r := range planted {
		if r.WithoutMutations {
			without = append(without, r)
		} else {
			with = append(with, r)
		}
	}
	for _, group := range []struct {
		name string
		of   []Replay
	}{{"of Kubernetes as it is", golden}, {"of planted bugs, planted", with}, {"of planted bugs, not planted", without}} {
		rows = append(rows, countRow(group.name, "impl", group.of, func(r Replay) *Outcome { return r.Impl }))
		rows = append(rows, countRow(group.name, "upstream", group.of, func(r Replay) *Outcome { return r.Upstream }))
	}
	return rows
}

func countRow(group, level string, of []Replay, outcome func(Replay) *Outcome) []string {
	counts := map[replay.Verdict]int{}
	for _, r := range of {
		if o := outcome(r); o != nil {
			counts[o.Verdict]++
		} else {
			counts[""]++
		}
	}
	row := []string{group, level}
	for _, v := range []replay.Verdict{replay.Reproduced, replay.Prevented, replay.NotExpressible, ""} {
		row = append(row, fmt.Sprint(counts[v]))
	}
	return row
}

func goldenRows(all []Replay) [][]string {
	rows := [][]string{{"trace", "property", "version", "impl", "upstream"}}
	for _, r := range all {
		name := strings.TrimSuffix(path.Base(r.Trace), ".json")
		rows = append(rows, []string{"[" + name + "](traces/" + name + ".md)", r.Property, r.Version, r.inWords(r.Impl), r.inWords(r.Upstream)})
	}
	return rows
}

func plantedRows(all []Replay) [][]string {
	rows := [][]string{{"bug", "property", "version", "planted", "not planted", "upstream"}}
	for i := 0; i+1 < len(all); i += 2 {
		with, without := all[i], all[i+1]
		rows = append(rows, []string{code(strings.Join(with.Mutations, ", ")), with.Property, with.Version, with.inWords(with.Impl), without.inWords(without.Impl), without.inWords(without.Upstream)})
	}
	return rows
}

// inWords is an outcome in a cell.
func (r *Replay) inWords(o *Outcome) string {
	if o == nil {
		return "not replayed"
	}
	text := "**" + string(o.Verdict) + "**"
	switch {
	case o.Action != "":
		text += fmt.Sprintf(" at step %d, %s", o.Step, code(o.Action))
	case o.Step > 0:
		text += fmt.Sprintf(" after all %d steps", o.Step-1)
	}
	if o.Reordered {
		text += ", *reordered*"
	}
	return text + ": " + plain(o.Reason)
}
