// Package etcdtest runs real etcd servers for tests, each in a process of its own
// that can be killed as a machine that loses power would kill it.
package etcdtest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

// directory names, in the environment of a server's process, the folder it serves.
const directory = "RECONVERGE_ETCD_DIRECTORY"

// Main must be the TestMain of a package that starts servers: the server is the
// test's own executable, started again.
func Main(m *testing.M) {
	if dir := os.Getenv(directory); dir != "" {
		if err := serve(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serve runs etcd on a unix socket in dir until its standard input ends, which it
// also does when the test dies.
func serve(dir string) error {
	socket := []url.URL{{Scheme: "unix", Path: filepath.Join(dir, "client")}}
	peer := []url.URL{{Scheme: "unix", Path: filepath.Join(dir, "peer")}}
	c := embed.NewConfig()
	c.Dir = filepath.Join(dir, "data")
	c.ListenClientUrls, c.AdvertiseClientUrls = socket, socket
	c.ListenPeerUrls, c.AdvertisePeerUrls = peer, peer
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	c.TickMs, c.ElectionMs = 10, 100 // a single member elects itself at once
	c.UnsafeNoFsync = true           // what a killed process has written is in the kernel's hands
	c.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	e, err := embed.StartEtcd(c)
	if err != nil {
		return err
	}
	select {
	case <-e.Server.ReadyNotify():
		fmt.Println("ready")
	case err := <-e.Err():
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// A Server is one etcd with its data.
type Server struct {
	t       testing.TB
	dir     string
	process *exec.Cmd
	input   io.Closer
}

// Start starts an empty server, which ends with t.
func Start(t testing.TB) *Server {
	t.Helper()
	// Not t.TempDir: the name of a unix socket is at most about 100 bytes long.
	dir, err := os.MkdirTemp("", "etcd")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	s := &Server{t: t, dir: dir}
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *Server) start() {
	s.t.Helper()
	exe, err := os.Executable()
	require.NoError(s.t, err)
	var stderr bytes.Buffer
	s.process = exec.Command(exe)
	s.process.Env = append(os.Environ(), directory+"="+s.dir)
	s.process.Stderr = &stderr
	s.input, err = s.process.StdinPipe()
	require.NoError(s.t, err)
	out, err := s.process.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, s.process.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.kill()
		require.FailNow(s.t, "etcd does not start", stderr.String())
	}
	require.Equal(s.t, "ready\n", line)
}

func (s *Server) kill() {
	s.input.Close()
	s.process.Process.Kill()
	s.process.Wait() // its error is that it was killed
}

// Restart kills the server without warning and starts it on what it left behind.
// It may be called from a goroutine of the test's only if that is the test's own.
func (s *Server) Restart() {
	s.t.Helper()
	s.kill()
	s.start()
}

// Endpoint is where clients find the server.
func (s *Server) Endpoint() string { return "unix://" + filepath.Join(s.dir, "client") }

// Client returns a new client, closed with the test.
func (s *Server) Client() *clientv3.Client {
	s.t.Helper()
	c, err := clientv3.New(clientv3.Config{
		Endpoints: []string{s.Endpoint()},
		Logger:    zap.NewNop(),
		Context:   context.Background(),
	})
	require.NoError(s.t, err)
	s.t.Cleanup(func() { c.Close() })
	return c
}
