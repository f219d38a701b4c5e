package kube

import (
	"context"
	"fmt"
	"time"

	coordination "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// leaseEvery is how often a Node's lease is renewed. The node lifecycle controller of Kubernetes
// takes a Node for lost that renewed nothing for 40 s, or longer where it is told so.
const leaseEvery = 15 * time.Second

func (n nodes) leases() dynamic.ResourceInterface {
	return n.client.Resource(coordination.SchemeGroupVersion.WithResource("leases")).Namespace(corev1.NamespaceNodeLease)
}

// renew has Kubernetes believe that a device that is online is.
func (n nodes) renew(ctx context.Context, name string, at time.Time) error {
	seconds, now := int32(40), metav1.NewMicroTime(at.UTC())
	lease := plain(coordination.Lease{
		TypeMeta:   metav1.TypeMeta{APIVersion: coordination.SchemeGroupVersion.String(), Kind: "Lease"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: corev1.NamespaceNodeLease},
		Spec:       coordination.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &now},
	})
	if _, err := n.leases().Apply(ctx, name, &unstructured.Unstructured{Object: lease}, metav1.ApplyOptions{FieldManager: Manager, Force: true}); err != nil {
		return fmt.Errorf("kube: lease of node %s: %w", name, err)
	}
	return nil
}
