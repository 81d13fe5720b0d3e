package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/diff"
	"k8s.io/apimachinery/pkg/util/wait"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/retry"
)

var devices = schema.GroupVersionResource{Group: "devices.kubeedge.io", Version: "v1beta1", Resource: "devices"}

func configMap(name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}
}

func discoveryCheck(_ context.Context, w *world) error {
	client, err := discovery.NewDiscoveryClientForConfig(w.config)
	if err != nil {
		return err
	}
	if _, _, err = client.ServerGroupsAndResources(); err != nil {
		return err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client))
	for _, kind := range []schema.GroupKind{{Kind: "Pod"}, {Group: "coordination.k8s.io", Kind: "Lease"}, {Group: devices.Group, Kind: "Device"}} {
		if _, err := mapper.RESTMapping(kind); err != nil {
			return err
		}
	}
	mapping, err := mapper.RESTMapping(schema.GroupKind{Group: devices.Group, Kind: "Device"}, devices.Version)
	if err != nil {
		return err
	}
	if mapping.Resource != devices {
		return fmt.Errorf("Device is mapped to %v", mapping.Resource)
	}
	paths, err := client.OpenAPIV3().Paths()
	if err != nil {
		return err
	}
	for _, path := range []string{"api/v1", "apis/devices.kubeedge.io/v1beta1"} {
		document, ok := paths[path]
		if !ok {
			return fmt.Errorf("no OpenAPI of %s", path)
		}
		if _, err := document.Schema(runtime.ContentTypeJSON); err != nil {
			return err
		}
	}
	_, err = client.OpenAPISchema()
	return err
}

func paginationCheck(ctx context.Context, w *world) error {
	maps := w.client.CoreV1().ConfigMaps(namespace)
	for i := range 10 {
		made := configMap(fmt.Sprintf("page-%02d", i), nil)
		made.Labels = map[string]string{"page": "yes"}
		if _, err := maps.Create(ctx, made, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	seen := []string{}
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		page, err := maps.List(ctx, options)
		// Between two pages: neither may change what the pages to come hold.
		_ = maps.Delete(ctx, "page-09", metav1.DeleteOptions{})
		late := configMap("page-zz", nil)
		late.Labels = map[string]string{"page": "yes"}
		_, _ = maps.Create(ctx, late, metav1.CreateOptions{})
		return page, err
	})
	pages.PageSize = 3
	err := pages.EachListItem(ctx, metav1.ListOptions{LabelSelector: "page=yes"}, func(object runtime.Object) error {
		seen = append(seen, object.(*corev1.ConfigMap).Name)
		return nil
	})
	if err != nil {
		return err
	}
	if len(seen) != 10 || seen[0] != "page-00" || seen[9] != "page-09" {
		return fmt.Errorf("pages held %v", seen)
	}
	return maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "page=yes"})
}

func conflictCheck(ctx context.Context, w *world) error {
	maps := w.client.CoreV1().ConfigMaps(namespace)
	first, err := maps.Create(ctx, configMap("counter", map[string]string{"n": "0"}), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	const writers, rounds = 8, 5
	patient := wait.Backoff{Steps: 1000, Duration: 1e6, Factor: 1, Jitter: 1}
	increment := func() error {
		present, err := maps.Get(ctx, "counter", metav1.GetOptions{})
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(present.Data["n"])
		if err != nil {
			return err
		}
		present.Data["n"] = strconv.Itoa(n + 1)
		_, err = maps.Update(ctx, present, metav1.UpdateOptions{})
		return err
	}
	failures := make([]error, writers)
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			for range rounds {
				failures[i] = errors.Join(failures[i], retry.RetryOnConflict(patient, increment))
			}
		})
	}
	group.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	last, err := maps.Get(ctx, "counter", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if last.Data["n"] != strconv.Itoa(writers*rounds) {
		return fmt.Errorf("%d increments made %s", writers*rounds, last.Data["n"])
	}
	if _, err := maps.Update(ctx, first, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		return fmt.Errorf("an update of an old version: %v", err)
	}
	return maps.Delete(ctx, "counter", metav1.DeleteOptions{})
}

