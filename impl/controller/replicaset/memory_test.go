package replicaset_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/impl/controller/replicaset"
)

const key = "default/web"

// Each line is what happens, from nothing, and whether all is satisfied then.
func TestExpectations(t *testing.T) {
	type step = func(*replicaset.Expectations)
	creates := func(n int) step { return func(e *replicaset.Expectations) { e.Expect(key, n, nil) } }
	deletes := func(pods ...string) step { return func(e *replicaset.Expectations) { e.Expect(key, 0, pods) } }
	created := func(e *replicaset.Expectations) { e.Created(key) }
	deleted := func(pod string) step { return func(e *replicaset.Expectations) { e.Deleted(key, pod) } }
	forget := func(e *replicaset.Expectations) { e.Forget(key) }
	wait := func(d time.Duration) step { return func(*replicaset.Expectations) { time.Sleep(d) } }
	var (
		right     replicaset.Options
		noMemory  = replicaset.Options{NoExpectations: true}
		noExpiry  = replicaset.Options{NoExpiry: true}
		keeps     = replicaset.Options{KeepExpectations: true}
		unnamed   = replicaset.Options{UnnamedDeletes: true}
		satisfied = true
	)
	for name, c := range map[string]struct {
		options replicaset.Options
		steps   []step
		want    bool
	}{
		"nothing":                      {right, nil, satisfied},
		"a create":                     {right, []step{creates(1)}, !satisfied},
		"seen":                         {right, []step{creates(1), created}, satisfied},
		"one of two":                   {right, []step{creates(2), created}, !satisfied},
		"more than were expected":      {right, []step{creates(1), created, created}, satisfied},
		"seen before":                  {right, []step{created, creates(1)}, !satisfied},
		"a delete":                     {right, []step{deletes("p")}, !satisfied},
		"its deletion":                 {right, []step{deletes("p"), deleted("p")}, satisfied},
		"another's deletion":           {right, []step{deletes("p"), deleted("q")}, !satisfied},
		"marked, then removed":         {right, []step{deletes("p", "q"), deleted("p"), deleted("p")}, !satisfied},
		"a create is no deletion":      {right, []step{deletes("p"), created}, !satisfied},
		"replaced":                     {right, []step{deletes("p"), creates(1), deleted("p")}, !satisfied},
		"replaced and seen":            {right, []step{creates(3), deletes("p"), deleted("p")}, satisfied},
		"forgotten":                    {right, []step{creates(1), forget}, satisfied},
		"five minutes":                 {right, []step{creates(1), wait(replicaset.ExpectationsTimeout)}, !satisfied},
		"more than five minutes":       {right, []step{creates(1), wait(replicaset.ExpectationsTimeout + 1)}, satisfied},
		"the clock starts again":       {right, []step{creates(1), wait(time.Hour), creates(1)}, !satisfied},
		"B01, a create":                {noMemory, []step{creates(1)}, satisfied},
		"no expiry":                    {noExpiry, []step{creates(1), wait(time.Hour)}, !satisfied},
		"no expiry, seen":              {noExpiry, []step{creates(1), created}, satisfied},
		"B05, not forgotten":           {keeps, []step{creates(1), forget}, !satisfied},
		"B04, marked and then removed": {unnamed, []step{deletes("p", "q"), deleted("p"), deleted("p")}, satisfied},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := replicaset.NewExpectations(c.options)
				for _, step := range c.steps {
					step(e)
				}
				require.Equal(t, c.want, e.Satisfied(key))
				require.True(t, e.Satisfied("default/other"))
			})
		})
	}
}

// cacheAt is the resourceVersion of a cache.
type cacheAt string

func (c *cacheAt) LastStoreSyncResourceVersion() string { return string(*c) }

func TestWritesAreVisibleWhenBothCachesHaveThem(t *testing.T) {
	pods, replicaSets := cacheAt("10"), cacheAt("10")
	w := replicaset.NewWrites(&pods, &replicaSets)
	require.NoError(t, w.Visible(key))

	w.Pod(key, "web-1", "12")
	w.Pod(key, "web-1", "11") // answers of parallel creates come in any order
	w.ReplicaSet(key, "web-1", "9")
	require.ErrorContains(t, w.Visible(key), "own write of a pod at 12")
	require.NoError(t, w.Visible("default/other"))
	pods = "11"
	require.Error(t, w.Visible(key))
	pods = "100" // a number, not a word
	require.NoError(t, w.Visible(key))

	w.ReplicaSet(key, "web-1", "101")
	require.ErrorContains(t, w.Visible(key), "own write of the ReplicaSet at 101")
	w.Forget(key, "web-0")
	require.Error(t, w.Visible(key), "another's memory is not dropped")
	w.Forget(key, "web-1")
	require.NoError(t, w.Visible(key))

	w.Pod(key, "web-1", "200")
	w.Forget(key, "")
	require.NoError(t, w.Visible(key))
	w.Pod(key, "web-1", "200")
	w.Pod(key, "web-2", "50")
	require.NoError(t, w.Visible(key), "of a namesake only its own writes count")
}

func TestWritesDoNotWaitForWhatCannotBeCompared(t *testing.T) {
	pods, replicaSets := cacheAt(""), cacheAt("abc")
	w := replicaset.NewWrites(&pods, &replicaSets)
	w.Pod(key, "web-1", "12")
	w.ReplicaSet(key, "web-1", "12")
	require.NoError(t, w.Visible(key))
}
