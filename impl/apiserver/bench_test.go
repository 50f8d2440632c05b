package apiserver_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/reconverge/reconverge/impl/apiserver"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// passGate lets everything pass: the cost of being asked.
type passGate struct{}

func (passGate) Request(context.Context, *apiserver.Request) apiserver.Verdict {
	return apiserver.Verdict{Hold: true}
}
func (passGate) Answer(context.Context, *apiserver.Request) apiserver.Verdict {
	return apiserver.Verdict{}
}
func (passGate) Event(context.Context, *apiserver.Event) apiserver.Verdict {
	return apiserver.Verdict{}
}

// cpu is the time that the processors have worked for this process, which other
// processes of the machine do not lengthen.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkStep is the life of a pod through a clientset with one watch: a create,
// two updates of its status, a patch and a DELETE without grace. Each of the five
// requests and each of the six events is a step.
func BenchmarkStep(b *testing.B) {
	for _, bm := range []struct{ name, contentType string }{{"json", inJSON}, {"protobuf", inProtobuf}} {
		b.Run(bm.name, func(b *testing.B) {
			ctx := context.Background()
			c := clientset(b, newServer(b, apiserver.Options{Gate: passGate{}}), bm.contentType)
			pods := c.CoreV1().Pods("default")
			w, err := pods.Watch(ctx, metav1.ListOptions{})
			require.NoError(b, err)
			defer w.Stop()
			const steps = 11
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				p, err := pods.Create(ctx, newPod("a"), metav1.CreateOptions{})
				require.NoError(b, err)
				p.Status.PodIP = "10.0.0.1"
				p, err = pods.UpdateStatus(ctx, p, metav1.UpdateOptions{})
				require.NoError(b, err)
				p.Status.PodIP = "10.0.0.2"
				_, err = pods.UpdateStatus(ctx, p, metav1.UpdateOptions{})
				require.NoError(b, err)
				_, err = pods.Patch(ctx, "a", types.MergePatchType, []byte(`{"metadata":{"labels":{"x":"y"}}}`), metav1.PatchOptions{})
				require.NoError(b, err)
				require.NoError(b, pods.Delete(ctx, "a", metav1.DeleteOptions{}))
				for range 6 {
					<-w.ResultChan()
				}
			}
			b.ReportMetric(float64(b.N*steps)/(cpu(b)-before).Seconds(), "steps/cpu-s")
		})
	}
}
