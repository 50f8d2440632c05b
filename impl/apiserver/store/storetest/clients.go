package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/impl/apiserver/store"
)

// Clients that add to shared numbers lose nothing, and the watch shows each
// addition once.
func testClients(t *testing.T, s store.Store) {
	const clients, keys, additions = 8, 2, 20
	ctx := patient(t)
	w := watch(t, s, "/", 1)
	var group sync.WaitGroup
	acknowledged, errs := make([][]int64, clients), make([]error, clients)
	for c := range clients {
		group.Go(func() {
			for i := 0; i < additions && errs[c] == nil; i++ {
				var rev int64
				rev, errs[c] = add(ctx, s, fmt.Sprint("/", (c+i)%keys))
				acknowledged[c] = append(acknowledged[c], rev)
			}
		})
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))

	seen := map[int64]bool{}
	for c, revs := range acknowledged {
		require.IsIncreasing(t, revs, "client %d", c)
		for _, rev := range revs {
			require.False(t, seen[rev], "revision %d was acknowledged twice", rev)
			seen[rev] = true
		}
	}
	sums := map[string]int{}
	for rev := int64(2); rev < 2+clients*additions; rev++ {
		require.True(t, seen[rev], "nobody wrote revision %d", rev)
		e := next(t, w)
		sums[e.Key]++
		require.Equal(t, rev, e.Revision)
		require.Equal(t, fmt.Sprint(sums[e.Key]), string(e.Value), "an addition was lost")
	}
	requireRevision(t, s, 1+clients*additions)
}

// add adds one to the number under key, trying as often as it takes.
func add(ctx context.Context, s store.Store, key string) (int64, error) {
	for {
		e, _, err := s.Get(ctx, key, 0)
		var rev int64
		if errors.Is(err, store.ErrNotFound) {
			rev, err = s.Create(ctx, key, []byte("1"))
		} else if err == nil {
			var n int
			if n, err = strconv.Atoi(string(e.Value)); err == nil {
				rev, err = s.Update(ctx, key, e.Revision, []byte(strconv.Itoa(n+1)))
			}
		}
		if !errors.Is(err, store.ErrExists) && !errors.Is(err, store.ErrConflict) {
			return rev, err
		}
	}
}
