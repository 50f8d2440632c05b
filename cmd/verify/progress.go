package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/reconverge/reconverge/check"
)

// A progress shows how far a search is: one line that is written over on a
// terminal, one JSON object a line elsewhere.
type progress struct {
	w          io.Writer
	terminal   bool
	title      string
	properties int
	width      int // of the line on the terminal now
}

func newProgress(w io.Writer, title string, properties int) *progress {
	p := &progress{w: w, title: title, properties: properties}
	if f, ok := w.(*os.File); ok {
		p.terminal = term.IsTerminal(int(f.Fd()))
	}
	return p
}

// A progressLine is progress for programs. The size of a state space is not
// known before it has been explored, so the estimate is "unknown" until the
// levels of the search shrink, and rough from then on.
type progressLine struct {
	Kind            string  `json:"kind"`
	Subject         string  `json:"subject"`
	Phase           string  `json:"phase"`
	States          uint64  `json:"states"`
	StatesPerSecond uint64  `json:"statesPerSecond"`
	Queue           uint64  `json:"queue"`
	Depth           int     `json:"depth"`
	MemoryBytes     int64   `json:"memoryBytes"` // of states and edges
	Properties      int     `json:"properties"`
	ElapsedSeconds  float64 `json:"elapsedSeconds"`
	ETA             string  `json:"eta"`
}

// show is called about once a second.
func (p *progress) show(s check.Stats) {
	line := progressLine{
		Kind: "Progress", Subject: p.title, Phase: s.Phase, States: s.Distinct, StatesPerSecond: rate(s.Distinct, s.Elapsed.Seconds()),
		Queue: s.Queue, Depth: s.Depth, MemoryBytes: s.StoredBytes, Properties: p.properties,
		ElapsedSeconds: s.Elapsed.Seconds(), ETA: eta(s.Remaining),
	}
	if !p.terminal {
		text, err := json.Marshal(line)
		if err == nil {
			fmt.Fprintf(p.w, "%s\n", text)
		}
		return
	}
	text := fmt.Sprintf("%s: %s states, %s/s, queue %s, depth %d, %s, %s, ETA %s", line.Phase,
		thousands(line.States), thousands(line.StatesPerSecond), thousands(line.Queue), line.Depth,
		bytesInWords(line.MemoryBytes), count(p.properties, "property"), line.ETA)
	p.overwrite(text)
}

func eta(remaining time.Duration) string {
	if remaining == 0 {
		return "unknown"
	}
	return "about " + max(remaining.Round(time.Second), time.Second).String()
}

// clear leaves an empty line for the report.
func (p *progress) clear() {
	if p.width > 0 {
		p.overwrite("")
		fmt.Fprint(p.w, "\r")
	}
}

func (p *progress) overwrite(text string) {
	fmt.Fprintf(p.w, "\r%s%s", text, strings.Repeat(" ", max(0, p.width-len(text))))
	p.width = len(text)
}

func rate(n uint64, seconds float64) uint64 {
	if seconds <= 0 {
		return 0
	}
	return uint64(float64(n) / seconds)
}
