package classic

import "github.com/reconverge/reconverge/check"

// queueLen is how many messages a channel of AlternatingBit holds.
const queueLen = 2

// A Queue is a channel that delivers in order but may lose what it holds.
type Queue struct {
	Len  uint8
	Msgs [queueLen]Message
}

// A Message is a datum and the bit it was sent with; an acknowledgement has no datum.
type Message struct{ Bit, Datum uint8 }

// put is what happens to a message: it is queued, or lost if the queue is full.
func (q Queue) put(m Message) Queue {
	if q.Len < queueLen {
		q.Msgs[q.Len] = m
		q.Len++
	}
	return q
}

// without returns the queue with message i taken out.
func (q Queue) without(i int) Queue {
	copy(q.Msgs[i:], q.Msgs[i+1:])
	q.Len--
	q.Msgs[q.Len] = Message{}
	return q
}

// Link is a state of the alternating bit protocol.
type Link struct {
	Messages, Acks Queue
	SendBit        uint8 // of the datum being sent
	AckBit         uint8 // last acknowledged
	RecvBit        uint8 // last received
	Sent, Received uint8
}

// AlternatingBit transmits one of two data at a time over channels that lose
// messages. It has the counts of MCAlternatingBit.tla (Lamport, "Specifying
// Systems") with channels of two messages: what would overflow a channel is a
// step that changes nothing here, and one out of the constraint there.
//
// receiving is the fairness of what a lossy channel can disable again and again.
func AlternatingBit(receiving check.Fairness) *check.Model[Link] {
	m := &check.Model[Link]{Name: "alternating bit"}
	for i := range uint8(8) {
		bit := i & 1
		m.Init = append(m.Init, Link{SendBit: bit, AckBit: bit, RecvBit: bit, Sent: i >> 1 & 1, Received: i >> 2})
	}
	add := func(name string, fair check.Fairness, next func(dst []Link, s Link) []Link) {
		m.Actions = append(m.Actions, check.Action[Link]{Name: name, Fair: fair, Next: next})
	}
	add("SendNew", check.Unfair, func(dst []Link, s Link) []Link {
		if s.AckBit != s.SendBit {
			return dst
		}
		for datum := range uint8(2) {
			t := s
			t.SendBit, t.Sent = 1-s.SendBit, datum
			t.Messages = s.Messages.put(Message{t.SendBit, datum})
			if s.Messages.Len == queueLen {
				t = s
			}
			dst = append(dst, t)
		}
		return dst
	})
	add("SendAgain", check.Weak, func(dst []Link, s Link) []Link {
		if s.AckBit == s.SendBit {
			return dst
		}
		s.Messages = s.Messages.put(Message{s.SendBit, s.Sent})
		return append(dst, s)
	})
	add("Receive", receiving, func(dst []Link, s Link) []Link {
		if s.Messages.Len == 0 {
			return dst
		}
		s.RecvBit, s.Received = s.Messages.Msgs[0].Bit, s.Messages.Msgs[0].Datum
		s.Messages = s.Messages.without(0)
		return append(dst, s)
	})
	add("SendAck", check.Weak, func(dst []Link, s Link) []Link {
		s.Acks = s.Acks.put(Message{Bit: s.RecvBit})
		return append(dst, s)
	})
	add("ReceiveAck", receiving, func(dst []Link, s Link) []Link {
		if s.Acks.Len == 0 {
			return dst
		}
		s.AckBit = s.Acks.Msgs[0].Bit
		s.Acks = s.Acks.without(0)
		return append(dst, s)
	})
	add("Lose", check.Unfair, func(dst []Link, s Link) []Link {
		for i := range int(s.Messages.Len) {
			t := s
			t.Messages = s.Messages.without(i)
			dst = append(dst, t)
		}
		for i := range int(s.Acks.Len) {
			t := s
			t.Acks = s.Acks.without(i)
			dst = append(dst, t)
		}
		return dst
	})
	for datum := range uint8(2) {
		m.Properties = append(m.Properties, check.LeadsTo(instance("delivered", int(datum)),
			func(s Link) bool { return s.Sent == datum && s.SendBit != s.AckBit },
			func(s Link) bool { return s.Received == datum }))
	}
	return m
}
