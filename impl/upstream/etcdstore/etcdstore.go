// Package etcdstore keeps the objects of the API server in etcd, with the
// transactions that Kubernetes' own API server uses.
package etcdstore

import (
	"context"
	"errors"
	"sync/atomic"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/reconverge/reconverge/impl/apiserver/store"
)

// A Store is a store.Store in an etcd cluster. Its revisions are etcd's, so they
// follow one another without gaps only as long as nobody else writes there.
//
// An error that is none of package store's says nothing of a write's outcome: it
// may have happened, or may happen yet.
type Store struct {
	client  *clientv3.Client
	watches atomic.Int64 // that were opened
}

// New returns the store behind client, which stays the caller's to close.
func New(client *clientv3.Client) *Store { return &Store{client: client} }

// Create implements store.Store.
//
// Abstracts: apiserver/pkg/storage/etcd3/store.go:Create.
func (s *Store) Create(ctx context.Context, key string, value []byte) (int64, error) {
	r, err := s.client.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(key), "=", 0)).
		Then(clientv3.OpPut(key, string(value))).
		Commit()
	if err != nil {
		return 0, translate(err)
	}
	if !r.Succeeded {
		return 0, store.ErrExists
	}
	return r.Header.Revision, nil
}

// Update implements store.Store.
//
// Abstracts: apiserver/pkg/storage/etcd3/store.go:GuaranteedUpdate.
// Omits: its retries, which are the caller's.
func (s *Store) Update(ctx context.Context, key string, want int64, value []byte) (int64, error) {
	return s.guarded(ctx, key, want, clientv3.OpPut(key, string(value)))
}

// Delete implements store.Store.
//
// Abstracts: apiserver/pkg/storage/etcd3/store.go:conditionalDelete.
// Omits: its retries, which are the caller's.
func (s *Store) Delete(ctx context.Context, key string, want int64) (int64, error) {
	return s.guarded(ctx, key, want, clientv3.OpDelete(key))
}

// guarded does op if key exists and its last write has the revision want.
func (s *Store) guarded(ctx context.Context, key string, want int64, op clientv3.Op) (int64, error) {
	r, err := s.client.Txn(ctx).
		If(
			// To etcd, an absent key has the revision 0, which a caller might want.
			clientv3.Compare(clientv3.CreateRevision(key), ">", 0),
			clientv3.Compare(clientv3.ModRevision(key), "=", want),
		).
		Then(op).
		Else(clientv3.OpGet(key, clientv3.WithKeysOnly())).
		Commit()
	switch {
	case err != nil:
		return 0, translate(err)
	case r.Succeeded:
		return r.Header.Revision, nil
	case len(r.Responses[0].GetResponseRange().Kvs) == 0:
		return 0, store.ErrNotFound
	}
	return 0, store.ErrConflict
}

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, key string, at int64) (store.Entry, int64, error) {
	r, err := s.client.Get(ctx, key, clientv3.WithRev(at))
	if err != nil {
		return store.Entry{}, 0, translate(err)
	}
	if at == 0 {
		at = r.Header.Revision
	}
	if len(r.Kvs) == 0 {
		return store.Entry{}, at, store.ErrNotFound
	}
	kv := r.Kvs[0]
	return store.Entry{Key: key, Value: present(kv.Value), Revision: kv.ModRevision}, at, nil
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, prefix string, o store.ListOptions) (store.Listing, error) {
	from := prefix
	if o.After >= prefix {
		from = o.After + "\x00" // the next key there can be
	}
	r, err := s.client.Get(ctx, from,
		clientv3.WithRange(clientv3.GetPrefixRangeEnd(prefix)),
		clientv3.WithRev(o.At),
		clientv3.WithLimit(int64(o.Limit)))
	if err != nil {
		return store.Listing{}, translate(err)
	}
	l := store.Listing{Revision: o.At, Remaining: int(r.Count) - len(r.Kvs)}
	if o.At == 0 {
		l.Revision = r.Header.Revision
	}
	for _, kv := range r.Kvs {
		l.Entries = append(l.Entries, store.Entry{Key: string(kv.Key), Value: present(kv.Value), Revision: kv.ModRevision})
	}
	return l, nil
}

// Compact implements store.Store.
func (s *Store) Compact(ctx context.Context, revision int64) error {
	_, err := s.client.Compact(ctx, revision)
	if err = translate(err); errors.Is(err, store.ErrCompacted) {
		return nil
	}
	return err
}

// Revision implements store.Store.
func (s *Store) Revision(ctx context.Context) (int64, error) {
	// Any key does: every answer is headed by the store's revision.
	r, err := s.client.Get(ctx, anyKey, clientv3.WithCountOnly())
	if err != nil {
		return 0, translate(err)
	}
	return r.Header.Revision, nil
}

const anyKey = "\x00"

// present undoes what the wire does to an empty value.
func present(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}

// translate turns etcd's errors into those of package store where it has them.
func translate(err error) error {
	switch {
	case errors.Is(err, rpctypes.ErrCompacted):
		return store.ErrCompacted
	case errors.Is(err, rpctypes.ErrFutureRev):
		return store.ErrFuture
	}
	return err
}
