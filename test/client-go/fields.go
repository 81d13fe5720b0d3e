package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// roots are the kinds whose bodies typed clients send as protobuf.
var roots = []any{
	metav1.DeleteOptions{}, corev1.Node{}, corev1.Pod{}, corev1.ConfigMap{}, corev1.Secret{}, corev1.Namespace{},
	corev1.ServiceAccount{}, corev1.Event{}, corev1.Binding{}, eventsv1.Event{}, coordinationv1.Lease{}, nodev1.RuntimeClass{},
	authenticationv1.SelfSubjectReview{}, authenticationv1.TokenRequest{}, authenticationv1.TokenReview{},
	authorizationv1.SelfSubjectAccessReview{}, authorizationv1.SelfSubjectRulesReview{}, authorizationv1.SubjectAccessReview{},
}

// leaves have a JSON form of their own.
var leaves = map[reflect.Type]string{
	reflect.TypeFor[metav1.Time](): "time", reflect.TypeFor[metav1.MicroTime](): "micro",
	reflect.TypeFor[resource.Quantity](): "quantity", reflect.TypeFor[intstr.IntOrString](): "intstr",
}

// fieldTable prints how protobuf carries Go's Kubernetes types: a line for each message, its fields as NUMBER:NAME:TYPE.
// TYPE is s(tring), b(ool), i(nt), y (bytes), a leaf or a message; [] before it is a list, {} a map by string, < a message
// whose fields JSON has inline, and + after it a field that JSON has also when it is zero.
func fieldTable() string {
	table := map[string]string{}
	for _, root := range roots {
		describe(reflect.TypeOf(root), table)
	}
	names := []string{}
	for name := range table {
		names = append(names, name)
	}
	sort.Strings(names)
	lines := []string{}
	for _, name := range names {
		lines = append(lines, name+table[name])
	}
	return strings.Join(lines, "\n")
}

func messageName(t reflect.Type) string {
	parts := strings.Split(t.PkgPath(), "/")
	group := parts[len(parts)-2]
	if group == "core" || group == "meta" {
		return t.Name()
	}
	return group + "." + t.Name()
}

func describe(t reflect.Type, table map[string]string) {
	name := messageName(t)
	if _, known := table[name]; known {
		return
	}
	table[name] = ""
	fields := []string{}
	for i := range t.NumField() {
		field := t.Field(i)
		number := strings.Split(field.Tag.Get("protobuf"), ",")
		if len(number) < 2 || field.Name == "ManagedFields" {
			continue
		}
		if kind, ok := typeOf(field, table); ok {
			json, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			fields = append(fields, fmt.Sprintf(" %s:%s:%s", number[1], json, kind))
		}
	}
	table[name] = strings.Join(fields, "")
}

func typeOf(field reflect.StructField, table map[string]string) (string, bool) {
	t, suffix := field.Type, "+"
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	} else if strings.Contains(field.Tag.Get("json"), "omitempty") {
		suffix = ""
	}
	if strings.Contains(field.Tag.Get("json"), "inline") {
		kind, ok := scalar(t, table)
		return "<" + kind, ok
	}
	switch {
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		kind, ok := scalar(t.Elem(), table)
		return "[]" + kind, ok
	case t.Kind() == reflect.Map:
		kind, ok := scalar(t.Elem(), table)
		return "{}" + kind, ok
	}
	kind, ok := scalar(t, table)
	return kind + suffix, ok
}

func scalar(t reflect.Type, table map[string]string) (string, bool) {
	if leaf, ok := leaves[t]; ok {
		return leaf, true
	}
	switch t.Kind() {
	case reflect.String:
		return "s", true
	case reflect.Bool:
		return "b", true
	case reflect.Int32, reflect.Int64:
		return "i", true
	case reflect.Slice:
		return "y", t.Elem().Kind() == reflect.Uint8
	case reflect.Struct:
		describe(t, table)
		return messageName(t), true
	default:
		return "", false
	}
}
