package model

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

// A program is what Documentation reads of the source.
type program struct {
	functions  map[string]*function // plain ones, and methods of system
	intros     map[string]Comment   // by file
	names      []string             // of the registrations, in order
	registered map[string]*registration
}

type function struct{ name, file, comment string }

// A registration is a name of an action with its function beside it.
type registration struct {
	*function
	again string // another function that has the name too; "" if there is none
}

// parse reads all files but tests.
func parse(source fs.FS) (*program, error) {
	names, err := fs.Glob(source, "*.go")
	if err != nil {
		return nil, err
	}
	p := &program{functions: map[string]*function{}, intros: map[string]Comment{}, registered: map[string]*registration{}}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(source, name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.intros[name] = parseComment(intro(file))
		p.declare(name, file)
		files = append(files, file)
	}
	for _, file := range files {
		ast.Inspect(file, p.register)
	}
	return p, nil
}

// intro is what a file says before its first declaration.
func intro(file *ast.File) (text string) {
	end := file.FileEnd
	for _, decl := range file.Decls {
		if g, ok := decl.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			continue
		}
		end = start(decl)
		break
	}
	for _, c := range file.Comments {
		if c.Pos() > file.Name.End() && c.Pos() < end {
			text = join(text, "\n\n", c.Text())
		}
	}
	return text
}

// start is where a declaration begins, its comment included.
func start(decl ast.Decl) token.Pos {
	var doc *ast.CommentGroup
	switch d := decl.(type) {
	case *ast.FuncDecl:
		doc = d.Doc
	case *ast.GenDecl:
		doc = d.Doc
	}
	if doc != nil {
		return doc.Pos()
	}
	return decl.Pos()
}

// declare notes the functions that an action can have.
func (p *program) declare(file string, parsed *ast.File) {
	for _, decl := range parsed.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Recv != nil && !isSystem(f.Recv.List[0].Type) {
			continue
		}
		p.functions[f.Name.Name] = &function{f.Name.Name, file, f.Doc.Text()}
	}
}

func isSystem(receiver ast.Expr) bool {
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	id, ok := receiver.(*ast.Ident)
	return ok && id.Name == "system"
}

// register notes an action whose name and function stand in one list, of
// arguments or of elements: fair("Tick", y.tick, nil).
func (p *program) register(n ast.Node) bool {
	var list []ast.Expr
	switch n := n.(type) {
	case *ast.CallExpr:
		list = n.Args
	case *ast.CompositeLit:
		list = n.Elts
	}
	name := ""
	for _, e := range list {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		if name == "" {
			name = actionName(e)
		} else if f := p.reference(e); f != nil {
			p.add(name, f)
			break
		}
	}
	return true
}

var actionNames = regexp.MustCompile(`^[A-Z]\w*(\.[A-Z]\w*)?$`)

// actionName is the value of a literal that could name an action; "" of others.
func actionName(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	name, err := strconv.Unquote(lit.Value)
	if err != nil || !actionNames.MatchString(name) {
		return ""
	}
	return name
}

// reference is the function that an expression names without calling it, or
// passes on: y.tick, y.perNode(y.tick); nil if there is none.
func (p *program) reference(e ast.Expr) *function {
	switch e := e.(type) {
	case *ast.Ident:
		return p.functions[e.Name]
	case *ast.SelectorExpr:
		return p.functions[e.Sel.Name]
	case *ast.CallExpr:
		for _, arg := range e.Args {
			if f := p.reference(arg); f != nil {
				return f
			}
		}
	}
	return nil
}

func (p *program) add(name string, f *function) {
	before, ok := p.registered[name]
	switch {
	case !ok:
		p.registered[name] = &registration{function: f}
		p.names = append(p.names, name)
	case before.function != f:
		before.again = f.name
	}
}
