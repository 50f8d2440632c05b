// Package sim runs controllers against a hostile API server, in virtual time, as
// a test does. A cluster is one testing/synctest bubble: an API server in memory,
// and the processes that a test starts in it. Any process will do that is made out
// of a *rest.Config: informers and work queues of client-go, a manager of
// controller-runtime.
//
//	func TestMine(t *testing.T) {
//		sim.Run(t, sim.Options{}, func(c *sim.Cluster) {
//			c.ApplyFile("testdata/web.yaml")
//			c.Start("mine", func(config *rest.Config) (sim.Runnable, error) {
//				return newManager(config) // has Start(context.Context) error
//			})
//			c.Settle(time.Minute) // of virtual time; it takes milliseconds
//			require.Equal(t, want, c.KubectlGetPods("default"))
//		})
//	}
//
// # Steps
//
// Every request and every watch event of every process waits until a step says
// what becomes of it. A Step is a line that people can read, such as
//
//	release mine create pods default/web-*
//	lose mine patch pods/status default/web-bbbbb
//	release mine watch pods MODIFIED default/web-bbbbb
//	crash mine
//	advance 10s
//	user delete nodes node-a
//
// Cluster.Pending has those that could be next, Cluster.Do takes one, and Verb says
// what there is. A Schedule is a list of steps; it is text, in a file as a Document.
// Settle is the schedule of somebody who is in no mood for trouble: it releases
// everything in the order of names, and lets time pass when nothing is left. A test
// mixes both: steps for the trouble, Settle for the rest.
//
// A Trial has the trouble drawn: it takes hostile steps that Draw draws, asks a
// claim after each, and leaves of a schedule that violates it what is needed for that.
//
// # What a run depends on
//
// On the schedule alone: the same steps have the same History, byte for byte. This
// is so because after each step every goroutine is waited for; because names, UIDs
// and revisions are counters; because what happens at one instant is put in an
// order (see Cluster.Pending), connections of one process break one after the other,
// and the random numbers that client-go draws begin anew before each step; and
// because lists come in the order of names, which is why reflectors are refused
// streaming lists (see Options.WatchList). A process must do its part: with several
// workers on one queue, ranging over a map or a lister, or two timers at one
// instant, it may do things in one order now and in another the next time. What it
// keeps in global variables outlives crashes and bubbles.
//
// The bubbles of a process run one after the other, those of parallel tests too.
//
// # Rules of bubbles
//
// Time is that of package time, begins on 2000-01-01, and passes only while every
// goroutine waits. A process must be made in the bubble, in its Factory: channels,
// timers and wait groups from outside are not counted as waiting. A process that
// listens on a socket waits for the world outside, and time stops; switch off
// metrics and health endpoints (for managers of controller-runtime: BindAddress "0").
// A goroutine that waits for a mutex counts as running: if another of its process
// holds the mutex during a request that is pending, no step ever ends. Discovery,
// during which RESTMappers hold one, therefore never waits.
// When the function that Run calls returns, all processes are stopped, and every
// goroutine must end; one that does not fails the test with its stack.
package sim
