package manifest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Bounds on one input, that is one file or standard input.
const (
	maxInputBytes = 4 << 20
	maxDocuments  = 1000 // items of lists count as documents
)

// Stdin is the path that stands for standard input, as with kubectl.
const Stdin = "-"

// stdinName is what messages call standard input.
const stdinName = "<stdin>"

// A Cluster is what all inputs say together, each kind in their order.
type Cluster struct {
	ReplicaSets []ReplicaSet // at least one
	Budgets     []PodDisruptionBudget
	Nodes       []Node
}

// Load reads the manifests of all paths, in order. A path is a file, a pipe, a
// directory, of which it reads what [Expand] finds there and not below, or "-"
// for stdin, which may be nil when no path is "-".
//
// Objects of one kind have different names, and one of them at least is a
// ReplicaSet. At most 4 MiB, 1000 documents and 100 levels of nesting are read of one
// input. A pipe without a writer waits, as it does for cat. Load stops at the
// first fault by position, and every error it returns is an [*Error].
func Load(stdin io.Reader, paths ...string) (*Cluster, error) {
	if len(paths) == 0 {
		return nil, &Error{Text: `no manifest was named: name a file, or "-" for standard input`}
	}
	paths, err := Expand(false, paths...)
	if err != nil {
		return nil, err
	}
	l := loader{declared: make(map[string]string)}
	for _, path := range paths {
		if err := l.path(path, stdin); err != nil {
			return nil, err
		}
	}
	if len(l.cluster.ReplicaSets) == 0 {
		return nil, &Error{File: clip(strings.Join(l.inputs, ", "), maxFieldRunes), Text: "there is no ReplicaSet to check"}
	}
	return &l.cluster, nil
}

// A loader collects what all inputs declare.
type loader struct {
	cluster   Cluster
	declared  map[string]string // kind, namespace and name to the Source of an object
	inputs    []string          // seen so far, by name
	documents int               // seen in the present input
}

// path loads one path, which may be that of standard input.
func (l *loader) path(path string, stdin io.Reader) error {
	switch {
	case path != Stdin:
		return l.file(path)
	case slices.Contains(l.inputs, stdinName):
		return &Error{File: stdinName, Text: `is named twice: it can be read only once`}
	}
	return l.stream(stdinName, stdin)
}

// file loads the file at path, after a look at what it is: a device may never
// end, and a file of a gigabyte should not even be opened.
func (l *loader) file(path string) error {
	if strings.HasPrefix(path, "https://") || strings.HasPrefix(path, "http://") {
		return &Error{File: path, Text: `is a URL: fetch it first, and pipe it to "-f -"`}
	}
	info, err := os.Stat(path)
	if err != nil {
		return fileError(path, err)
	}
	switch mode := info.Mode(); {
	case mode.IsRegular() && info.Size() > maxInputBytes:
		return tooLarge(path)
	case !mode.IsRegular() && mode&fs.ModeNamedPipe == 0 && !isDescriptor(path):
		return &Error{File: path, Text: "is neither a file nor a pipe"}
	}
	f, err := os.Open(path)
	if err != nil {
		return fileError(path, err)
	}
	defer f.Close()
	return l.stream(path, f)
}

// stream loads one input. It reads at most one byte more than is allowed.
func (l *loader) stream(name string, r io.Reader) error {
	if r == nil {
		return &Error{File: name, Text: "is not open"}
	}
	data, err := io.ReadAll(io.LimitReader(r, maxInputBytes+1))
	if err != nil {
		return fileError(name, err)
	}
	if len(data) > maxInputBytes {
		return tooLarge(name)
	}
	documents, err := split(name, data)
	if err != nil {
		return err
	}
	l.inputs, l.documents = append(l.inputs, name), 0
	before := len(l.declared)
	for _, d := range documents {
		if err := l.document(d); err != nil {
			return err
		}
	}
	if len(l.declared) == before {
		return &Error{File: name, Text: "has no manifest in it"}
	}
	return nil
}

// isDescriptor reports whether path names a file that this process was started
// with, as process substitution does. It may be a terminal or a socket, which
// end; what does not end is bounded.
func isDescriptor(path string) bool {
	return path == "/dev/stdin" || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/self/fd/")
}

// fileError turns an error of package os into one that names the file once.
func fileError(name string, err error) *Error {
	text := err.Error()
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		text = pathErr.Err.Error()
	}
	if name == "" {
		name = `""`
	}
	return &Error{File: name, Text: text, Err: err}
}

func tooLarge(name string) *Error {
	return &Error{File: name, Text: fmt.Sprintf("is larger than %d MiB, too large for a manifest", maxInputBytes>>20)}
}
