// Package store keeps the objects of the API server: a map from keys to values
// with one revision for all keys and a history that can be read and watched, as
// in etcd. A Store knows nothing of Kubernetes objects.
package store

import (
	"context"
	"errors"
)

// Errors of a Store. They are matched with errors.Is.
var (
	ErrNotFound  = errors.New("store: key not found")
	ErrExists    = errors.New("store: key exists")
	ErrConflict  = errors.New("store: key has another revision")
	ErrCompacted = errors.New("store: revision has been compacted")
	ErrFuture    = errors.New("store: revision is not reached yet")
	ErrClosed    = errors.New("store: watcher is closed")
)

// A Store is a multi-version map. Each successful write takes the next revision,
// a single number for all keys, and no write touches more than one key. All
// methods may be called from any goroutine, and are linearizable: a read at
// revision 0 sees every write that was acknowledged before it began.
//
// Values belong to the store once they are passed or returned: nobody changes them.
type Store interface {
	// Create stores value under key, or returns ErrExists.
	Create(ctx context.Context, key string, value []byte) (revision int64, err error)
	// Update replaces the value of key if the key's last write has the revision
	// want; otherwise it returns ErrConflict, or ErrNotFound if there is no such key.
	Update(ctx context.Context, key string, want int64, value []byte) (revision int64, err error)
	// Delete removes key if its last write has the revision want; otherwise it
	// returns ErrConflict or ErrNotFound.
	Delete(ctx context.Context, key string, want int64) (revision int64, err error)

	// Get returns the entry of key as it was at revision at (0: now), and the
	// revision that was read: the store's newest if at is 0. The entry is
	// ErrNotFound, together with that revision, if there was none; ErrCompacted and
	// ErrFuture say that at cannot be read.
	Get(ctx context.Context, key string, at int64) (e Entry, revision int64, err error)
	// List returns the entries whose keys begin with prefix, in the order of keys.
	List(ctx context.Context, prefix string, o ListOptions) (Listing, error)

	// Watch returns the events of keys that begin with prefix after the revision
	// after, which may not be 0. It returns ErrCompacted if some of them are
	// forgotten, which is so when after cannot be read. A revision that is not reached
	// yet is waited for. The watcher outlives ctx.
	Watch(ctx context.Context, prefix string, after int64) (Watcher, error)

	// Compact forgets the history before revision: older versions can no longer be
	// read, nor watched from. It returns ErrFuture if revision is not reached yet.
	Compact(ctx context.Context, revision int64) error
	// Revision is that of the newest write, 1 in an empty store.
	Revision(ctx context.Context) (int64, error)
}

// An Entry is a key and its value with the revision of the write that made it.
type Entry struct {
	Key      string
	Value    []byte
	Revision int64
}

// ListOptions narrow a List. The zero value lists everything, now.
type ListOptions struct {
	At    int64  // revision; 0: now
	After string // keys up to and including this one are left out
	Limit int    // entries; 0: no limit
}

// A Listing is what List found.
type Listing struct {
	Entries   []Entry
	Revision  int64 // that was read
	Remaining int   // entries that Limit left out
}

// A Watcher yields the events of one Watch in the order of revisions, each once,
// without a gap.
type Watcher interface {
	// Next waits for the next event. It returns ctx's error when ctx ends, and may
	// return ErrCompacted when the history was compacted past the watcher's progress.
	// It is called by one goroutine at a time.
	Next(ctx context.Context) (Event, error)
	// Progress is a revision up to which every event has been returned by Next. It
	// is what a bookmark may promise.
	Progress() int64
	// Close releases the watcher. Next returns ErrClosed from then on.
	Close()
}

// An Event is one write, as a watcher sees it.
type Event struct {
	Key      string
	Value    []byte // nil: the key was deleted
	Previous []byte // nil: the key was created
	Revision int64
}
