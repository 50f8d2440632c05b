package store

import (
	"slices"
	"strings"
)

// An index is a set of items in the order of their keys.
type index []*item

func (x index) search(key string) (int, bool) {
	return slices.BinarySearchFunc(x, key, func(it *item, key string) int { return strings.Compare(it.key, key) })
}

func (x *index) insert(it *item) {
	n, _ := x.search(it.key)
	*x = slices.Insert(*x, n, it)
}

func (x *index) remove(it *item) {
	n, _ := x.search(it.key)
	*x = slices.Delete(*x, n, n+1)
}

// within returns the items whose keys begin with prefix and come after after.
func (x index) within(prefix, after string) index {
	from, _ := x.search(max(prefix, after))
	if from < len(x) && x[from].key == after {
		from++
	}
	x = x[from:]
	to, _ := slices.BinarySearchFunc(x, prefix, func(it *item, prefix string) int {
		if strings.HasPrefix(it.key, prefix) {
			return -1
		}
		return 1
	})
	return x[:to]
}
