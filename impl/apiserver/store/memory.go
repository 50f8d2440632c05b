package store

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// Memory is a Store in memory. Its zero value is an empty store that forgets
// nothing until Compact; it must not be copied once used.
//
// Every method takes one mutex for as long as it computes and never waits under
// it, and a Watcher that waits does so on a channel of its own. So in a bubble of
// testing/synctest whoever waits for an event is durably blocked.
type Memory struct {
	// History bounds what is kept of the past: at least the newest History
	// revisions, at most twice as many. 0: everything. It is set before the first use.
	History int

	mu        sync.Mutex
	written   int64 // successful writes, so the revision is first+written
	compacted int64 // of the writes, how many have been forgotten
	log       []Event
	items     map[string]*item
	all       index // every key with a version that can still be read
	live      index // those that exist now
	watchers  []*memoryWatcher
}

// first is the revision of an empty store, as in etcd.
const first = 1

// An item is a key with those of its versions that can still be read, oldest first.
type item struct {
	key      string
	versions []version
}

// A version is what a key was from revision on: absent if value is nil.
type version struct {
	revision int64
	value    []byte
}

func (i *item) now() version { return i.versions[len(i.versions)-1] }

// at returns the version that was valid at revision, or the zero version.
func (i *item) at(revision int64) version {
	n, found := slices.BinarySearchFunc(i.versions, revision, func(v version, r int64) int { return cmp.Compare(v.revision, r) })
	if found {
		return i.versions[n]
	}
	if n == 0 {
		return version{}
	}
	return i.versions[n-1]
}

// Create implements Store.
func (m *Memory) Create(_ context.Context, key string, value []byte) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	it := m.items[key]
	if it != nil && it.now().value != nil {
		return 0, ErrExists
	}
	if it == nil {
		it = &item{key: key}
		if m.items == nil {
			m.items = map[string]*item{}
		}
		m.items[key] = it
		m.all.insert(it)
	}
	m.live.insert(it)
	return m.write(it, present(value), nil), nil
}

// Update implements Store.
func (m *Memory) Update(_ context.Context, key string, want int64, value []byte) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	it, err := m.guard(key, want)
	if err != nil {
		return 0, err
	}
	return m.write(it, present(value), it.now().value), nil
}

// Delete implements Store.
func (m *Memory) Delete(_ context.Context, key string, want int64) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	it, err := m.guard(key, want)
	if err != nil {
		return 0, err
	}
	m.live.remove(it)
	return m.write(it, nil, it.now().value), nil
}

// present tells an empty value from none.
func present(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}

// guard finds the item of key if its last write has the revision want.
func (m *Memory) guard(key string, want int64) (*item, error) {
	it := m.items[key]
	switch {
	case it == nil || it.now().value == nil:
		return nil, ErrNotFound
	case it.now().revision != want:
		return nil, ErrConflict
	}
	return it, nil
}

// write gives it a new version at the next revision and tells the watchers.
func (m *Memory) write(it *item, value, previous []byte) int64 {
	m.written++
	e := Event{Key: it.key, Value: value, Previous: previous, Revision: first + m.written}
	it.versions = append(it.versions, version{e.Revision, value})
	m.log = append(m.log, e)
	for _, w := range m.watchers {
		w.written(e)
	}
	if m.History > 0 && len(m.log) > 2*m.History {
		m.forget(m.written - int64(m.History))
	}
	return e.Revision
}

// readable resolves the revision of a read.
func (m *Memory) readable(at int64) (int64, error) {
	switch now := first + m.written; {
	case at == 0:
		return now, nil
	case at < first+m.compacted:
		return now, ErrCompacted
	case at > now:
		return now, ErrFuture
	}
	return at, nil
}

// Get implements Store.
func (m *Memory) Get(_ context.Context, key string, at int64) (Entry, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.readable(at)
	if err != nil {
		return Entry{}, at, err
	}
	it := m.items[key]
	if it == nil {
		return Entry{}, at, ErrNotFound
	}
	v := it.at(at)
	if v.value == nil {
		return Entry{}, at, ErrNotFound
	}
	return Entry{Key: key, Value: v.value, Revision: v.revision}, at, nil
}

// List implements Store.
func (m *Memory) List(_ context.Context, prefix string, o ListOptions) (Listing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.readable(o.At)
	if err != nil {
		return Listing{Revision: at}, err
	}
	candidates := m.all
	if at == first+m.written {
		candidates = m.live
	}
	l := Listing{Revision: at}
	for _, it := range candidates.within(prefix, o.After) {
		v := it.at(at)
		switch {
		case v.value == nil:
		case o.Limit > 0 && len(l.Entries) == o.Limit:
			l.Remaining++
		default:
			l.Entries = append(l.Entries, Entry{Key: it.key, Value: v.value, Revision: v.revision})
		}
	}
	return l, nil
}

// Revision implements Store.
func (m *Memory) Revision(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return first + m.written, nil
}

// Compact implements Store.
func (m *Memory) Compact(_ context.Context, revision int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if revision > first+m.written {
		return ErrFuture
	}
	m.forget(revision - first)
	return nil
}

// forget drops the oldest writes of the log until only those after the first
// writes are left, and the versions that nobody can read any more.
func (m *Memory) forget(writes int64) {
	if writes <= m.compacted {
		return
	}
	n := writes - m.compacted
	m.compacted = writes
	for _, e := range m.log[:n] {
		if it := m.items[e.Key]; it != nil {
			m.trim(it)
		}
	}
	m.log = slices.Clone(m.log[n:])
}

// trim drops the versions of it that were replaced before the oldest readable
// revision, and the item if nothing of it can be read.
func (m *Memory) trim(it *item) {
	oldest := first + m.compacted
	keep := 0
	for keep+1 < len(it.versions) && it.versions[keep+1].revision <= oldest {
		keep++
	}
	if v := it.versions[keep]; v.value == nil && v.revision <= oldest {
		keep++
	}
	it.versions = slices.Delete(it.versions, 0, keep)
	if len(it.versions) == 0 {
		delete(m.items, it.key)
		m.all.remove(it)
	}
}
