package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/reconverge/reconverge/check"
	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/traces"
)

// The results of package check for the protocol.
type (
	modelReport = check.Report[model.State]
	modelResult = check.Result[model.State]
)

// addTraces turns the traces of a search into documents and executes each on
// the model once more: what is printed and written is what was executed.
func (r *checkReport) addTraces(j *job, found *modelReport, witnesses bool) error {
	for i, result := range found.Results {
		p := &r.Properties[i]
		doc := traces.From(j.scenario, j.model, j.model.Claims[i], result)
		if doc == nil {
			continue
		}
		p.TraceLength = len(doc.Steps) - 1
		if p.Verdict != violated && !witnesses {
			continue
		}
		replayed, err := traces.Replay(doc)
		if err != nil {
			return fmt.Errorf("%s: its trace cannot be executed again, please report this: %w", p.ID, err)
		}
		p.trace, p.replayed = doc, replayed
	}
	return nil
}

// writeTrace writes the trace of a property that is to be shown. A file of the
// same name, from an earlier run of the same check, is replaced.
func (r *checkReport) writeTrace(i int, dir string, j *job) error {
	p := &r.Properties[i]
	if p.trace == nil {
		return nil
	}
	name, err := traceName(j, p.ID)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	file := filepath.Join(dir, name)
	if err := writeWhole(file, func(w io.Writer) error { return traces.Encode(w, p.trace) }); err != nil {
		return err
	}
	p.TraceFile = file
	return nil
}

// maxStem keeps the names of trace files within the 255 bytes that file systems
// allow: the name of a ReplicaSet alone may have 253.
const maxStem = 200

// traceName names a trace file for people, and by a hash of the scenario so that
// the traces of different checks do not overwrite each other.
func traceName(j *job, property string) (string, error) {
	document, err := json.Marshal(traces.FromScenario(j.scenario))
	if err != nil {
		return "", err
	}
	parts := []string{j.slug, j.scenario.Version.String(), property}
	if len(j.scenario.Mutations) > 0 {
		parts = append(parts, strings.Join(j.scenario.Mutations, "+"))
	}
	stem := strings.Join(parts, "-")
	hashed := document
	if len(stem) > maxStem {
		hashed = append(hashed, stem...)
		stem = stem[:maxStem]
	}
	sum := sha256.Sum256(hashed)
	return fmt.Sprintf("%s-%x.json", stem, sum[:4]), nil
}

// writeWhole writes a file that is there in full or not at all.
func writeWhole(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".trace-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename
	err = write(f)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
