package checktest

import "github.com/reconverge/reconverge/check"

// An Option changes what Holds does.
type Option interface{ set(*settings) }

type settings struct {
	run     check.Options
	vacuous []string
}

type optionFunc func(*settings)

func (f optionFunc) set(s *settings) { f(s) }

// Options runs the model with o, say under symmetry. A bound in o that is
// reached makes the test fail.
func Options(o check.Options) Option {
	return optionFunc(func(s *settings) { s.run = o })
}

// Vacuous expects that these properties hold because they never have anything to
// say in this model, as one about crashes in a table's row without crashes. It
// is an expectation like any other: the test fails if one of them has something
// to say after all.
func Vacuous(properties ...string) Option {
	return optionFunc(func(s *settings) { s.vacuous = append(s.vacuous, properties...) })
}
