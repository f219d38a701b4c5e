package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"

	"github.com/musterfleet/muster/algebra"
)

// Labels and taint of Nodes that stand for devices.
const (
	nodeOf   = Group + "/namespace" // whose World the device is of
	nodeArch = Group + "/arch"
	nodeOS   = Group + "/os"
	notAHost = Group + "/device"
)

// nodes shows devices as Nodes: for eyes and tools that know Nodes only. Nothing is scheduled on
// them: they are tainted, have room for no pod, and do without the label kubernetes.io/os, by which
// most daemon sets find the nodes that they want.
type nodes struct {
	client    dynamic.Interface
	namespace string
}

// standIn is the Node that a device is to be shown as, and whether it is online.
type standIn struct {
	node   *corev1.Node
	online bool
	at     time.Time     // when that was so
	lag    time.Duration // by which its Node may be behind
}

// standIns are those of all devices. They share nothing with the Reality.
func (n nodes) standIns(r algebra.Reality) map[string]standIn {
	out := make(map[string]standIn, r.Roster.Len())
	for i := range uint32(r.Roster.Len()) {
		node := n.node(r, i)
		out[node.Name] = standIn{node, r.Records[r.Roster.ID(i)].Online(r.ObservedAt), r.ObservedAt, heardEvery(r.Roster.Len())}
	}
	return out
}

// follow shows one census after the other, until ctx ends.
func (n nodes) follow(ctx context.Context, census <-chan map[string]standIn, tell func(error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case want := <-census:
			if err := n.show(ctx, want); err != nil && ctx.Err() == nil {
				tell(err)
			}
		}
	}
}

func (n nodes) of() dynamic.ResourceInterface {
	return n.client.Resource(corev1.SchemeGroupVersion.WithResource("nodes"))
}

// show makes the Nodes those of the devices, with leases for the ones online, and removes those of
// devices that are gone. A Node of the same name that is not of this namespace is left alone, and is
// an error.
func (n nodes) show(ctx context.Context, want map[string]standIn) error {
	list, err := n.of().List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return fmt.Errorf("kube: nodes: %w", err)
	}
	have := map[string]*corev1.Node{}
	for i := range list.Items {
		var node corev1.Node
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(list.Items[i].Object, &node); err != nil {
			return fmt.Errorf("kube: nodes: %w", err)
		}
		have[node.Name] = &node
	}
	shown := each(ctx, slices.Sorted(maps.Keys(want)), func(name string) error {
		if h := have[name]; h != nil && h.Labels[nodeOf] != n.namespace {
			return fmt.Errorf("kube: node %s is none of muster's; the device of that name is not shown", name)
		}
		err := n.write(ctx, want[name], have[name])
		if err == nil && want[name].online {
			err = n.renew(ctx, name, want[name].at)
		}
		return err
	})
	maps.DeleteFunc(have, func(name string, h *corev1.Node) bool {
		_, stays := want[name]
		return stays || h.Labels[nodeOf] != n.namespace
	})
	return errors.Join(shown, each(ctx, slices.Sorted(maps.Keys(have)), func(name string) error {
		_ = n.leases().Delete(ctx, name, metav1.DeleteOptions{}) // one that stays says nothing without its Node
		uid := have[name].UID
		err := n.of().Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
		if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return nil
		}
		return fmt.Errorf("kube: node %s: %w", name, err)
	}))
}

// write applies what of a Node is not as it should be.
func (n nodes) write(ctx context.Context, s standIn, have *corev1.Node) error {
	want := s.node
	options := metav1.ApplyOptions{FieldManager: Manager, Force: true}
	if have == nil || !labelled(have, want.Labels) || !tainted(have) || have.Spec.ProviderID != want.Spec.ProviderID {
		main := &unstructured.Unstructured{Object: plain(want)}
		delete(main.Object, "status")
		if _, err := n.of().Apply(ctx, want.Name, main, options); err != nil {
			return fmt.Errorf("kube: node %s: %w", want.Name, err)
		}
	}
	if have != nil && sameStatus(have.Status, want.Status, s.lag) {
		return nil
	}
	status := &unstructured.Unstructured{Object: plain(want)}
	delete(status.Object, "spec")
	if _, err := n.of().ApplyStatus(ctx, want.Name, status, options); err != nil {
		return fmt.Errorf("kube: node %s: %w", want.Name, err)
	}
	return nil
}

func tainted(n *corev1.Node) bool {
	return !slices.ContainsFunc(taints(), func(t corev1.Taint) bool {
		return !slices.ContainsFunc(n.Spec.Taints, func(h corev1.Taint) bool { return h.MatchTaint(&t) })
	})
}

