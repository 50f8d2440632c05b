package traces

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	kjson "sigs.k8s.io/json"
)

// MaxBytes is the size of the largest document that Decode reads, in bytes.
const MaxBytes = 64 << 20

// Encode writes t as an indented JSON document.
func Encode(w io.Writer, t *Trace) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(t)
}

// Decode reads one document. It refuses what it does not know: another kind or
// version, unknown and duplicate fields, anything after the document. Every
// error is one line that names the place. It does not say whether the trace is
// a behaviour of the model: Replay does.
func Decode(r io.Reader) (*Trace, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("larger than %d MiB, too large for a trace", MaxBytes>>20)
	}
	if err := header(data); err != nil {
		return nil, err
	}
	t := new(Trace)
	if err := json.Unmarshal(data, t); err != nil {
		return nil, placed(data, err)
	}
	// The strict decoder names the field but not the line, and knows duplicates.
	strict, err := kjson.UnmarshalStrict(data, new(Trace))
	if err == nil && len(strict) > 0 {
		err = strict[0]
	}
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return t, t.validate()
}

// header looks at what the document says of itself first, so that a foreign
// file is called that, and not a trace with mistakes.
func header(data []byte) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("empty, not a trace")
	}
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		return placed(data, err)
	}
	object, ok := doc.(map[string]any)
	if !ok {
		return errors.New("not a trace: the document is not an object")
	}
	if kind, _ := object["kind"].(string); kind != Kind {
		return fmt.Errorf("not a trace: kind is %.60q, want %q", kind, Kind)
	}
	if version, _ := object["schemaVersion"].(string); version != SchemaVersion {
		return fmt.Errorf("schemaVersion %.60q of traces is not known: this program reads %q", version, SchemaVersion)
	}
	return nil
}

// placed adds the line and the column to an error of encoding/json.
func placed(data []byte, err error) error {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(data)) && strings.HasPrefix(syntax.Error(), "unexpected end"):
		return fmt.Errorf("truncated: the JSON ends at %s in the middle of a value", position(data, int64(len(data))))
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON: %w at %s", err, position(data, syntax.Offset))
	case errors.As(err, &wrong):
		return fmt.Errorf("%s: a %.60s where a %s belongs, at %s", wrong.Field, wrong.Value, wrong.Type, position(data, wrong.Offset))
	}
	return err
}

// position is the line and column of the byte before offset; the first are 1.
func position(data []byte, offset int64) string {
	before := data[:min(max(offset-1, 0), int64(len(data)))]
	line := bytes.Count(before, []byte("\n"))
	column := len(before) - (bytes.LastIndexByte(before, '\n') + 1)
	return fmt.Sprintf("line %d, column %d", line+1, column+1)
}

// validate checks what the types of the fields cannot say.
func (t *Trace) validate() error {
	switch {
	case t.Property == "":
		return errors.New("property: missing")
	case t.Shows != Counterexample && t.Shows != Witness:
		return fmt.Errorf("shows: %.60q is neither %q nor %q", t.Shows, Counterexample, Witness)
	case len(t.Steps) == 0:
		return errors.New("steps: missing")
	case t.Steps[0].Action != "":
		return fmt.Errorf("steps[0]: the first step is the initial state, which no action leads to, got %.60q", t.Steps[0].Action)
	case t.CycleStart != -1 && (t.CycleStart < 1 || t.CycleStart >= len(t.Steps)):
		return fmt.Errorf("cycleStart: %d is not the index of a step after the first, nor -1", t.CycleStart)
	}
	if _, err := t.Scenario.Model(); err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	return nil
}
