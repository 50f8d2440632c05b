package classic

import "github.com/reconverge/reconverge/check"

// Clock is an hour hand, the time, and the time since the hand last moved.
type Clock struct{ Hour, Now, Since uint8 }

// RealTimeHourClock is an hour clock beside a time that ends: from then on the
// hand may stand still for ever. It has the counts of MCRealTimeHourClock.tla
// (Lamport, "Specifying Systems") with five seconds of time, hours of two and a
// tolerance of one; no other constants up to 12 give these counts. As there, to
// do nothing is a step too.
func RealTimeHourClock() *check.Model[Clock] {
	const lastSecond, hour, tolerance = 5, 2, 1
	m := &check.Model[Clock]{Name: "real-time hour clock"}
	for h := range uint8(12) {
		for now := range uint8(lastSecond + 1) {
			m.Init = append(m.Init, Clock{h, now, 0})
		}
		m.Properties = append(m.Properties, check.AlwaysEventually(instance("strikes", int(h)),
			func(s Clock) bool { return s.Hour == h }))
	}
	m.Actions = []check.Action[Clock]{
		{Name: "Tick", Fair: check.Weak, Next: func(dst []Clock, s Clock) []Clock {
			for now := s.Now + 1; now <= lastSecond; now++ {
				if since := s.Since + now - s.Now; since <= hour+tolerance {
					dst = append(dst, Clock{s.Hour, now, since})
				}
			}
			return dst
		}},
		{Name: "Strike", Fair: check.Weak, Next: func(dst []Clock, s Clock) []Clock {
			if s.Since+tolerance < hour {
				return dst
			}
			return append(dst, Clock{(s.Hour + 1) % 12, s.Now, 0})
		}},
		{Name: "Rest", Next: func(dst []Clock, s Clock) []Clock { return append(dst, s) }},
	}
	return m
}
