package linearizability

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"hash/maphash"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// ErrTimeout says that a history was not judged in the time given.
var ErrTimeout = errors.New("linearizability: the history is not judged in time")

// Model is the register of each key as porcupine's model. Input and output of its
// operations are an Operation.
func Model() porcupine.Model {
	seed := maphash.MakeSeed()
	return porcupine.Model{
		Partition: partition,
		Init:      func() any { return register{} },
		Step: func(state, input, _ any) (bool, any) {
			next, ok := state.(register).step(input.(Operation))
			return ok, next
		},
		Hash:              func(state any) uint64 { return maphash.Comparable(seed, state.(register)) },
		DescribeOperation: func(input, _ any) string { return input.(Operation).String() },
		DescribeState: func(state any) string {
			r := state.(register)
			if !r.exists {
				return "none"
			}
			return fmt.Sprintf("%s at %d, uid %s", r.object.Value, r.object.Revision, r.object.UID)
		},
	}
}

// partition separates the keys: nothing that one operation does spans two.
func partition(history []porcupine.Operation) [][]porcupine.Operation {
	keys := map[string][]porcupine.Operation{}
	for _, o := range history {
		key := o.Input.(Operation).Key
		keys[key] = append(keys[key], o)
	}
	var parts [][]porcupine.Operation
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		parts = append(parts, keys[key])
	}
	return parts
}

// operations returns the history for porcupine. A listing reads every key that
// occurs.
func (h *History) operations() []porcupine.Operation {
	all := slices.Clone(h.Operations)
	keys := map[string]bool{}
	for _, o := range h.Operations {
		keys[o.Key] = true
	}
	for _, l := range h.Listings {
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			o := Operation{Client: l.Client, Verb: Get, Key: key, Outcome: NotFound, Call: l.Call, Return: l.Return}
			if found, ok := l.Objects[key]; ok {
				o.Outcome, o.Result = OK, found
			}
			all = append(all, o)
		}
	}
	history := make([]porcupine.Operation, len(all))
	for i, o := range all {
		history[i] = porcupine.Operation{ClientId: o.Client, Input: o, Call: int64(o.Call), Output: o, Return: int64(o.Return)}
	}
	return history
}

// A Failure is a history that no order of its operations explains.
type Failure struct {
	info porcupine.LinearizationInfo
}

func (f *Failure) Error() string {
	return "linearizability: no order of the operations explains their outcomes"
}

// Picture writes porcupine's picture of the history, a page of HTML.
func (f *Failure) Picture(path string) error { return porcupine.VisualizePath(Model(), f.info, path) }

// Check judges a history. It returns a *Failure if it is not linearizable, and
// ErrTimeout if that is not known after a while.
func (h *History) Check(patience time.Duration) error {
	result, info := porcupine.CheckOperationsVerbose(Model(), h.operations(), patience)
	switch result {
	case porcupine.Ok:
		return h.revisions()
	case porcupine.Illegal:
		return &Failure{info}
	}
	return ErrTimeout
}

// revisions checks what spans the keys: whatever has the same revision is the same
// object, and a write that begins after another has ended has the larger revision.
func (h *History) revisions() error {
	type named struct {
		key string
		Object
	}
	seen := map[int64]named{}
	for _, o := range h.Operations {
		if o.Result == (Object{}) {
			continue
		}
		this := named{o.Key, o.Result}
		if other, ok := seen[this.Revision]; ok && other != this {
			return fmt.Errorf("linearizability: revision %d is both %+v and %+v", this.Revision, other, this)
		}
		seen[this.Revision] = this
	}
	creations := slices.DeleteFunc(slices.Clone(h.Operations), func(o Operation) bool { return o.Verb != Create || o.Outcome != OK })
	ended := slices.Clone(creations)
	slices.SortFunc(creations, func(a, b Operation) int { return cmp.Compare(a.Call, b.Call) })
	slices.SortFunc(ended, func(a, b Operation) int { return cmp.Compare(a.Return, b.Return) })
	var newest Operation
	for _, o := range creations {
		for ; len(ended) > 0 && ended[0].Return < o.Call; ended = ended[1:] {
			if ended[0].Result.Revision > newest.Result.Revision {
				newest = ended[0]
			}
		}
		if newest.Result.Revision > o.Result.Revision {
			return fmt.Errorf("linearizability: %q ended before %q began", newest, o)
		}
	}
	return nil
}

// Require fails t if the history is not linearizable, and says where the picture of
// it is.
func (h *History) Require(t testing.TB, patience time.Duration) {
	t.Helper()
	err := h.Check(patience)
	var failure *Failure
	if errors.As(err, &failure) {
		path, pictureErr := picture(t)
		if pictureErr = errors.Join(pictureErr, failure.Picture(path)); pictureErr != nil {
			t.Fatalf("%v (and no picture: %v)", err, pictureErr)
		}
		t.Fatalf("%v; see %s", err, path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// picture names a file that outlives the test: without -artifacts, what is in
// t.ArtifactDir does not.
func picture(t testing.TB) (string, error) {
	if f := flag.Lookup("test.artifacts"); f != nil && f.Value.String() == "true" {
		return filepath.Join(t.ArtifactDir(), "linearizability.html"), nil
	}
	f, err := os.CreateTemp("", "linearizability-*.html")
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}
