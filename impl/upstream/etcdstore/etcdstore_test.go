package etcdstore_test

import (
	"testing"

	"github.com/reconverge/reconverge/impl/apiserver/store"
	"github.com/reconverge/reconverge/impl/apiserver/store/storetest"
	"github.com/reconverge/reconverge/impl/upstream/etcdstore"
	"github.com/reconverge/reconverge/impl/upstream/etcdtest"
)

func TestMain(m *testing.M) { etcdtest.Main(m) }

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return etcdstore.New(etcdtest.Start(t).Client()) })
}
