package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/reconverge/reconverge"

// A rule says what one tree of packages may depend on, directly or through
// others. The tree "check" is the package check and all packages below it.
// A tree without a rule, such as cmd, may depend on anything but heavy modules.
type rule struct {
	tree   string
	except []string // trees in it that have rules of their own
	ours   []string // trees of this module it may reach, besides itself
	libs   []string // trees of other modules; nil: any. The standard library is always free
}

// controllers is the tree of the example for authors of controllers.
const controllers = "examples/mycontroller"

// rules is the picture in docs/adr/0001-import-direction.md. check and impl are
// leaves: neither the engine nor the evidence may know the claim.
var rules = []rule{
	{tree: "check", libs: []string{"golang.org/x"}},
	{tree: "model", ours: []string{"check"}},
	{tree: "impl", except: meeting},
	{tree: "traces", ours: []string{"check", "model", "impl"}},
	{tree: "review", ours: []string{"check", "model", "traces", "impl"}}, // impl by way of traces
	// Examples are there to be copied: they show the engine and need nothing else, or
	// they show how a controller is tested.
	{tree: "examples", except: []string{controllers}, ours: []string{"check"}, libs: []string{"golang.org/x"}},
	{tree: controllers, ours: []string{"impl"}},
}

// nested is the tree of the nested module. As a part of impl it keeps impl's rule,
// but it is there for what is too heavy for the root: whoever imports check must not
// download a control plane.
const nested = "impl/upstream"

// meeting are trees of the nested module where claim and evidence meet, as in traces,
// over Kubernetes' own controllers: nothing imports them.
var meeting = []string{nested + "/cmd", nested + "/conform"}

// heavy modules belong to the nested module.
var heavy = []string{"k8s.io/kubernetes", "go.etcd.io/etcd/server"}

// A graph maps each package outside the standard library to its direct imports.
type graph map[string][]string

func TestImportDirection(t *testing.T) {
	// go list is another process, so go test's cache does not see what it reads.
	// Reading the tree here makes a cached pass end with the next edit.
	readRepository(t)

	for _, tt := range []struct {
		name  string
		flags []string
		rules []rule
	}{
		{"packages", nil, rules},
		// Tests keep the direction.
		{"tests", []string{"-test"}, forTests(rules)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := goList(t, root, tt.flags...)
			maps.Copy(g, goList(t, filepath.Join(root, nested), tt.flags...))
			for _, p := range []string{"check", nested + "/etcdstore"} {
				if _, ok := g[module+"/"+p]; !ok {
					t.Fatalf("%s/%s is not in the import graph: the rules would hold of nothing", module, p)
				}
			}
			for _, v := range violations(g, tt.rules) {
				t.Error(v)
			}
		})
	}
}

func TestRootModuleIsLight(t *testing.T) {
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(failure(cmd, err))
	}
	var file struct {
		Module  struct{ Path string }
		Require []struct{ Path string }
	}
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	if file.Module.Path != module {
		t.Fatalf("go.mod is module %q, the rules are about %q", file.Module.Path, module)
	}
	for _, r := range file.Require {
		if isHeavy(r.Path) {
			t.Errorf("go.mod requires %s, which belongs to %s", r.Path, nested)
		}
	}
}

