package classic

import "github.com/reconverge/reconverge/check"

// Jugs is how many gallons are in a jug of five and one of three.
type Jugs struct{ Big, Small uint8 }

// DieHard asks for four gallons in the big jug; the counterexample is the way.
func DieHard() *check.Model[Jugs] {
	step := func(name string, f func(Jugs) Jugs) check.Action[Jugs] {
		return check.Action[Jugs]{Name: name, Next: func(dst []Jugs, s Jugs) []Jugs { return append(dst, f(s)) }}
	}
	return &check.Model[Jugs]{
		Name: "die hard",
		Init: []Jugs{{}},
		Actions: []check.Action[Jugs]{
			step("FillSmall", func(s Jugs) Jugs { return Jugs{s.Big, 3} }),
			step("FillBig", func(s Jugs) Jugs { return Jugs{5, s.Small} }),
			step("EmptySmall", func(s Jugs) Jugs { return Jugs{s.Big, 0} }),
			step("EmptyBig", func(s Jugs) Jugs { return Jugs{0, s.Small} }),
			step("SmallToBig", func(s Jugs) Jugs {
				poured := min(s.Small, 5-s.Big)
				return Jugs{s.Big + poured, s.Small - poured}
			}),
			step("BigToSmall", func(s Jugs) Jugs {
				poured := min(s.Big, 3-s.Small)
				return Jugs{s.Big - poured, s.Small + poured}
			}),
		},
		Properties: []check.Property[Jugs]{
			check.Invariant("not four gallons", func(s Jugs) bool { return s.Big != 4 }),
		},
	}
}

// River is who is on the bank where all of them began.
type River struct {
	Missionaries, Cannibals uint8
	Boat                    bool // is there too
}

// MissionariesAndCannibals asks for a way to get three of each across in a boat
// for two, missionaries never outnumbered on either bank.
func MissionariesAndCannibals() *check.Model[River] {
	safe := func(missionaries, cannibals uint8) bool { return missionaries == 0 || missionaries >= cannibals }
	cross := func(dst []River, s River, m, c uint8) []River {
		if s.Boat {
			if s.Missionaries < m || s.Cannibals < c {
				return dst
			}
			s.Missionaries, s.Cannibals = s.Missionaries-m, s.Cannibals-c
		} else {
			s.Missionaries, s.Cannibals = s.Missionaries+m, s.Cannibals+c
			if s.Missionaries > 3 || s.Cannibals > 3 {
				return dst
			}
		}
		s.Boat = !s.Boat
		if !safe(s.Missionaries, s.Cannibals) || !safe(3-s.Missionaries, 3-s.Cannibals) {
			return dst
		}
		return append(dst, s)
	}
	return &check.Model[River]{
		Name: "missionaries and cannibals",
		Init: []River{{3, 3, true}},
		Actions: []check.Action[River]{{Name: "Cross", Next: func(dst []River, s River) []River {
			for m := range uint8(3) {
				for c := range 3 - m {
					if m+c > 0 {
						dst = cross(dst, s, m, c)
					}
				}
			}
			return dst
		}}},
		Properties: []check.Property[River]{
			check.Invariant("someone is left", func(s River) bool { return s.Missionaries+s.Cannibals > 0 }),
		},
	}
}
