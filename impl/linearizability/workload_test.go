package linearizability_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/apiserver/store"
	. "github.com/reconverge/reconverge/impl/linearizability"
)

const namespace = "default"

// apiOf returns the API of a server to each client of a workload.
func apiOf(s *apiserver.Server) func(int) (typedcorev1.ConfigMapInterface, error) {
	return func(n int) (typedcorev1.ConfigMapInterface, error) {
		c, err := kubernetes.NewForConfig(s.Config(fmt.Sprint("client-", n)))
		if err != nil {
			return nil, err
		}
		return c.CoreV1().ConfigMaps(namespace), nil
	}
}

// record runs a workload against a server, of which the store in memory has the truth.
func record(t testing.TB, o apiserver.Options, memory *store.Memory) (*Recording, Truth) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if o.Store == nil {
		o.Store = memory
	}
	o.Bookmarks = time.Millisecond
	s, err := apiserver.New(o)
	require.NoError(t, err)
	r, err := Workload{API: apiOf(s), Clients: 8, Keys: 4, Operations: 1200, Watches: 4, Seed: 1}.Run(ctx)
	require.NoError(t, err)
	truth, err := ReadTruth(ctx, memory, namespace)
	require.NoError(t, err)
	return r, truth
}

func TestServerInMemory(t *testing.T) {
	r, truth := record(t, apiserver.Options{}, &store.Memory{})
	require.NotEmpty(t, truth)
	r.Require(t, truth, patience)
}