// A rule that cannot fail is no rule: plant each violation and see it found.
func TestViolations(t *testing.T) {
	m := func(p string) string { return module + "/" + p }
	for _, tt := range []struct {
		name string
		g    graph
		want []string
	}{
		{"the intended direction", graph{
			m("cmd/verify"):               {m("traces"), "github.com/spf13/cobra"},
			m("traces"):                   {m("model"), m("impl/sim"), m("check")},
			m("model"):                    {m("check"), m("model/manifest"), "fmt"},
			m("model/manifest"):           {"sigs.k8s.io/yaml"},
			m("impl/sim"):                 {m("impl"), "k8s.io/client-go/kubernetes"},
			m("impl"):                     {"k8s.io/api/core/v1"},
			m("check"):                    {"golang.org/x/sync/errgroup", m("check/internal/pack")},
			m("check/internal/pack"):      {"math/bits"},
			"golang.org/x/sync/errgroup":  {"sync"},
			"github.com/spf13/cobra":      {},
			"sigs.k8s.io/yaml":            {},
			"k8s.io/api/core/v1":          {},
			"k8s.io/client-go/kubernetes": {"k8s.io/api/core/v1"},
		}, nil},
		{"names that only begin alike", graph{
			m("modelling"): {m("impl")},
			m("impl"):      {},
		}, nil},
		{"the engine knows the protocol", graph{
			m("check"): {m("model")},
			m("model"): {},
		}, []string{"check -> model: check may not depend on model"}},
		{"the engine uses a library", graph{
			m("check"):        {"golang.org/xtra"},
			"golang.org/xtra": {},
		}, []string{"check -> golang.org/xtra: check may not depend on golang.org/xtra"}},
		{"the claim uses the evidence", graph{
			m("model"):    {m("impl/sim")},
			m("impl/sim"): {},
		}, []string{"model -> impl/sim: model may not depend on impl/sim"}},
		{"the evidence uses the claim, through others", graph{
			m("impl/controller"): {m("internal/util")},
			m("internal/util"):   {"example.com/lib"},
			"example.com/lib":    {m("model")},
			m("model"):           {},
		}, []string{"impl/controller -> internal/util: impl may not depend on internal/util"}},
		{"a library leads back", graph{
			m("impl"):         {"example.com/lib"},
			"example.com/lib": {m("model")},
			m("model"):        {},
		}, []string{"impl -> example.com/lib -> model: impl may not depend on model"}},
		{"traces use the command line", graph{
			m("traces"):     {m("cmd/verify")},
			m("cmd/verify"): {},
		}, []string{"traces -> cmd/verify: traces may not depend on cmd/verify"}},
		{"the model uses its own documentation", graph{
			m("model"):  {m("review")},
			m("review"): {m("traces")},
			m("traces"): {m("check")},
			m("check"):  {},
		}, []string{"model -> review: model may not depend on review"}},
		{"an example that cannot be copied alone", graph{
			m("examples/lease"):    {m("check"), m("internal/classic")},
			m("check"):             {},
			m("internal/classic"):  {m("check")},
			m("examples/election"): {"example.com/lib"},
			"example.com/lib":      {},
		}, []string{
			"examples/election -> example.com/lib: examples may not depend on example.com/lib",
			"examples/lease -> internal/classic: examples may not depend on internal/classic",
		}},
		{"an example of a tested controller", graph{
			m("examples/mycontroller"):       {m("impl/sim"), "sigs.k8s.io/controller-runtime"},
			m("examples/lease"):              {m("impl/sim")},
			m("impl/sim"):                    {"pgregory.net/rapid"},
			"pgregory.net/rapid":             {},
			"sigs.k8s.io/controller-runtime": {},
		}, []string{"examples/lease -> impl/sim: examples may not depend on impl/sim"}},
		{"a tested controller that knows the claim", graph{
			m("examples/mycontroller"): {m("model")},
			m("model"):                 {},
		}, []string{"examples/mycontroller -> model: examples/mycontroller may not depend on model"}},
		{"a control plane in the root module", graph{
			m("cmd/verify"):                    {"k8s.io/kubernetes/pkg/controller"},
			"k8s.io/kubernetes/pkg/controller": {},
		}, []string{"cmd/verify -> k8s.io/kubernetes/pkg/controller: heavy, belongs to impl/upstream"}},
		{"a control plane in the nested module", graph{
			m("impl/upstream/etcdstore"):      {m("impl/apiserver/store"), "go.etcd.io/etcd/server/v3/embed"},
			m("impl/apiserver/store"):         {},
			"go.etcd.io/etcd/server/v3/embed": {},
		}, nil},
		{"the nested module uses the claim", graph{
			m("impl/upstream/etcdstore"): {m("model")},
			m("model"):                   {},
		}, []string{"impl/upstream/etcdstore -> model: impl may not depend on model"}},
		{"claim and evidence meet over Kubernetes' own controllers", graph{
			m("impl/upstream/conform"): {m("traces/conform"), m("impl/upstream")},
			m("impl/upstream"):         {m("impl/upstream/cmd/x")},
			m("impl/upstream/cmd/x"):   {m("model")},
			m("traces/conform"):        {m("model")},
			m("model"):                 {},
		}, []string{"impl/upstream -> impl/upstream/cmd/x -> model: impl may not depend on model"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := violations(tt.g, rules); !slices.Equal(got, tt.want) {
				t.Errorf("violations:\n got %q\nwant %q", got, tt.want)
			}
		})
	}
	// What a library may not do in check, it may do in check's tests.
	g := graph{m("check"): {"pgregory.net/rapid"}, "pgregory.net/rapid": {}}
	if got := violations(g, forTests(rules)); got != nil {
		t.Errorf("a library in a test: got %q, want none", got)
	}
}