func patchCheck(ctx context.Context, w *world) error {
	nodes := w.client.CoreV1().Nodes()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "patched"}}
	if _, err := nodes.Create(ctx, node, metav1.CreateOptions{}); err != nil {
		return err
	}
	patches := []struct {
		form types.PatchType
		body string
		sub  []string
	}{
		{types.StrategicMergePatchType, `{"status":{"conditions":[{"type":"Ready","status":"True"}]}}`, []string{"status"}},
		{types.StrategicMergePatchType, `{"status":{"conditions":[{"type":"MemoryPressure","status":"False"}]}}`, []string{"status"}},
		{types.MergePatchType, `{"metadata":{"labels":{"merge":"yes"}}}`, nil},
		{types.JSONPatchType, `[{"op":"add","path":"/metadata/labels/json","value":"yes"}]`, nil},
		{types.StrategicMergePatchType, `{"spec":{"taints":[{"key":"a","effect":"NoSchedule"}]}}`, nil},
	}
	for _, p := range patches {
		patched, err := nodes.Patch(ctx, "patched", p.form, []byte(p.body), metav1.PatchOptions{}, p.sub...)
		if err != nil {
			return fmt.Errorf("%s: %w", p.body, err)
		}
		node = patched
	}
	if len(node.Status.Conditions) != 2 || node.Labels["merge"] != "yes" || node.Labels["json"] != "yes" || len(node.Spec.Taints) != 1 {
		return fmt.Errorf("the patches made %+v", node)
	}
	_, err := nodes.Patch(ctx, "patched", types.JSONPatchType, []byte(`[{"op":"test","path":"/metadata/name","value":"x"}]`), metav1.PatchOptions{})
	if !apierrors.IsInvalid(err) {
		return fmt.Errorf("a failed test of a JSON patch: %v", err)
	}
	return nodes.Delete(ctx, "patched", metav1.DeleteOptions{})
}

func applyCheck(ctx context.Context, w *world) error {
	wanted := applycorev1.ConfigMap("applied", namespace).WithData(map[string]string{"a": "b"})
	_, err := w.client.CoreV1().ConfigMaps(namespace).Apply(ctx, wanted, metav1.ApplyOptions{FieldManager: "check"})
	if !apierrors.IsUnsupportedMediaType(err) {
		return fmt.Errorf("server-side apply: %v", err)
	}
	return nil
}

// protobufCheck compares what the same objects become when they are sent as protobuf, as typed clients do by themselves, and as JSON.
func protobufCheck(ctx context.Context, w *world) error {
	config := rest.CopyConfig(w.config)
	config.ContentType = runtime.ContentTypeJSON
	plain, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	send := func(client kubernetes.Interface, object runtime.Object) (runtime.Object, error) {
		switch o := object.(type) {
		case *corev1.Pod:
			return client.CoreV1().Pods(namespace).Create(ctx, o, dry)
		case *corev1.Node:
			return client.CoreV1().Nodes().Create(ctx, o, dry)
		case *coordinationv1.Lease:
			return client.CoordinationV1().Leases(namespace).Create(ctx, o, dry)
		default:
			return nil, fmt.Errorf("no client for %T", object)
		}
	}
	for _, object := range []runtime.Object{richPod(), richNode(), richLease()} {
		one, err := send(w.client, object)
		if err != nil {
			return err
		}
		other, err := send(plain, object)
		if err != nil {
			return err
		}
		for _, made := range []runtime.Object{one, other} {
			accessor, err := meta.Accessor(made)
			if err != nil {
				return err
			}
			accessor.SetUID("")
			accessor.SetCreationTimestamp(metav1.Time{})
		}
		if !equality.Semantic.DeepEqual(one, other) {
			return fmt.Errorf("%T as protobuf: %s", object, diff.Diff(other, one))
		}
	}
	return nil
}

func reasonCheck(ctx context.Context, w *world) error {
	maps := w.client.CoreV1().ConfigMaps(namespace)
	if _, err := maps.Create(ctx, configMap("twice", nil), metav1.CreateOptions{}); err != nil {
		return err
	}
	_, twice := maps.Create(ctx, configMap("twice", nil), metav1.CreateOptions{})
	_, name := maps.Create(ctx, configMap("No_Name", nil), metav1.CreateOptions{})
	_, absent := maps.Get(ctx, "absent", metav1.GetOptions{})
	_, home := w.client.CoreV1().ConfigMaps("nowhere").Create(ctx, configMap("a", nil), metav1.CreateOptions{})
	_, scale := w.client.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
	other := types.UID("other")
	wrong := maps.Delete(ctx, "twice", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &other}})
	// Without this client-go waits and asks again, ten times a second apart.
	late := w.client.CoreV1().RESTClient().Get().Namespace(namespace).Resource("configmaps").Param("resourceVersion", "999999999").
		MaxRetries(0).Do(ctx).Error()
	stream := w.client.CoreV1().RESTClient().Post().Namespace(namespace).Resource("pods").Name("p").SubResource("exec").Do(ctx).Error()
	wanted := []struct {
		what string
		err  error
		is   func(error) bool
	}{
		{"the same name twice", twice, apierrors.IsAlreadyExists},
		{"a bad name", name, apierrors.IsInvalid},
		{"an absent object", absent, apierrors.IsNotFound},
		{"an absent namespace", home, apierrors.IsNotFound},
		{"a kind that is not served", scale, apierrors.IsNotFound},
		{"a wrong UID", wrong, apierrors.IsConflict},
		{"a version to come", late, isTooLarge},
		{"exec", stream, func(err error) bool { return apierrors.ReasonForError(err) == "NotImplemented" }},
	}
	for _, each := range wanted {
		if !each.is(each.err) {
			return fmt.Errorf("%s: %v", each.what, each.err)
		}
	}
	return maps.Delete(ctx, "twice", metav1.DeleteOptions{})
}

func isTooLarge(err error) bool {
	return apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge)
}
