package sim

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// SchemaVersion is that of the Documents that Save writes and Load reads.
const SchemaVersion = 1

// A Document is a schedule in a file, with the cluster that it is for and what it
// has shown. Actors, options and mutations are names that mean something to who
// builds the cluster: this package builds none.
type Document struct {
	SchemaVersion int    `json:"schemaVersion"`
	Title         string `json:"title,omitempty"`
	// Property is the claim that is violated, such as P-ATMOST; empty: none is.
	Property string `json:"property,omitempty"`
	// Message says how, in one line.
	Message   string            `json:"message,omitempty"`
	Manifests string            `json:"manifests,omitempty"` // YAML documents
	Actors    []string          `json:"actors,omitempty"`
	Options   map[string]string `json:"options,omitempty"`
	Mutations []string          `json:"mutations,omitempty"` // of the table of the suite
	Seed      int64             `json:"seed,omitempty"`      // Options.Seed
	Schedule  Schedule          `json:"steps"`
}

// MarshalText implements encoding.TextMarshaler.
func (s Step) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Step) UnmarshalText(text []byte) error {
	step, err := ParseStep(string(text))
	if err != nil {
		return err
	}
	*s = step
	return nil
}

// Save writes a document as YAML, and the folder if there is none. The same document
// is the same file.
func Save(path string, d Document) error {
	d.SchemaVersion = SchemaVersion
	text, err := yaml.Marshal(d)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// MaxBytes is the size of the largest document that Decode reads, in bytes.
const MaxBytes = 1 << 20

// Load reads the document in a file as Decode does.
func Load(path string) (Document, error) {
	f, err := os.Open(path)
	if err != nil {
		return Document{}, err
	}
	defer f.Close()
	d, err := Decode(f)
	if err != nil {
		return d, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// Decode reads a document, and refuses fields that it does not know.
func Decode(r io.Reader) (d Document, err error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return d, err
	}
	if len(text) > MaxBytes {
		return d, fmt.Errorf("larger than %d MiB, too large for a schedule", MaxBytes>>20)
	}
	return d, d.parse(text)
}

func (d *Document) parse(text []byte) error {
	var version struct {
		SchemaVersion int `json:"schemaVersion"`
	}
	if err := yaml.Unmarshal(text, &version); err != nil {
		return err
	}
	if version.SchemaVersion != SchemaVersion {
		return fmt.Errorf("schemaVersion is %d; this version reads %d", version.SchemaVersion, SchemaVersion)
	}
	if err := yaml.UnmarshalStrict(text, d); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "error unmarshaling JSON: "))
	}
	return nil
}