func taints() []corev1.Taint {
	return []corev1.Taint{{Key: notAHost, Effect: corev1.TaintEffectNoSchedule}, {Key: notAHost, Effect: corev1.TaintEffectNoExecute}}
}

// sameStatus compares what muster writes: conditions of others, the moment of a change, and how long
// ago a device was heard, up to a lag, are not.
func sameStatus(have, want corev1.NodeStatus, lag time.Duration) bool {
	for _, w := range want.Conditions {
		i := slices.IndexFunc(have.Conditions, func(h corev1.NodeCondition) bool { return h.Type == w.Type })
		if i < 0 {
			return false
		}
		h := have.Conditions[i]
		if w.LastHeartbeatTime.Sub(h.LastHeartbeatTime.Time) >= lag {
			return false
		}
		h.LastTransitionTime, w.LastTransitionTime = metav1.Time{}, metav1.Time{}
		h.LastHeartbeatTime, w.LastHeartbeatTime = metav1.Time{}, metav1.Time{}
		if h != w {
			return false
		}
	}
	return have.NodeInfo == want.NodeInfo && equality.Semantic.DeepEqual(have.Capacity, want.Capacity) &&
		equality.Semantic.DeepEqual(have.Addresses, want.Addresses)
}

// node is the Node of a device.
func (n nodes) node(r algebra.Reality, ordinal uint32) *corev1.Node {
	d := r.Roster.Device(ordinal)
	name := d.ID.String()
	labels := kubernetesLabels(d.Labels)
	maps.Copy(labels, map[string]string{nodeOf: n.namespace, corev1.LabelHostname: label(name)})
	maps.Copy(labels, kubernetesLabels(map[string]string{nodeArch: d.Facts["arch"], nodeOS: d.Facts["os"]}))
	room := capacity(d.Facts)
	return &corev1.Node{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		// The scheme is unknown to every cloud provider: none takes the device for a machine that is gone.
		Spec: corev1.NodeSpec{Taints: taints(), ProviderID: "muster://" + n.namespace + "/" + name},
		Status: corev1.NodeStatus{
			Capacity: room, Allocatable: room, Conditions: []corev1.NodeCondition{nodeReady(r, ordinal)},
			Addresses: addresses(d), NodeInfo: nodeInfo(d.Facts),
		},
	}
}

// label is a name as the value of a label, which may be shorter than a name is.
func label(name string) string { return strings.TrimRight(name[:min(len(name), 63)], ".-") }

// capacity is what a device has, and room for no pod.
func capacity(facts map[string]string) corev1.ResourceList {
	out := corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}
	for name, fact := range map[corev1.ResourceName]string{corev1.ResourceCPU: "cpus", corev1.ResourceMemory: "mem", corev1.ResourceEphemeralStorage: "disk"} {
		// muster writes MiB where Kubernetes writes Mi.
		if q, err := resource.ParseQuantity(strings.TrimSuffix(facts[fact], "B")); err == nil {
			out[name] = q
		}
	}
	return out
}

func addresses(d algebra.Device) []corev1.NodeAddress {
	out := []corev1.NodeAddress{{Type: corev1.NodeHostName, Address: d.ID.String()}}
	if ip := d.Facts["ip"]; ip != "" {
		out = append(out, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: ip})
	}
	return out
}

func nodeInfo(facts map[string]string) corev1.NodeSystemInfo {
	info := corev1.NodeSystemInfo{Architecture: facts["arch"], OperatingSystem: "linux", KernelVersion: facts["kernel"],
		OSImage: strings.TrimSpace(facts["os"] + " " + facts["os.version"]), KubeletVersion: "muster-agent " + cmp.Or(facts["agent.version"], "?")}
	info.ContainerRuntimeVersion = strings.Replace(facts["runtime.version"], " ", "://", 1) // podman 4.3.1
	return info
}

// nodeReady is the condition of a Node: whether the device is heard, whatever its apps do.
func nodeReady(r algebra.Reality, ordinal uint32) corev1.NodeCondition {
	record := r.Records[r.Roster.ID(ordinal)]
	c := heardOf(record, nil, r.ObservedAt)
	heard := metav1.NewTime(record.Heard.UTC().Truncate(time.Second))
	return corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionStatus(c.Status), Reason: c.Reason, Message: c.Message,
		LastHeartbeatTime: heard, LastTransitionTime: heard}
}
