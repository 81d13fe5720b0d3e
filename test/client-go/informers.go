package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
)

// seen keeps what an informer has told, by object.
type seen struct {
	mutex    sync.Mutex
	told     map[string]string
	informer cache.SharedIndexInformer
	path     string
}

func (s *seen) note(kind string) func(any) {
	return func(object any) {
		if unknown, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = unknown.Obj
		}
		accessor, err := meta.Accessor(object)
		if err != nil {
			return
		}
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.told[accessor.GetName()] += kind
	}
}

func (s *seen) of(name string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.told[name]
}

// subject is one resource: how its informer hears of it, and how an object of it is made, changed and removed.
type subject struct {
	name   string
	create func(ctx context.Context, name string) error
	change func(ctx context.Context, name string) error
	remove func(ctx context.Context, name string) error
	*seen
}

func watched(informer cache.SharedIndexInformer, path string) (*seen, error) {
	s := &seen{told: map[string]string{}, informer: informer, path: path}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    s.note("A"),
		UpdateFunc: func(_, object any) { s.note("M")(object) },
		DeleteFunc: s.note("D"),
	})
	return s, err
}

var touch = []byte(`{"metadata":{"annotations":{"touched":"yes"}}}`)

func typedSubjects(w *world, factory informers.SharedInformerFactory) ([]subject, error) {
	core, leases := w.client.CoreV1(), w.client.CoordinationV1().Leases(namespace)
	now := metav1.DeleteOptions{GracePeriodSeconds: new(int64)}
	merge, options := types.MergePatchType, metav1.PatchOptions{}
	named := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }
	subjects := []subject{
		{name: "pods",
			create: func(c context.Context, n string) error {
				pod := podOf(n)
				// No binder: its conditions would be changes too.
				pod.Spec.SchedulerName = "none"
				_, err := core.Pods(namespace).Create(c, pod, metav1.CreateOptions{})
				return err
			},
			change: func(c context.Context, n string) error {
				_, err := core.Pods(namespace).Patch(c, n, merge, touch, options)
				return err
			},
			remove: func(c context.Context, n string) error { return core.Pods(namespace).Delete(c, n, now) }},
		{name: "nodes",
			create: func(c context.Context, n string) error {
				_, err := core.Nodes().Create(c, &corev1.Node{ObjectMeta: named(n)}, metav1.CreateOptions{})
				return err
			},
			change: func(c context.Context, n string) error {
				_, err := core.Nodes().Patch(c, n, merge, touch, options)
				return err
			},
			remove: func(c context.Context, n string) error { return core.Nodes().Delete(c, n, now) }},
		{name: "leases",
			create: func(c context.Context, n string) error {
				_, err := leases.Create(c, &coordinationv1.Lease{ObjectMeta: named(n)}, metav1.CreateOptions{})
				return err
			},
			change: func(c context.Context, n string) error {
				_, err := leases.Patch(c, n, merge, touch, options)
				return err
			},
			remove: func(c context.Context, n string) error { return leases.Delete(c, n, now) }},
		{name: "events",
			create: func(c context.Context, n string) error {
				event := &corev1.Event{ObjectMeta: named(n), Reason: "Test", InvolvedObject: corev1.ObjectReference{Namespace: namespace, Kind: "Pod", Name: "p"}}
				_, err := core.Events(namespace).Create(c, event, metav1.CreateOptions{})
				return err
			},
			change: func(c context.Context, n string) error {
				_, err := core.Events(namespace).Patch(c, n, merge, touch, options)
				return err
			},
			remove: func(c context.Context, n string) error { return core.Events(namespace).Delete(c, n, now) }},
		{name: "configmaps",
			create: func(c context.Context, n string) error {
				_, err := core.ConfigMaps(namespace).Create(c, configMap(n, nil), metav1.CreateOptions{})
				return err
			},
			change: func(c context.Context, n string) error {
				_, err := core.ConfigMaps(namespace).Patch(c, n, merge, touch, options)
				return err
			},
			remove: func(c context.Context, n string) error { return core.ConfigMaps(namespace).Delete(c, n, now) }},
	}
	shared := []cache.SharedIndexInformer{
		factory.Core().V1().Pods().Informer(), factory.Core().V1().Nodes().Informer(), factory.Coordination().V1().Leases().Informer(),
		factory.Core().V1().Events().Informer(), factory.Core().V1().ConfigMaps().Informer(),
	}
	for i := range subjects {
		path := "/api/v1/" + subjects[i].name
		if subjects[i].name == "leases" {
			path = "/apis/coordination.k8s.io/v1/leases"
		}
		var err error
		if subjects[i].seen, err = watched(shared[i], path); err != nil {
			return nil, err
		}
	}
	return subjects, nil
}

