package sim

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
)

// A process that listens on a socket keeps time from passing. The one who waits is
// told where.
func TestAProcessThatWaitsForTheWorldIsNamed(t *testing.T) {
	listening := make(chan net.Listener, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := Open(Options{}, func(c *Cluster) {
			c.Start("mine", func(*rest.Config) (Runnable, error) {
				return RunnableFunc(func(ctx context.Context) error {
					l, err := net.Listen("tcp", "127.0.0.1:0")
					if err != nil {
						return err
					}
					listening <- l
					_, _ = l.Accept()
					<-ctx.Done()
					return nil
				}), nil
			})
			c.Settle(time.Minute)
		})
		if err != nil {
			t.Error(err)
		}
	}()
	l := <-listening
	said := make(writer, 1)
	ticks := make(chan time.Time)
	go guard(done, ticks, said)
	var text string
	for text == "" {
		select {
		case ticks <- time.Time{}: // the first may come before all else has come to rest
		case text = <-said:
		}
	}
	require.Contains(t, text, "TestAProcessThatWaitsForTheWorldIsNamed")
	require.Contains(t, text, "Accept")
	require.NoError(t, l.Close()) // and it goes on
	<-done
}

// A writer sends what is written to it.
type writer chan string

func (w writer) Write(p []byte) (int, error) {
	w <- string(bytes.Clone(p))
	return len(p), nil
}
