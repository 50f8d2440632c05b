package etcdstore_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/linearizability"
	"github.com/reconverge/reconverge/impl/upstream/etcdstore"
	"github.com/reconverge/reconverge/impl/upstream/etcdtest"
)

// Clients of an API server on etcd see registers, and watches keep what they
// promise, while etcd is killed in the middle of it all.
func TestServerOnEtcd(t *testing.T) {
	const namespace = "default"
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	etcd := etcdtest.Start(t)
	s := etcdstore.New(etcd.Client())
	half := &gate{after: 500, half: make(chan struct{})}
	server, err := apiserver.New(apiserver.Options{Store: s, Gate: half, Bookmarks: 10 * time.Millisecond})
	require.NoError(t, err)
	work := linearizability.Workload{
		API: func(n int) (typedcorev1.ConfigMapInterface, error) {
			c, err := kubernetes.NewForConfig(server.Config(fmt.Sprint("client-", n)))
			if err != nil {
				return nil, err
			}
			return c.CoreV1().ConfigMaps(namespace), nil
		},
		Clients: 8, Keys: 6, Operations: 1200, Watches: 4, Seed: 1,
	}
	type result struct {
		*linearizability.Recording
		error
	}
	done := make(chan result, 1)
	go func() {
		r, err := work.Run(ctx)
		done <- result{r, err}
	}()
	select {
	case <-half.half:
		etcd.Restart()
	case <-ctx.Done():
	}
	r := <-done
	require.NoError(t, r.error)
	truth, err := linearizability.ReadTruth(ctx, s, namespace)
	require.NoError(t, err)
	require.NotEmpty(t, truth)
	r.Require(t, truth, patience)
}

// gate lets everything pass, and tells when half of the requests have come.
type gate struct {
	after int64
	n     atomic.Int64
	half  chan struct{}
}

func (g *gate) Request(context.Context, *apiserver.Request) (v apiserver.Verdict) {
	if g.n.Add(1) == g.after {
		close(g.half)
	}
	return v
}

func (*gate) Answer(context.Context, *apiserver.Request) (v apiserver.Verdict) { return v }
func (*gate) Event(context.Context, *apiserver.Event) (v apiserver.Verdict)    { return v }
