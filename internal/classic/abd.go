package classic

import (
	"fmt"

	"github.com/reconverge/reconverge/check"
)

// A Version is a value with the stamp of its writing, by which versions are
// ordered: first the clock, then the server.
type Version struct {
	Clock, Server uint8
	Value         uint8 // the client that wrote it, from 1; 0: nobody
}

func (v Version) String() string { return fmt.Sprintf("%d@%d.%d", v.Value, v.Clock, v.Server) }

func (v Version) newerThan(w Version) bool {
	return v.Clock > w.Clock || v.Clock == w.Clock && v.Server > w.Server
}

// Letter is a kind of message.
type Letter uint8

// The letters. Those between a request and its answer go to and fro between the
// server that was asked and its peer.
const (
	NoLetter Letter = iota
	Put
	Get
	Query
	AckQuery // with what the peer has
	Record   // with what it shall have
	AckRecord
	PutOk
	GetOk // with what was read
)

func (l Letter) String() string {
	return [...]string{"none", "Put", "Get", "Query", "AckQuery", "Record", "AckRecord", "PutOk", "GetOk"}[l]
}

// A RegisterServer holds a copy of the register and serves one client at a time.
type RegisterServer struct {
	Has       Version
	Serves    uint8   // a client, from 1; 0: none
	Had       Version // while it waits for AckQuery: what it had when it was asked
	Recording bool    // it waits for AckRecord
	Reads     uint8   // meanwhile: the value to answer a Get with
}

// A RegisterClient puts its own number and then gets. Until both have returned
// there is just one message on its behalf, so the network is kept with the
// clients. What its number and operation tell of the message is left out.
type RegisterClient struct {
	Letter   Letter
	Carries  Version // by AckQuery and Record; GetOk carries a value alone
	Returned uint8   // operations: 1 is the put, 2 both

	// What, besides Returned, a linearization must respect.
	Saw  uint8 // operations of the other that had returned when the get began
	Read uint8 // what the get returned
}

// Register is a state of two clients and two servers that keep one register.
type Register struct {
	Servers [2]RegisterServer
	Clients [2]RegisterClient
}

// LinearizableRegister is the register of Attiya, Bar-Noy and Dolev ("Sharing
// memory robustly in message-passing systems", 1995) with the states of
// Stateright's example of that name. Its clients put at one server and get at
// the other; its messages may overtake each other but are delivered once; a
// server leaves a request where it is while it serves another. What the clients
// have seen is part of the state, for linearizability is a claim about it.
func LinearizableRegister() *check.Model[Register] {
	m := &check.Model[Register]{
		Name: "linearizable register",
		Init: []Register{{
			Servers: [2]RegisterServer{{Has: Version{Server: 0}}, {Has: Version{Server: 1}}},
			Clients: [2]RegisterClient{{Letter: Put}, {Letter: Put}},
		}},
		Properties: []check.Property[Register]{
			check.Invariant("linearizable", func(s Register) bool { return s.linearizable([2]uint8{}, 0) }),
			check.Reachable("value chosen", func(s Register) bool {
				return s.Clients[0].chosen() || s.Clients[1].chosen()
			}),
		},
	}
	for c := range m.Init[0].Clients {
		m.Actions = append(m.Actions, check.Action[Register]{
			Name: instance("Deliver", c),
			Next: func(dst []Register, s Register) []Register {
				if !s.deliver(c) {
					return dst
				}
				return append(dst, s)
			},
			Label: func(from, _ Register) string { return instance(from.Clients[c].Letter.String(), c) },
		})
	}
	return m
}

// deliver has the message on behalf of client c received, if it is not ignored.
func (s *Register) deliver(c int) bool {
	client, other := &s.Clients[c], &s.Clients[1-c]
	asked, peer := &s.Servers[c], &s.Servers[1-c]
	reading := client.Returned == 1
	if reading {
		asked, peer = peer, asked
	}
	got := client.Carries
	client.Carries = Version{}
	switch client.Letter {
	case NoLetter:
		return false
	case Put, Get:
		if asked.Serves != 0 {
			return false
		}
		asked.Serves, asked.Had = uint8(c+1), asked.Has
		client.Letter = Query
	case Query:
		client.Letter, client.Carries = AckQuery, peer.Has
	case AckQuery:
		latest := asked.Had
		if got.newerThan(latest) {
			latest = got
		}
		if reading {
			asked.Reads = latest.Value
		} else {
			latest = Version{latest.Clock + 1, uint8(c), uint8(c + 1)}
		}
		asked.record(latest)
		asked.Had, asked.Recording = Version{}, true
		client.Letter, client.Carries = Record, latest
	case Record:
		peer.record(got)
		client.Letter = AckRecord
	case AckRecord:
		client.Letter, client.Carries.Value = PutOk, asked.Reads
		if reading {
			client.Letter = GetOk
		}
		asked.Serves, asked.Recording, asked.Reads = 0, false, 0
	case PutOk:
		client.Letter, client.Returned, client.Saw = Get, 1, other.Returned
	case GetOk:
		client.Letter, client.Returned, client.Read = NoLetter, 2, got.Value
	}
	return true
}

func (r *RegisterServer) record(v Version) {
	if v.newerThan(r.Has) {
		r.Has = v
	}
}

func (c *RegisterClient) chosen() bool { return c.Letter == GetOk && c.Carries.Value != 0 }

// linearizable reports whether the operations can be put in an order that
// explains what the clients have seen, if the first of them, as many per client
// as placed says, come first and leave value behind. An operation that has not
// returned may have taken effect or not.
func (s *Register) linearizable(placed [2]uint8, value uint8) bool {
	if placed[0] >= s.Clients[0].Returned && placed[1] >= s.Clients[1].Returned {
		return true
	}
	for c, client := range s.Clients {
		after := placed
		after[c]++
		switch placed[c] {
		case 0: // its put, which began before anything returned
			if s.linearizable(after, uint8(c+1)) {
				return true
			}
		case 1: // its get, of which nothing can be said before it has returned
			if client.Returned == 2 && client.Read == value && client.Saw <= placed[1-c] && s.linearizable(after, value) {
				return true
			}
		}
	}
	return false
}
