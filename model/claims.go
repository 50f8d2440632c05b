package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/check"
)

// Status says who vouches for a property, in the terms of the protocol's
// reference.
type Status string

// A property is guaranteed by the API server or by one process alone; or under
// a named assumption; or not guaranteed, with a known counterexample; or a
// liveness property, which needs fairness; or a witness that something can
// happen at all.
const (
	Guaranteed    Status = "G"
	Assumed       Status = "A"
	NotGuaranteed Status = "N"
	Liveness      Status = "L"
	Witness       Status = "W"
)

// A Claim is a property that the model can check.
type Claim struct {
	ID         string
	Claim      string // in one sentence
	Status     Status
	Assumption string // what it rests on besides the scenario; "" if nothing
	Source     string // where upstream shows it

	// unless says why the property is not claimed of a scenario; "" if it is.
	// It can be asked for all the same.
	unless func(y *system) string

	// One of these says what it is.
	property func(y *system) check.Property[State]
	pods     *podClaim
	step     *stepClaim
}

// A podClaim is made of every pod that a step changes.
type podClaim struct {
	ok       func(a, b *Pod) bool // the pod before and after
	relevant func(*Pod) bool      // there is something to judge if some pod is so; nil: always
	actions  []string             // whose steps are judged; nil: all
}

// A stepClaim is made of every step, given what it changes.
type stepClaim struct {
	ok       func(y *system, from, to *State, c changes) bool
	relevant func(y *system, s *State) bool // there is something to judge of steps from s; nil: always
}

// Kind is the form of the claim.
func (c *Claim) Kind() check.Kind {
	if c.pods != nil || c.step != nil {
		return check.KindTransition
	}
	return c.property(&system{}).Kind()
}

// properties makes the properties of the claims, in their order. Those about any
// step, or about the pods that any step changes, are judged together, so that
// what it changes is looked for once.
func (y *system) properties(claims []Claim) (all []check.Property[State]) {
	var names []string
	var joint []*Claim
	for i := range claims {
		if c := &claims[i]; c.step != nil || c.pods != nil && c.pods.actions == nil {
			names, joint = append(names, c.ID), append(joint, c)
		}
	}
	judged := check.TransitionsInPlace(y.broken(joint), names...)
	for i := range claims {
		switch c := &claims[i]; {
		case c.property != nil:
			all = append(all, c.property(y))
		case c.step != nil || c.pods.actions == nil:
			all = append(all, c.when(y, judged[0]))
			judged = judged[1:]
		default:
			judge := y.broken([]*Claim{c})
			all = append(all, c.when(y, check.TransitionInPlace(c.ID, func(from, to *State) bool { return judge(from, to) == 0 }, c.pods.actions...)))
		}
	}
	return all
}

// broken returns the function whose bit i says that a step breaks the i-th claim.
func (y *system) broken(claims []*Claim) func(from, to *State) uint64 {
	return func(from, to *State) (bits uint64) {
		c := changed(from, to)
		for pods := c.pods; pods != 0; pods &= pods - 1 {
			i := pods.first()
			for k, claim := range claims {
				if claim.pods != nil && !claim.pods.ok(&from.Pods[i], &to.Pods[i]) {
					bits |= 1 << k
				}
			}
		}
		for k, claim := range claims {
			if claim.step != nil && !claim.step.ok(y, from, to, c) {
				bits |= 1 << k
			}
		}
		return bits
	}
}

func (c *Claim) when(y *system, p check.Property[State]) check.Property[State] {
	switch {
	case c.pods != nil && c.pods.relevant != nil:
		return p.WhenInPlace(when(c.pods.relevant))
	case c.step != nil && c.step.relevant != nil:
		return p.WhenInPlace(func(s *State) bool { return c.step.relevant(y, s) })
	}
	return p
}

// Catalogue returns every property that there is.
func Catalogue() []Claim {
	return slices.Concat(
		safetyClaims(),
		nodeClaims(),
		nameClaims(),
		livenessClaims(),
		drainClaims(),
		faultClaims(),
		machineClaims(),
		ownerClaims(),
	)
}

// An Unclaimed property is one that is not claimed of a scenario.
type Unclaimed struct{ ID, Why string }

// Unclaimed lists the properties that New leaves out when none is asked for.
func (m *Model) Unclaimed() (left []Unclaimed) {
	for _, c := range Catalogue() {
		if why := c.unclaimed(m.y); why != "" {
			left = append(left, Unclaimed{c.ID, why})
		}
	}
	return left
}

// WhyUnclaimed says why the property with this id is not claimed of the
// scenario; "" if it is.
func (m *Model) WhyUnclaimed(id string) string {
	for _, c := range Catalogue() {
		if c.ID == id {
			return c.unclaimed(m.y)
		}
	}
	return ""
}

func (c *Claim) unclaimed(y *system) string {
	if c.Status == NotGuaranteed {
		return "not guaranteed: ask for it to see the counterexample"
	}
	if c.Status == Liveness {
		if why := endless(y); why != "" {
			return why
		}
		if y.Untimed {
			return "time may pass at any moment in this scenario, so nothing is promised to happen in it"
		}
	}
	if c.unless == nil {
		return ""
	}
	return c.unless(y)
}

// claimed returns the claims with the given ids, or those that y makes.
func (y *system) claimed(ids []string) (claims []Claim, err error) {
	all := Catalogue()
	if len(ids) == 0 {
		return slices.DeleteFunc(all, func(c Claim) bool { return c.unclaimed(y) != "" }), nil
	}
	for _, id := range ids {
		i := slices.IndexFunc(all, func(c Claim) bool { return c.ID == id })
		if i < 0 {
			var names []string
			for _, c := range all {
				names = append(names, c.ID)
			}
			return nil, fmt.Errorf("unknown property %q: use one of %s", id, strings.Join(names, ", "))
		}
		if slices.ContainsFunc(claims, func(c Claim) bool { return c.ID == id }) {
			return nil, fmt.Errorf("property %q is asked for twice", id)
		}
		claims = append(claims, all[i])
	}
	return claims, nil
}
