package main

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

func resources(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
}

// richPod has a field of every shape: lists, maps, inlined sources, pointers to zeros, quantities, ports by name and by number.
func richPod() *corev1.Pod {
	pod := podOf("rich")
	pod.Labels = map[string]string{"a": "b", "empty": ""}
	pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: "n", UID: "u", Controller: ptr.To(false)}}
	pod.Finalizers = []string{"boardlet.dev/check"}
	main := &pod.Spec.Containers[0]
	main.Command, main.Args = []string{"sleep", ""}, []string{"1"}
	main.Env = []corev1.EnvVar{{Name: "EMPTY"}, {Name: "KEY", ValueFrom: &corev1.EnvVarSource{
		SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "k", Optional: ptr.To(false)},
	}}}
	main.Resources = corev1.ResourceRequirements{Requests: resources("100m", "64Mi"), Limits: resources("1", "1Gi")}
	main.Ports = []corev1.ContainerPort{{Name: "web", ContainerPort: 80, Protocol: corev1.ProtocolTCP}}
	main.VolumeMounts = []corev1.VolumeMount{{Name: "map", MountPath: "/map"}, {Name: "dir", MountPath: "/dir", ReadOnly: true}}
	main.SecurityContext = &corev1.SecurityContext{RunAsUser: ptr.To[int64](0), RunAsNonRoot: ptr.To(false)}
	probe := func(handler corev1.ProbeHandler) *corev1.Probe {
		return &corev1.Probe{ProbeHandler: handler, PeriodSeconds: 5}
	}
	main.LivenessProbe = probe(corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: intstr.FromString("web")}})
	main.ReadinessProbe = probe(corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(80)}})
	limit := resource.MustParse("10Mi")
	pod.Spec.Volumes = []corev1.Volume{
		{Name: "map", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "m"}, Items: []corev1.KeyToPath{{Key: "k", Path: "p", Mode: ptr.To[int32](0)}},
		}}},
		{Name: "dir", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &limit}}},
	}
	pod.Spec.TerminationGracePeriodSeconds = ptr.To[int64](0)
	pod.Spec.AutomountServiceAccountToken = ptr.To(false)
	pod.Spec.Priority = ptr.To[int32](0)
	pod.Spec.NodeSelector = map[string]string{"kubernetes.io/os": "boardlet"}
	pod.Spec.Tolerations = []corev1.Toleration{{Key: "k", Operator: corev1.TolerationOpExists, TolerationSeconds: ptr.To[int64](-1)}}
	return pod
}

func richNode() *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "rich", Annotations: map[string]string{"a": "ü"}},
		Spec:       corev1.NodeSpec{ProviderID: "boardlet://f/n", Taints: []corev1.Taint{{Key: "k", Effect: corev1.TaintEffectNoSchedule}}},
		Status: corev1.NodeStatus{
			Capacity:        resources("4", "8Gi"),
			Conditions:      []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionFalse, LastHeartbeatTime: metav1.Unix(1, 0)}},
			Addresses:       []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}},
			DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: 10250}},
		},
	}
}

func richLease() *coordinationv1.Lease {
	renewed := metav1.NewMicroTime(time.Unix(1_800_000_000, 123_456_000))
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: "rich"},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: ptr.To(""), LeaseDurationSeconds: ptr.To[int32](40), RenewTime: &renewed, LeaseTransitions: ptr.To[int32](0),
		},
	}
}
