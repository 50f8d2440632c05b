package mycontroller_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/reconverge/reconverge/examples/mycontroller"
	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/reconverge/reconverge/impl/sim"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"pgregory.net/rapid"
)

// trial puts the controller of a Fleet of two into a hostile cluster, in which
// somebody touches the Fleet at times.
func trial(t *testing.T, r mycontroller.Reconciler) sim.Trial {
	scheme, err := mycontroller.NewScheme()
	require.NoError(t, err)
	fleets := apiserver.Kind{GroupVersionKind: mycontroller.GroupVersionKind, Plural: "fleets", Namespaced: true}
	return sim.Trial{
		Options: sim.Options{Server: apiserver.Options{Scheme: scheme, Kinds: []apiserver.Kind{fleets}}},
		Begin: func(c *sim.Cluster) {
			c.Apply(&mycontroller.Fleet{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: mycontroller.FleetSpec{Size: 2}})
			c.Start("fleets", func(config *rest.Config) (sim.Runnable, error) { return mycontroller.NewManager(config, r) })
		},
		Always:  pods(func(n int) bool { return n <= 2 }, "more than 2"),
		Finally: pods(func(n int) bool { return n == 2 }, "not 2"),
		Also:    []sim.Step{user("label fleets default/web touched=yes"), user("label fleets default/web touched-")},
	}
}

func TestFleet(t *testing.T) { rapid.Check(t, trial(t, mycontroller.Reconciler{}).Check) }

// pods is the claim that the number of pods is right.
func pods(right func(int) bool, wrong string) func(*sim.Cluster) error {
	return func(c *sim.Cluster) error {
		list, err := c.Client().CoreV1().Pods("").List(context.Background(), metav1.ListOptions{})
		if err == nil && !right(len(list.Items)) {
			err = fmt.Errorf("%d pods, %s", len(list.Items), wrong)
		}
		return err
	}
}

func user(action string) sim.Step { return sim.Step{Verb: sim.User, Target: action} }
