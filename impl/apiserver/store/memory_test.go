package store_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/impl/apiserver/store"
	"github.com/reconverge/reconverge/impl/apiserver/store/storetest"
)

func TestMemoryWatchIsDurablyBlocking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &store.Memory{}
		w, err := m.Watch(t.Context(), "/pods/", 1)
		require.NoError(t, err)
		var got []store.Event
		done := make(chan error)
		go func() {
			for {
				e, err := w.Next(t.Context())
				if err != nil {
					done <- err
					return
				}
				got = append(got, e)
			}
		}()
		synctest.Wait()
		_, err = m.Create(context.Background(), "/nodes/a", []byte("1"))
		require.NoError(t, err)
		_, err = m.Create(context.Background(), "/pods/a", []byte("1"))
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, []store.Event{{Key: "/pods/a", Value: []byte("1"), Revision: 3}}, got)
		w.Close()
		require.ErrorIs(t, <-done, store.ErrClosed)
	})
}

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return &store.Memory{} })
}
