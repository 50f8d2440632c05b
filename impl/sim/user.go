package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// UserActions says what a User step can do, as its target is written. A namespace that
// is not named is "default".
const UserActions = `delete <resource> [<namespace>/]<name> [--grace=<seconds>] [--cascade=background|foreground|orphan]
scale <resource> [<namespace>/]<name> <replicas>
label <resource> [<namespace>/]<name> <key>=<value> | <key>-
annotate <resource> [<namespace>/]<name> <key>=<value> | <key>-
evict [<namespace>/]<pod>
cordon <node>
uncordon <node>
drain <node>    (cordons it, and asks once for the eviction of each of its pods)
`

// A userAction is what a person asks for.
type userAction struct {
	verb      string
	resource  string // empty: the verb implies it
	namespace string
	name      string
	rest      []string
}

// A userVerb is one line of UserActions.
type userVerb struct {
	resource bool // a resource comes before the name
	min, max int  // how many words follow the name
	check    func(userAction) error
	run      func(*Cluster, context.Context, userAction) error
}

var userVerbs = map[string]userVerb{
	"delete":   {true, 0, 2, checkDelete, (*Cluster).userDelete},
	"scale":    {true, 1, 1, checkScale, (*Cluster).userScale},
	"label":    {true, 1, 1, checkLabel, (*Cluster).userLabel},
	"annotate": {true, 1, 1, checkLabel, (*Cluster).userLabel},
	"evict":    {false, 0, 0, nil, (*Cluster).userEvict},
	"cordon":   {false, 0, 0, nil, (*Cluster).userCordon},
	"uncordon": {false, 0, 0, nil, (*Cluster).userCordon},
	"drain":    {false, 0, 0, nil, (*Cluster).userDrain},
}

func parseUserAction(text string) (userAction, error) {
	fail := func(err error) (userAction, error) {
		return userAction{}, fmt.Errorf("sim: step %q: %w; a user can\n%s", "user "+text, err, UserActions)
	}
	words := strings.Fields(text)
	if len(words) == 0 {
		return fail(errors.New("no action"))
	}
	v, ok := userVerbs[words[0]]
	if !ok {
		return fail(fmt.Errorf("unknown action %q", words[0]))
	}
	a := userAction{verb: words[0]}
	words = words[1:]
	if v.resource && len(words) > 0 {
		a.resource, words = words[0], words[1:]
	}
	if len(words) < 1+v.min || len(words) > 1+v.max {
		return fail(errors.New("wrong number of words"))
	}
	a.name, a.rest = words[0], words[1:]
	if ns, name, ok := strings.Cut(a.name, "/"); ok {
		a.namespace, a.name = ns, name
	}
	if v.check != nil {
		if err := v.check(a); err != nil {
			return fail(err)
		}
	}
	return a, nil
}

// userStep takes a step of the user. What the API server answers is recorded.
func (c *Cluster) userStep(s Step, a userAction) error {
	c.record(&Taken{At: c.now(), Step: s})
	err := userVerbs[a.verb].run(c, c.context, a)
	e := &Answered{Step: s, Code: http.StatusOK}
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		e.Code, e.Reason = int(status.Status().Code), string(status.Status().Reason)
	}
	c.settled()
	e.At = c.now()
	c.emit(e)
	c.emit(&Rest{At: c.now()})
	return err
}

// resolved is the action with a namespace, which is "default" unless it says, as for
// kubectl, and none if its resource has none.
func (c *Cluster) resolved(a userAction) (userAction, error) {
	namespaced := a.verb == "evict"
	if a.resource != "" {
		gvr, err := c.resources().named(a.resource)
		if err != nil {
			return a, err
		}
		namespaced = !c.resources().cluster[gvr]
	}
	switch {
	case namespaced && a.namespace == "":
		a.namespace = metav1.NamespaceDefault
	case !namespaced && a.namespace != "":
		return a, fmt.Errorf("%q is in no namespace", a.name)
	}
	return a, nil
}