// violations lists, for each package of this module, the shortest chain of
// imports to something that it may not depend on.
func violations(g graph, rules []rule) []string {
	var found []string
	report := func(chain []string, why string) {
		if chain != nil {
			found = append(found, local(strings.Join(chain, " -> "))+": "+why)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(g)) {
		if !within(p, module) {
			continue
		}
		if !within(p, module+"/"+nested) {
			report(g.chain(p, isHeavy), "heavy, belongs to "+nested)
		}
		for _, r := range rules {
			if !within(p, module+"/"+r.tree) || slices.ContainsFunc(r.except, func(tree string) bool { return within(p, module+"/"+tree) }) {
				continue
			}
			if chain := g.chain(p, r.forbids); chain != nil {
				report(chain, r.tree+" may not depend on "+local(chain[len(chain)-1]))
			}
		}
	}
	return found
}

func (r rule) forbids(p string) bool {
	if !within(p, module) {
		return r.libs != nil && !slices.ContainsFunc(r.libs, func(lib string) bool { return within(p, lib) })
	}
	return !within(p, module+"/"+r.tree) &&
		!slices.ContainsFunc(r.ours, func(tree string) bool { return within(p, module+"/"+tree) })
}

// forTests loosens the rules: any library, and the systems that only serve as
// oracles and loads.
func forTests(rules []rule) []rule {
	free := slices.Clone(rules)
	for i := range free {
		free[i].libs = nil
		free[i].ours = append(slices.Clone(free[i].ours), "internal/classic")
	}
	return free
}

func isHeavy(p string) bool {
	return slices.ContainsFunc(heavy, func(h string) bool { return within(p, h) })
}

// within reports whether the path p is tree or below it.
func within(p, tree string) bool { return p == tree || strings.HasPrefix(p, tree+"/") }

func local(s string) string { return strings.ReplaceAll(s, module+"/", "") }

// chain returns the shortest chain of imports from p to a package that stop
// accepts, or nil. Imports that g does not map are the standard library's.
func (g graph) chain(p string, stop func(string) bool) []string {
	from := map[string]string{p: ""}
	for queue := []string{p}; len(queue) > 0; queue = queue[1:] {
		for _, q := range g[queue[0]] {
			_, seen := from[q]
			_, known := g[q]
			if seen || !known {
				continue
			}
			from[q] = queue[0]
			if stop(q) {
				var chain []string
				for ; q != ""; q = from[q] {
					chain = append(chain, q)
				}
				slices.Reverse(chain)
				return chain
			}
			queue = append(queue, q)
		}
	}
	return nil
}

// goList returns the import graph of the packages of the module in dir, as built
// for this platform without extra tags.
func goList(t *testing.T, dir string, flags ...string) graph {
	t.Helper()
	args := append([]string{"list", "-deps", "-json=ImportPath,Standard,Imports"}, flags...)
	cmd := exec.Command("go", append(args, "./...")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off") // the module alone, as its users get it
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(failure(cmd, err))
	}

	g := graph{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Standard   bool
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return g
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Standard {
			continue
		}
		path := plain(p.ImportPath)
		g[path] = append(g[path], plainAll(p.Imports)...)
	}
}

// plain undoes what go list -test adds to an import path: "p [p.test]" and
// "p_test [p.test]" are both p, and so is the command "p.test": a package and its
// tests are one node.
func plain(path string) string {
	path, _, isTest := strings.Cut(path, " ")
	path = strings.TrimSuffix(path, ".test")
	if isTest {
		path = strings.TrimSuffix(path, "_test")
	}
	return path
}

func plainAll(paths []string) []string {
	for i, p := range paths {
		paths[i] = plain(p)
	}
	return paths
}

func failure(cmd *exec.Cmd, err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return cmd.String() + ": " + err.Error() + "\n" + string(exit.Stderr)
	}
	return cmd.String() + ": " + err.Error()
}
