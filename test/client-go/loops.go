package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
)

func podOf(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "boardlet.dev/host"}}},
	}
}

// readyNode makes a node that takes pods; status is written apart, as a kubelet does.
func readyNode(ctx context.Context, w *world, name string) error {
	nodes := w.client.CoreV1().Nodes()
	node, err := nodes.Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	node.Status.Allocatable = corev1.ResourceList{corev1.ResourcePods: resource.MustParse("10")}
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	if _, err = nodes.UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
		return err
	}
	node, err = nodes.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	node.Spec.Taints = nil
	_, err = nodes.Update(ctx, node, metav1.UpdateOptions{})
	return err
}

func podLifeCheck(ctx context.Context, w *world) error {
	if err := readyNode(ctx, w, "kubelet"); err != nil {
		return err
	}
	pods := w.client.CoreV1().Pods(namespace)
	if _, err := pods.Create(ctx, podOf("life"), metav1.CreateOptions{}); err != nil {
		return err
	}
	var pod *corev1.Pod
	err := until(ctx, "the pod is bound", func() (bool, error) {
		var err error
		pod, err = pods.Get(ctx, "life", metav1.GetOptions{})
		return err == nil && pod.Spec.NodeName == "kubelet", err
	})
	if err != nil {
		return err
	}
	pod.Status.Phase = corev1.PodRunning
	if _, err = pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if err := pods.Delete(ctx, "life", *metav1.NewDeleteOptions(7)); err != nil {
		return err
	}
	pod, err = pods.Get(ctx, "life", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if pod.DeletionTimestamp == nil || pod.DeletionGracePeriodSeconds == nil || *pod.DeletionGracePeriodSeconds != 7 {
		return fmt.Errorf("a pod in its grace period: %+v", pod.ObjectMeta)
	}
	last := metav1.NewDeleteOptions(0)
	last.Preconditions = metav1.NewUIDPreconditions(string(pod.UID))
	if err := pods.Delete(ctx, "life", *last); err != nil {
		return err
	}
	if _, err := pods.Get(ctx, "life", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		return fmt.Errorf("after its last deletion: %v", err)
	}
	return w.client.CoreV1().Nodes().Delete(ctx, "kubelet", metav1.DeleteOptions{})
}

func recorderCheck(ctx context.Context, w *world) error {
	maps := w.client.CoreV1().ConfigMaps(namespace)
	about, err := maps.Create(ctx, configMap("noted", nil), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	core := record.NewBroadcaster()
	defer core.Shutdown()
	core.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: w.client.CoreV1().Events("")})
	old := core.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "check"})
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: w.client.EventsV1()})
	defer broadcaster.Shutdown()
	if err := broadcaster.StartRecordingToSinkWithContext(ctx); err != nil {
		return err
	}
	recent := broadcaster.NewRecorder(scheme.Scheme, "check")
	for range 3 {
		old.Event(about, corev1.EventTypeNormal, "Old", "again")
		recent.Eventf(about, nil, corev1.EventTypeNormal, "Recent", "Doing", "again")
	}
	return until(ctx, "both events, folded", func() (bool, error) {
		list, err := w.client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.name=noted,reason=Old"})
		if err != nil || len(list.Items) != 1 || list.Items[0].Count != 3 {
			return false, errors.Join(err, fmt.Errorf("core: %+v", list))
		}
		found, err := w.client.EventsV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "reason=Recent"})
		if err != nil || len(found.Items) != 1 || !isAbout(found.Items[0], "noted") {
			return false, errors.Join(err, fmt.Errorf("events.k8s.io: %+v", found))
		}
		return true, nil
	})
}

func isAbout(event eventsv1.Event, name string) bool {
	return event.Regarding.Name == name && event.Note == "again" && event.ReportingController == "check"
}

func leaderCheck(ctx context.Context, w *world) error {
	leading := make(chan string, 2)
	candidate := func(name string) (stop context.CancelFunc, done <-chan struct{}, err error) {
		lock := &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: "election"},
			Client:     w.client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: name},
		}
		elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
			Lock: lock, LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 100 * time.Millisecond,
			ReleaseOnCancel: true,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { leading <- name },
				OnStoppedLeading: func() {},
			},
		})
		if err != nil {
			return nil, nil, err
		}
		own, cancel := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() { defer close(ended); elector.Run(own) }()
		return cancel, ended, nil
	}
	next := func(wanted string) error {
		select {
		case name := <-leading:
			if name != wanted {
				return fmt.Errorf("%s leads, not %s", name, wanted)
			}
			return nil
		case <-ctx.Done():
			return fmt.Errorf("%s never leads", wanted)
		}
	}
	stopFirst, firstEnded, err := candidate("first")
	if err != nil {
		return err
	}
	defer stopFirst()
	if err := next("first"); err != nil {
		return err
	}
	stopSecond, secondEnded, err := candidate("second")
	if err != nil {
		return err
	}
	defer stopSecond()
	stopFirst()
	<-firstEnded
	if err := next("second"); err != nil {
		return err
	}
	stopSecond()
	<-secondEnded
	return nil
}

// controllerCheck runs the loop of every controller: informer, work queue, update with a conflict now and then.
func controllerCheck(ctx context.Context, w *world) error {
	const objects = 20
	maps := w.client.CoreV1().ConfigMaps(namespace)
	selected := informers.WithTweakListOptions(func(options *metav1.ListOptions) { options.LabelSelector = "todo=yes" })
	factory := informers.NewSharedInformerFactoryWithOptions(w.client, 0, informers.WithNamespace(namespace), selected)
	informer := factory.Core().V1().ConfigMaps()
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
	defer queue.ShutDown()
	enqueue := func(object any) { queue.Add(object.(*corev1.ConfigMap).Name) }
	_, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: enqueue, UpdateFunc: func(_, object any) { enqueue(object) },
	})
	if err != nil {
		return err
	}
	done := atomic.Int32{}
	reconcile := func(name string) error {
		present, err := informer.Lister().ConfigMaps(namespace).Get(name)
		if err != nil || present.Data["done"] == "yes" {
			return err
		}
		next := present.DeepCopy()
		next.Data = map[string]string{"done": "yes"}
		if _, err = maps.Update(ctx, next, metav1.UpdateOptions{}); err == nil {
			done.Add(1)
		}
		return err
	}
	for range 4 {
		go work(queue, reconcile)
	}
	factory.Start(ctx.Done())
	for i := range objects {
		made := configMap(fmt.Sprintf("todo-%d", i), nil)
		made.Labels = map[string]string{"todo": "yes"}
		if _, err := maps.Create(ctx, made, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	if err := until(ctx, "all are reconciled", func() (bool, error) { return done.Load() == objects, nil }); err != nil {
		return err
	}
	return maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "todo=yes"})
}

func work(queue workqueue.TypedRateLimitingInterface[string], reconcile func(string) error) {
	for {
		name, shutdown := queue.Get()
		if shutdown {
			return
		}
		if err := reconcile(name); err != nil {
			queue.AddRateLimited(name)
		} else {
			queue.Forget(name)
		}
		queue.Done(name)
	}
}
