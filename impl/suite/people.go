package suite

import (
	"context"

	"github.com/reconverge/reconverge/impl/controller/drain"
	"github.com/reconverge/reconverge/impl/sim"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// People whose requests are up to the schedule are processes: each does one thing
// when it starts, and nothing more.

// submitter creates the pod of the scenario.
func (r *run) submitter(config *rest.Config) (sim.Runnable, error) {
	return Once(config, func(ctx context.Context, client kubernetes.Interface) error {
		pod := bare(r.scenario.Pod)
		_, err := client.CoreV1().Pods(pod.Namespace).Create(ctx, pod, metav1.CreateOptions{})
		return err
	})
}

// deployer creates the ReplicaSet of the scenario.
func (r *run) deployer(config *rest.Config) (sim.Runnable, error) {
	var set appsv1.ReplicaSet
	if err := yaml.UnmarshalStrict([]byte(r.scenario.setManifest()), &set); err != nil {
		return nil, err
	}
	return Once(config, func(ctx context.Context, client kubernetes.Interface) error {
		_, err := client.AppsV1().ReplicaSets(metav1.NamespaceDefault).Create(ctx, &set, metav1.CreateOptions{})
		return err
	})
}

// Once is a process that does something and then waits for its end, whatever came of it.
func Once(config *rest.Config, do func(context.Context, kubernetes.Interface) error) (sim.Runnable, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return sim.RunnableFunc(func(ctx context.Context) error {
		_ = do(ctx, client)
		<-ctx.Done()
		return nil
	}), nil
}

// drain drains a node.
func (r *run) drain(config *rest.Config) (sim.Runnable, error) {
	return drain.New(config, drainedNode, drain.Options{Listed: func(pods []corev1.Pod) { r.observer.drained(drainedNode, pods) }})
}
