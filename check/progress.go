package check

import "time"

// A milestone is where a search was when it last reported.
type milestone struct {
	at       time.Time
	explored uint64
}

func (s *search[S, K]) progress() {
	if s.o.Progress == nil {
		return
	}
	now := time.Now()
	since := now.Sub(s.last.at)
	if since < time.Second {
		return
	}
	stats := s.stats
	stats.Elapsed = now.Sub(s.start)
	if stats.Phase == "search" {
		stats.Rate = float64(stats.Explored-s.last.explored) / since.Seconds()
		stats.Remaining = stats.remaining()
	}
	s.last = milestone{now, stats.Explored}
	s.o.Progress(stats)
}

// remaining guesses how long the search will go on. There is no telling while
// levels grow. Once three in a row have shrunk, they are taken to go on
// shrinking by the last ratio: too slowly, as a rule, so the guess errs on the
// long side.
func (s *Stats) remaining() time.Duration {
	n := len(s.Levels)
	if n < 4 || s.Rate == 0 {
		return 0
	}
	for i := n - 3; i < n; i++ {
		if s.Levels[i] >= s.Levels[i-1] {
			return 0
		}
	}
	ratio := float64(s.Levels[n-1]) / float64(s.Levels[n-2])
	found := uint64(0)
	for _, width := range s.Levels {
		found += width
	}
	states := float64(found) - float64(s.Explored) + float64(s.Levels[n-1])*ratio/(1-ratio)
	return time.Duration(max(0, states) / s.Rate * float64(time.Second))
}