// object is the client for the resource that an action names.
func (c *Cluster) object(a userAction) (dynamic.ResourceInterface, error) {
	gvr, err := c.resources().named(a.resource)
	if err != nil {
		return nil, err
	}
	return c.dynamic.Resource(gvr).Namespace(a.namespace), nil
}

func checkDelete(a userAction) error {
	_, err := deleteOptions(a)
	return err
}

func deleteOptions(a userAction) (o metav1.DeleteOptions, err error) {
	for _, word := range a.rest {
		flag, value, _ := strings.Cut(word, "=")
		switch flag {
		case "--grace":
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err != nil || seconds < 0 {
				return o, fmt.Errorf("%q: want seconds", word)
			}
			o.GracePeriodSeconds = &seconds
		case "--cascade":
			policy := map[string]metav1.DeletionPropagation{
				"background": metav1.DeletePropagationBackground,
				"foreground": metav1.DeletePropagationForeground,
				"orphan":     metav1.DeletePropagationOrphan,
			}[value]
			if policy == "" {
				return o, fmt.Errorf("%q: want background, foreground or orphan", word)
			}
			o.PropagationPolicy = &policy
		default:
			return o, fmt.Errorf("unknown flag %q", word)
		}
	}
	return o, nil
}

func (c *Cluster) userDelete(ctx context.Context, a userAction) error {
	client, err := c.object(a)
	if err != nil {
		return err
	}
	o, err := deleteOptions(a)
	if err != nil {
		return err
	}
	return client.Delete(ctx, a.name, o)
}

func checkScale(a userAction) error {
	if n, err := strconv.Atoi(a.rest[0]); err != nil || n < 0 {
		return fmt.Errorf("%q is no number of replicas", a.rest[0])
	}
	return nil
}

func (c *Cluster) userScale(ctx context.Context, a userAction) error {
	return c.mergePatch(ctx, a, `{"spec":{"replicas":`+a.rest[0]+`}}`)
}

func checkLabel(a userAction) error {
	if _, _, set := strings.Cut(a.rest[0], "="); !set && !strings.HasSuffix(a.rest[0], "-") {
		return fmt.Errorf("%q: want key=value, or key- to remove it", a.rest[0])
	}
	return nil
}

func (c *Cluster) userLabel(ctx context.Context, a userAction) error {
	labels := make(map[string]*string)
	if key, value, set := strings.Cut(a.rest[0], "="); set {
		labels[key] = &value
	} else {
		labels[strings.TrimSuffix(key, "-")] = nil
	}
	field := map[string]string{"label": "labels", "annotate": "annotations"}[a.verb]
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{field: labels}})
	if err != nil {
		return err
	}
	return c.mergePatch(ctx, a, string(patch))
}

func (c *Cluster) userCordon(ctx context.Context, a userAction) error {
	a.resource = "nodes"
	return c.mergePatch(ctx, a, `{"spec":{"unschedulable":`+strconv.FormatBool(a.verb != "uncordon")+`}}`)
}

func (c *Cluster) mergePatch(ctx context.Context, a userAction, patch string) error {
	client, err := c.object(a)
	if err != nil {
		return err
	}
	_, err = client.Patch(ctx, a.name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

func (c *Cluster) userEvict(ctx context.Context, a userAction) error {
	return c.client.CoreV1().Pods(a.namespace).EvictV1(ctx, &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: a.name},
	})
}

// userDrain follows one round of k8s.io/kubectl/pkg/drain/drain.go:evictPods; a
// budget that refuses one eviction does not keep it from the next.
//
// Omits: daemon sets and mirror pods, which stay; waiting until the pods are gone.
func (c *Cluster) userDrain(ctx context.Context, a userAction) error {
	if err := c.userCordon(ctx, a); err != nil {
		return err
	}
	pods, err := c.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("spec.nodeName", a.name).String(),
	})
	if err != nil {
		return err
	}
	slices.SortFunc(pods.Items, func(a, b corev1.Pod) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	var errs []error
	for _, pod := range pods.Items {
		if err := c.userEvict(ctx, userAction{namespace: pod.Namespace, name: pod.Name}); !apierrors.IsNotFound(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
