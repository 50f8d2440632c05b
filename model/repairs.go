package model

import "slices"

// A Repair is a change that would close a hazard of the true model and that
// Kubernetes does not have. Scenario.Mutations takes its name like that of a
// planted bug.
type Repair struct {
	Name   string
	Hazard string // in the catalogue of protocol hazards; "" if it is not there
	What   string // in one sentence
	plant  func(*bugs)
}

// Repairs returns all repairs.
func Repairs() []Repair {
	return slices.Concat(nameRepairs(), faultRepairs(), machineRepairs(), nodeRepairs())
}

// switchByName finds what plants a mutation or makes a repair.
func switchByName(name string) (func(*bugs), error) {
	for _, r := range Repairs() {
		if r.Name == name {
			return r.plant, nil
		}
	}
	m, err := MutationByName(name)
	return m.plant, err
}