// deviceSubjects are the same custom objects, heard of whole and by their metadata alone.
func deviceSubjects(w *world, whole, partial cache.SharedIndexInformer) ([]subject, error) {
	client := w.dynamic.Resource(devices).Namespace(namespace)
	first, err := watched(whole, "/apis/devices.kubeedge.io/v1beta1/devices")
	if err != nil {
		return nil, err
	}
	second, err := watched(partial, "/apis/devices.kubeedge.io/v1beta1/devices")
	if err != nil {
		return nil, err
	}
	nothing := func(context.Context, string) error { return nil }
	create := func(c context.Context, n string) error {
		device := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "devices.kubeedge.io/v1beta1", "kind": "Device", "metadata": map[string]any{"name": n},
			"spec": map[string]any{"nodeName": "n", "deviceModelRef": map[string]any{"name": "m"}},
		}}
		_, err := client.Create(c, device, metav1.CreateOptions{})
		return err
	}
	change := func(c context.Context, n string) error {
		_, err := client.Patch(c, n, types.MergePatchType, touch, metav1.PatchOptions{})
		return err
	}
	remove := func(c context.Context, n string) error { return client.Delete(c, n, metav1.DeleteOptions{}) }
	return []subject{
		{name: "devices", create: create, change: change, remove: remove, seen: first},
		{name: "metadata of devices", create: nothing, change: nothing, remove: nothing, seen: second},
	}, nil
}

func informerCheck(ctx context.Context, w *world) error {
	factory := informers.NewSharedInformerFactory(w.client, 0)
	subjects, err := typedSubjects(w, factory)
	if err != nil {
		return err
	}
	whole := dynamicinformer.NewDynamicSharedInformerFactory(w.dynamic, 0)
	partial := metadatainformer.NewSharedInformerFactory(w.metadata, 0)
	custom, err := deviceSubjects(w, whole.ForResource(devices).Informer(), partial.ForResource(devices).Informer())
	if err != nil {
		return err
	}
	subjects = append(subjects, custom...)
	lists := map[string]int{}
	for _, s := range subjects {
		_, lists[s.path] = w.traffic.lists(s.path)
	}
	factory.Start(ctx.Done())
	whole.Start(ctx.Done())
	partial.Start(ctx.Done())
	for _, s := range subjects {
		if !cache.WaitForCacheSync(ctx.Done(), s.informer.HasSynced) {
			return fmt.Errorf("%s never synced", s.name)
		}
		if streamed, listed := w.traffic.lists(s.path); streamed == 0 || listed != lists[s.path] {
			return fmt.Errorf("%s: %d WatchLists, %d lists", s.name, streamed, listed)
		}
	}
	if err := life(ctx, subjects, "before"); err != nil {
		return err
	}
	return acrossRestart(ctx, w, subjects)
}

func life(ctx context.Context, subjects []subject, name string) error {
	steps := []struct {
		told string
		do   func(subject) error
	}{
		{"A", func(s subject) error { return s.create(ctx, name) }},
		{"AM", func(s subject) error { return s.change(ctx, name) }},
		{"AMD", func(s subject) error { return s.remove(ctx, name) }},
	}
	for _, step := range steps {
		for _, s := range subjects {
			if err := step.do(s); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
		for _, s := range subjects {
			what := fmt.Sprintf("%s are told %s", s.name, step.told)
			err := until(ctx, what, func() (bool, error) {
				return s.of(name) == step.told, fmt.Errorf("told %q", s.of(name))
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// acrossRestart leaves an object behind before the API is killed, and removes it before the informers are back: they were
// last told of a version that the restarted API no longer has the changes since, so they get 410 and read all anew.
func acrossRestart(ctx context.Context, w *world, subjects []subject) error {
	before := map[string]int{}
	for _, s := range subjects {
		if err := s.create(ctx, "left"); err != nil {
			return err
		}
	}
	for _, s := range subjects {
		if err := until(ctx, s.name+" are told of what is left", func() (bool, error) { return s.of("left") == "A", nil }); err != nil {
			return err
		}
		before[s.path], _ = w.traffic.lists(s.path)
	}
	if err := w.restart(); err != nil {
		return err
	}
	for _, s := range subjects {
		if err := s.remove(ctx, "left"); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	for _, s := range subjects {
		what := s.name + " are told of what went"
		if err := until(ctx, what, func() (bool, error) { return s.of("left") == "AD", fmt.Errorf("told %q", s.of("left")) }); err != nil {
			return err
		}
	}
	// The last of the writes before the kill was the devices': those informers alone may go on without reading anew.
	for _, s := range subjects[:len(subjects)-2] {
		if streamed, _ := w.traffic.lists(s.path); streamed <= before[s.path] {
			return fmt.Errorf("%s went on from a version that the API cannot know", s.name)
		}
	}
	return life(ctx, subjects, "after")
}

func expiredCheck(ctx context.Context, w *world) error {
	maps := w.client.CoreV1().ConfigMaps(namespace)
	watch, err := maps.Watch(ctx, metav1.ListOptions{ResourceVersion: "1"})
	if err != nil {
		return err
	}
	defer watch.Stop()
	select {
	case event := <-watch.ResultChan():
		if err := apierrors.FromObject(event.Object); !apierrors.IsResourceExpired(err) {
			return fmt.Errorf("%s %v", event.Type, err)
		}
		return nil
	case <-time.After(5 * time.Second):
		return fmt.Errorf("the watch is silent")
	}
}
