package buchi

import (
	"fmt"
	"strings"
)

// A Formula is true or false of an infinite word. It is immutable, and may
// share parts with other formulas. Make one with Atom or Op.Of; the zero
// Formula is false.
type Formula struct{ node *node }

type node struct {
	op   Op
	atom int
	args []Formula
}

// Op is an operator.
type Op uint8

// The operators, with the number of formulas that each takes.
const (
	False      Op = iota // 0
	True                 // 0
	Not                  // 1
	And                  // any number; of none it is true
	Or                   // any number; of none it is false
	Implies              // 2
	Iff                  // 2
	Eventually           // 1
	Always               // 1
	Until                // 2: the second holds now or later, and the first until then
	WeakUntil            // 2: the first holds until the second does, which may be never
	Release              // 2: the second holds up to and with the first's turn, which may never come
	atom                 // 0
)

const anyNumber = -1

var operators = [...]struct {
	text  string
	arity int
}{
	False: {"false", 0}, True: {"true", 0}, Not: {"!", 1}, And: {"&&", anyNumber}, Or: {"||", anyNumber},
	Implies: {"->", 2}, Iff: {"<->", 2}, Eventually: {"<>", 1}, Always: {"[]", 1},
	Until: {"U", 2}, WeakUntil: {"W", 2}, Release: {"R", 2}, atom: {"atom", 0},
}

func (op Op) String() string { return operators[op].text }

// Atom is true of a word if bit i of its first letter is set. Translate refuses
// atoms beyond 63.
func Atom(i int) Formula { return Formula{&node{op: atom, atom: i}} }

// Of applies an operator. It panics if the operator does not take so many.
func (op Op) Of(args ...Formula) Formula {
	switch n := operators[op].arity; {
	case op == atom:
		panic("buchi: use Atom")
	case n != anyNumber && n != len(args):
		panic(fmt.Sprintf("buchi: %v takes %d formulas, not %d", op, n, len(args)))
	case n != anyNumber:
	case len(args) == 1:
		return args[0]
	case len(args) == 0 && op == And:
		op = True
	case len(args) == 0:
		op = False
	}
	return Formula{&node{op: op, args: args}}
}

func (f Formula) op() Op {
	if f.node == nil {
		return False
	}
	return f.node.op
}

// Trigger returns the atom p of a formula [](p -> f).
func (f Formula) Trigger() (p int, ok bool) {
	if f.op() != Always || f.node.args[0].op() != Implies {
		return 0, false
	}
	left := f.node.args[0].node.args[0]
	if left.op() != atom {
		return 0, false
	}
	return left.node.atom, true
}

// String names the atoms p0, p1 and so on.
func (f Formula) String() string {
	return f.Text(func(i int) string { return fmt.Sprintf("p%d", i) })
}

// maxText is about the longest text of a formula, in bytes: shared parts can
// make it very long.
const maxText = 4096

// Text writes a formula as Spin does: "[](waiting -> <>critical)". Names that
// could be read as more than a name are quoted. What is too long for anybody to
// read ends in "...".
func (f Formula) Text(name func(atom int) string) string {
	var b strings.Builder
	f.write(&b, name)
	if b.Len() > maxText {
		return strings.ToValidUTF8(b.String()[:maxText], "") + "..."
	}
	return b.String()
}

func (f Formula) write(b *strings.Builder, name func(int) string) {
	op := f.op()
	switch {
	case b.Len() > maxText:
	case op == atom:
		b.WriteString(quoted(name(f.node.atom)))
	case operators[op].arity == 0:
		b.WriteString(op.String())
	case operators[op].arity == 1:
		b.WriteString(op.String())
		f.node.args[0].operand(b, name)
	default:
		for i, g := range f.node.args {
			if i > 0 && b.Len() <= maxText {
				b.WriteString(" " + op.String() + " ")
			}
			g.operand(b, name)
		}
	}
}

// operand writes f as part of a larger formula. Nobody need know which of two
// operators binds tighter.
func (f Formula) operand(b *strings.Builder, name func(int) string) {
	if n := operators[f.op()].arity; n == 0 || n == 1 {
		f.write(b, name)
		return
	}
	if b.Len() <= maxText {
		b.WriteByte('(')
		f.write(b, name)
		b.WriteByte(')')
	}
}

func quoted(name string) string {
	plain := name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || strings.ContainsRune("!&|<>[]\"", r) })
	for op, o := range operators {
		plain = plain && (name != o.text || Op(op) == atom)
	}
	if plain {
		return name
	}
	return fmt.Sprintf("%q", name)
}
