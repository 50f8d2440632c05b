package linearizability_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/reconverge/reconverge/impl/linearizability"
)

const patience = time.Minute

// seen is an object a at a revision.
func seen(uid, value string, revision int64) Object {
	return Object{UID: uid, Value: value, Revision: revision}
}

// at gives an operation its time.
func at(call, ret time.Duration, o Operation) Operation {
	o.Call, o.Return = call, ret
	if o.Key == "" {
		o.Key = "a"
	}
	if o.Outcome == "" {
		o.Outcome = OK
	}
	if o.Outcome == Unknown {
		o.Return = 1 << 40
	}
	return o
}

func TestCheck(t *testing.T) {
	created := at(1, 2, Operation{Verb: Create, Value: "x", Result: seen("u1", "x", 5)})
	deleted := at(3, 4, Operation{Verb: Delete})
	for _, tt := range []struct {
		name    string
		history []Operation
		ok      bool
	}{
		{"a read during a write sees it or not", []Operation{
			created,
			at(3, 6, Operation{Verb: Update, Value: "y", IfUID: "u1", IfRev: 5, Result: seen("u1", "y", 7)}),
			at(4, 5, Operation{Verb: Get, Result: seen("u1", "x", 5)}),
			at(4, 5, Operation{Verb: Get, Result: seen("u1", "y", 7)}),
		}, true},
		{"a read goes back", []Operation{
			created,
			at(3, 9, Operation{Verb: Update, Value: "y", IfUID: "u1", IfRev: 5, Result: seen("u1", "y", 7)}),
			at(4, 5, Operation{Verb: Get, Result: seen("u1", "y", 7)}),
			at(6, 7, Operation{Verb: Get, Result: seen("u1", "x", 5)}),
		}, false},
		{"a stale read", []Operation{
			created,
			at(3, 4, Operation{Verb: Update, Value: "y", IfUID: "u1", IfRev: 5, Result: seen("u1", "y", 7)}),
			at(5, 6, Operation{Verb: Get, Result: seen("u1", "x", 5)}),
		}, false},
		{"two updates of one revision", []Operation{
			created,
			at(3, 5, Operation{Verb: Update, Value: "y", IfUID: "u1", IfRev: 5, Result: seen("u1", "y", 7)}),
			at(4, 6, Operation{Verb: Update, Value: "z", IfUID: "u1", IfRev: 5, Result: seen("u1", "z", 8)}),
		}, false},
		{"two patches", []Operation{
			created,
			at(3, 5, Operation{Verb: Patch, Value: "y", Result: seen("u1", "y", 8)}),
			at(4, 6, Operation{Verb: Patch, Value: "z", Result: seen("u1", "z", 7)}),
			at(7, 8, Operation{Verb: Get, Result: seen("u1", "y", 8)}),
		}, true},
		{"revisions against the order of time", []Operation{
			created,
			at(3, 4, Operation{Verb: Patch, Value: "y", Result: seen("u1", "y", 8)}),
			at(5, 6, Operation{Verb: Patch, Value: "z", Result: seen("u1", "z", 7)}),
		}, false},
		{"a conflict without reason", []Operation{
			created,
			at(3, 4, Operation{Verb: Update, Value: "y", IfUID: "u1", IfRev: 5, Outcome: Conflict}),
		}, false},
		{"a write of the same value takes no revision", []Operation{
			created,
			at(3, 4, Operation{Verb: Patch, Value: "x", Result: seen("u1", "x", 5)}),
		}, true},
		{"a write of the same value takes one", []Operation{
			created,
			at(3, 4, Operation{Verb: Patch, Value: "x", Result: seen("u1", "x", 6)}),
		}, false},
		{"a second creation", []Operation{
			created,
			at(3, 4, Operation{Verb: Create, Value: "y", Result: seen("u2", "y", 6)}),
		}, false},
		{"a creation after a deletion", []Operation{
			created, deleted,
			at(5, 6, Operation{Verb: Create, Value: "y", Result: seen("u2", "y", 7)}),
			at(7, 8, Operation{Verb: Delete, IfUID: "u1", Outcome: Conflict}),
			at(7, 8, Operation{Verb: Update, Value: "z", IfUID: "u1", IfRev: 5, Outcome: Conflict}),
			at(9, 10, Operation{Verb: Delete, IfUID: "u2", IfRev: 7}),
			at(11, 12, Operation{Verb: Get, Outcome: NotFound}),
			at(11, 12, Operation{Verb: Patch, Value: "z", Outcome: NotFound}),
		}, true},
		{"a UID that comes back", []Operation{
			created, deleted,
			at(5, 6, Operation{Verb: Create, Value: "y", Result: seen("u1", "y", 7)}),
		}, false},
		{"a deletion of another object than was meant", []Operation{
			created, deleted,
			at(5, 6, Operation{Verb: Create, Value: "y", Result: seen("u2", "y", 7)}),
			at(7, 8, Operation{Verb: Delete, IfUID: "u1"}),
		}, false},
		{"a deletion that is not seen", []Operation{
			created, deleted,
			at(5, 6, Operation{Verb: Get, Result: seen("u1", "x", 5)}),
		}, false},
		{"a lost answer, seen late", []Operation{
			created,
			at(3, 4, Operation{Verb: Update, Value: "y", IfUID: "u1", IfRev: 5, Outcome: Unknown}),
			at(5, 6, Operation{Verb: Get, Result: seen("u1", "x", 5)}),
			at(7, 8, Operation{Verb: Get, Result: seen("u1", "y", 7)}),
			at(9, 10, Operation{Verb: Update, Value: "z", IfUID: "u1", IfRev: 7, Result: seen("u1", "z", 8)}),
		}, true},
		{"a lost answer of what never happened", []Operation{
			created,
			at(3, 4, Operation{Verb: Delete, Outcome: Unknown}),
			at(5, 6, Operation{Verb: Get, Result: seen("u1", "x", 5)}),
		}, true},
		{"a lost answer, undone", []Operation{
			created,
			at(3, 4, Operation{Verb: Update, Value: "y", IfUID: "u1", IfRev: 5, Outcome: Unknown}),
			at(5, 6, Operation{Verb: Get, Result: seen("u1", "y", 7)}),
			at(7, 8, Operation{Verb: Get, Result: seen("u1", "x", 5)}),
		}, false},
		{"a lost creation", []Operation{
			at(1, 2, Operation{Verb: Create, Value: "x", Outcome: Unknown}),
			at(3, 4, Operation{Verb: Create, Value: "y", Outcome: Exists}),
			at(5, 6, Operation{Verb: Patch, Value: "z", Result: seen("u1", "z", 7)}),
			at(5, 6, Operation{Verb: Delete, Outcome: Unknown}),
			at(7, 8, Operation{Verb: Create, Value: "w", Result: seen("u2", "w", 9)}),
		}, true},
		{"a name that nobody took", []Operation{
			at(3, 4, Operation{Verb: Create, Value: "y", Outcome: Exists}),
		}, false},
		{"one revision of two keys", []Operation{
			created,
			at(1, 2, Operation{Verb: Create, Key: "b", Value: "x", Result: seen("u2", "x", 5)}),
		}, false},
		{"revisions of two keys against the order of time", []Operation{
			created,
			at(3, 4, Operation{Verb: Create, Key: "b", Value: "x", Result: seen("u2", "x", 4)}),
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := NewHistory()
			h.Operations = tt.history
			if err := h.Check(patience); tt.ok {
				require.NoError(t, err)
			} else {
				require.Error(t, err)
				require.NotErrorIs(t, err, ErrTimeout)
			}
		})
	}
}

// A list reads every key: also those that it does not show.
func TestCheckListing(t *testing.T) {
	h := NewHistory()
	h.Operations = []Operation{at(1, 2, Operation{Verb: Create, Value: "x", Result: seen("u1", "x", 5)})}
	h.Listings = []Listing{{Revision: 5, Objects: map[string]Object{"a": seen("u1", "x", 5)}, Call: 3, Return: 4}}
	require.NoError(t, h.Check(patience))
	h.Listings[0].Objects = nil
	require.Error(t, h.Check(patience))
}

func TestPicture(t *testing.T) {
	h := NewHistory()
	h.Operations = []Operation{at(1, 2, Operation{Verb: Get, Result: seen("u1", "x", 5)})}
	var failure *Failure
	require.True(t, errors.As(h.Check(patience), &failure))
	path := filepath.Join(t.TempDir(), "picture.html")
	require.NoError(t, failure.Picture(path))
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(page), "get a: ok x at 5, uid u1")
}
