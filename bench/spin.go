package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A pan is a way to compile and to run the verifier that Spin generates.
type pan struct {
	name  string
	flags []string // of gcc, besides panFlags
	cores int      // that search in parallel; 0: depth first, which is sequential
	exact bool     // it keeps whole states
}

// panFlags make every pan do the work that check does, no more, and as fast as
// pan can: none of what was tried on our systems was faster by processor time.
//
//	-O3              -O2 and -march=native make no difference
//	-DSAFETY         no liveness; it leaves nothing to -DNOFAIR and -DNOCLAIM
//	-DNOREDUCE       no partial-order reduction, which would visit fewer states
//	-DNOBOUNDCHECK   no checks of array indices; no difference here
//
// No -DMEMLIM, -DCOLLAPSE or -DMA: they save memory and cost time. The hash
// function is the fast one (once -DSFH) by default.
var panFlags = []string{"-O3", "-w", "-DSAFETY", "-DNOREDUCE", "-DNOBOUNDCHECK"}

// slotBytes is the least multiple of 8 that holds a state of each Promela model.
// pan does not notice a state that is longer than its slot, but parse does.
const slotBytes = 48

var pans = []pan{
	// -DNO_RESIZE: no hash in every state, which only a table that grows needs.
	// -DNOCOMP: the few constant bytes of a state are stored rather than removed.
	// Each saves about a tenth of the time.
	{"Spin DFS", []string{"-DNO_RESIZE", "-DNOCOMP"}, 0, true},
	// Unless told -DNO_HC, the parallel search keeps 95 bits of hash for a state
	// (31 in the table, 64 beside it) and takes states with equal hashes for one.
	// Without them each slot of the table has room for a whole state: a quarter
	// of VECTORSZ, which by default is 256 bytes to be touched.
	{"Spin BFS_PAR, exact", []string{"-DBFS_PAR", "-DVECTORSZ=" + strconv.Itoa(4*slotBytes), "-DNO_HC"}, 2, true},
	{"Spin BFS_PAR, hashes", []string{"-DBFS_PAR", "-DVECTORSZ=" + strconv.Itoa(4*slotBytes)}, 2, false},
}

// args are the arguments of p for one system. Its hash table has the final size
// from the start. Depth first it is one of chains, which wants twice the slots;
// the stack is no deeper than it must be, because pan fills it with zeros.
func (p pan) args(s promela) []string {
	if p.cores > 0 {
		return []string{"-w" + strconv.Itoa(s.slots), "-u" + strconv.Itoa(p.cores)}
	}
	return []string{"-w" + strconv.Itoa(s.slots+1), "-m" + strconv.Itoa(s.depth)}
}

// compile makes p for a system in a directory of its own: pan finds its shared
// memory by a key of the directory that it runs in.
func (p pan) compile(ctx context.Context, dir string, s system) (program string, err error) {
	dir, err = os.MkdirTemp(dir, s.name)
	if err != nil {
		return "", err
	}
	source := s.name + ".pml"
	text, err := sources.ReadFile(source)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, source), text, 0o600); err != nil {
		return "", err
	}
	for _, argv := range [][]string{
		{"spin", "-a", source},
		slices.Concat([]string{"gcc"}, panFlags, p.flags, []string{"-o", "pan", "pan.c"}),
	} {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Dir = dir
		text, err := cmd.CombinedOutput()
		switch {
		case ctx.Err() != nil:
			return "", errInterrupted
		case errors.Is(err, exec.ErrNotFound):
			return "", fmt.Errorf("the race needs spin and gcc: %w", err)
		case err != nil:
			return "", fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, lastLine(text))
		}
	}
	return filepath.Join(dir, "pan"), nil
}

var (
	panStates      = regexp.MustCompile(`(?m)^\s*(\S+) states, stored`)
	panTransitions = regexp.MustCompile(`(?m)^\s*(\S+) transitions \(= `)
	panErrors      = regexp.MustCompile(`depth reached \d+, errors: (\d+)`)
	// pan breaks its memory down only where it believes to have compressed states.
	panMemory = regexp.MustCompile(`(?m)^\s*(\S+)\s+(?:total (?:actual|shared) memory usage|memory usage \(Mbyte\))`)
	panVector = regexp.MustCompile(`State-vector (\d+) byte`)
	panCores  = regexp.MustCompile(`Multi-Core \(using (\d+) cores\)`)
	// panCuts are the ways in which pan says that it did not see everything. It
	// says them in passing, and exits with status 0.
	panCuts = regexp.MustCompile(`(?m)^.*(?:max search depth too small|Search (?:not completed|incomplete)|states lost|` +
		`losing states|hash table is full|out of (?:\S+ )?memory|reached -DMEMLIM bound|Interrupted|assertion violated).*$`)
)

// parse reads what p printed. It refuses a search that was cut short, or was of
// another kind than p says.
func (p pan) parse(text []byte) (found, error) {
	if cut := panCuts.Find(text); cut != nil {
		return found{}, fmt.Errorf("%s did not explore everything: %s", p.name, strings.TrimSpace(string(cut)))
	}
	match := func(pattern *regexp.Regexp) string {
		if m := pattern.FindSubmatch(text); m != nil {
			return string(m[1])
		}
		return ""
	}
	if n := match(panErrors); n == "" {
		return found{}, fmt.Errorf("%s printed no result: %s", p.name, lastLine(text))
	} else if n != "0" {
		return found{}, fmt.Errorf("%s found %s errors", p.name, n)
	}
	if exact := strings.Contains(string(text), "Full statespace search for"); exact != p.exact {
		return found{}, fmt.Errorf("%s stored whole states: got %t, want %t", p.name, exact, p.exact)
	}
	if n := match(panCores); p.cores > 0 && n != strconv.Itoa(p.cores) {
		return found{}, fmt.Errorf("%s used %q cores, want %d", p.name, n, p.cores)
	}
	if n, err := strconv.Atoi(match(panVector)); err != nil || n > slotBytes {
		return found{}, fmt.Errorf("%s has states of %d bytes, want at most %d", p.name, n, slotBytes)
	}
	states, err := strconv.ParseUint(match(panStates), 10, 64)
	if err != nil {
		// From 10^8 on, pan rounds to eight digits: 1.0340352e+08.
		return found{}, fmt.Errorf("%s printed no exact count of states: %w", p.name, err)
	}
	transitions, err := strconv.ParseFloat(match(panTransitions), 64)
	if err != nil {
		return found{}, fmt.Errorf("%s printed no count of transitions: %w", p.name, err)
	}
	megabytes, err := strconv.ParseFloat(match(panMemory), 64)
	if err != nil {
		return found{}, fmt.Errorf("%s printed no memory usage: %w", p.name, err)
	}
	return found{States: states, Transitions: uint64(transitions), Bytes: int64(megabytes * (1 << 20))}, nil
}

// lastLine is what a program that failed said about it.
func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(line)
}
