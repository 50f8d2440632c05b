package claims

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// watches are the claims about caches.
func watches() []Claim {
	return []Claim{{
		ID: "P-WATCH", Status: Guaranteed, New: newCaches,
		Text: "a cache is the store at some past revision of its kind, and does not go back within a process",
	}}
}

func newCaches(Scenario) Judge {
	reached := map[client]int64{} // actor and resource
	return Judge{Observe: func(s *State, e Event) error {
		if e.Process != nil {
			maps.DeleteFunc(reached, func(c client, _ int64) bool { return of(c.actor, e.Process.Actor) })
		}
		if e.Seen == nil {
			return nil
		}
		seen, cache := *e.Seen, client{e.Seen.Actor, e.Seen.Resource}
		last, had := reached[cache]
		reached[cache] = seen.Revision
		switch {
		case seen.Revision < last:
			return fmt.Errorf("%s has seen revision %d of %s, and then revision %d", seen.Actor, last, seen.Resource, seen.Revision)
		case seen.Revision > s.Revision:
			return fmt.Errorf("%s sees revision %d of %s, when the store has reached %d", seen.Actor, seen.Revision, seen.Resource, s.Revision)
		case seen.Objects == nil && seen.Type != watch.Bookmark || seen.Partial:
			return nil
		case seen.Type == "":
			return s.isListing(seen)
		case had:
			return s.isNext(seen, last)
		}
		return nil
	}}
}

// isListing reports whether a list is what the store had.
func (s *State) isListing(seen Seen) error {
	var want []Version
	for _, k := range sortedKeys(s.history[seen.Resource]) {
		if o := s.at(seen.Resource, k, seen.Revision); o != nil {
			want = append(want, version(o))
		}
	}
	got := slices.Clone(seen.Objects)
	slices.SortFunc(got, compareVersions)
	slices.SortFunc(want, compareVersions)
	if !slices.Equal(got, want) {
		return fmt.Errorf("%s lists %v as the %s of revision %d, which are %v", seen.Actor, got, seen.Resource, seen.Revision, want)
	}
	return nil
}

// isNext reports whether an event is the next one of its kind after revision last.
// A bookmark promises that there is none up to it.
func (s *State) isNext(seen Seen, last int64) error {
	for _, w := range s.after(seen.Resource, last) {
		switch {
		case w.Revision > seen.Revision:
			return nil
		case seen.Type == watch.Bookmark || w.Revision < seen.Revision:
			return fmt.Errorf("%s sees %s %s at revision %d and has missed revision %d of %s, of %s",
				seen.Actor, seen.Resource, seen.Type, seen.Revision, w.Revision, seen.Resource, key(w.object()))
		case eventType(w) != seen.Type || len(seen.Objects) != 1 || seen.Objects[0].key() != key(w.object()):
			return fmt.Errorf("%s sees %s %v at revision %d, which was %s %s",
				seen.Actor, seen.Type, seen.Objects, seen.Revision, eventType(w), key(w.object()))
		}
	}
	return nil
}

func eventType(w *Write) watch.EventType {
	switch {
	case w.Before == nil:
		return watch.Added
	case w.After == nil:
		return watch.Deleted
	}
	return watch.Modified
}

func version(o metav1.Object) Version {
	revision, err := strconv.ParseInt(o.GetResourceVersion(), 10, 64)
	if err != nil {
		revision = -1 // no store has that
	}
	return Version{o.GetNamespace(), o.GetName(), revision}
}

func (v Version) key() string { return join(v.Namespace, v.Name) }

func (v Version) String() string { return fmt.Sprintf("%s@%d", v.key(), v.ResourceVersion) }

func compareVersions(a, b Version) int { return cmp.Compare(a.String(), b.String()) }
