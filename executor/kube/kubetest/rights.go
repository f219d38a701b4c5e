package kubetest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	rbac "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
)

// Idle are the rights of a service account that it made no use of since the server was first started:
// each as a verb, a resource and its group.
func (f *Full) Idle(ctx context.Context, namespace, account string) ([]string, error) {
	rights, err := f.rights(ctx, namespace, account)
	if err != nil {
		return nil, err
	}
	used, err := f.used("system:serviceaccount:" + namespace + ":" + account)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(rights, func(right string, _ bool) bool { return used[right] })
	return slices.Sorted(maps.Keys(rights)), nil
}

// rights are those that roles give to a service account.
func (f *Full) rights(ctx context.Context, namespace, account string) (map[string]bool, error) {
	client, err := dynamic.NewForConfig(f.Config)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, plural := range []string{"rolebindings", "clusterrolebindings"} {
		list, err := client.Resource(rbac.SchemeGroupVersion.WithResource(plural)).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		for _, u := range list.Items {
			var b rbac.RoleBinding // a cluster's binding has the same fields
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &b); err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(b.Subjects, func(s rbac.Subject) bool { return s.Name == account && s.Namespace == namespace }) {
				continue
			}
			role, err := client.Resource(rbac.SchemeGroupVersion.WithResource(strings.ToLower(b.RoleRef.Kind)+"s")).Namespace(b.Namespace).Get(ctx, b.RoleRef.Name, metav1.GetOptions{})
			if err != nil {
				return nil, err
			}
			var r rbac.Role
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(role.Object, &r); err != nil {
				return nil, err
			}
			for _, rule := range r.Rules {
				for _, group := range rule.APIGroups {
					for _, resource := range rule.Resources {
						for _, verb := range rule.Verbs {
							out[right(verb, resource, group)] = true
						}
					}
				}
			}
		}
	}
	return out, nil
}

func right(verb, resource, group string) string {
	return strings.TrimSpace(verb + " " + resource + " " + group)
}

// used are the rights that a user made use of, by what the server wrote down.
func (f *Full) used(user string) (map[string]bool, error) {
	log, err := os.Open(filepath.Join(f.dir, "audit.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	out := map[string]bool{}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event struct {
			Verb             string
			ImpersonatedUser struct{ Username string }
			ObjectRef        struct{ Resource, Subresource, APIGroup string }
			ResponseStatus   struct{ Code int }
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return nil, fmt.Errorf("audit.log: %w", err)
		}
		if event.ImpersonatedUser.Username != user || event.ResponseStatus.Code == 403 {
			continue
		}
		resource := event.ObjectRef.Resource
		if event.ObjectRef.Subresource != "" {
			resource += "/" + event.ObjectRef.Subresource
		}
		out[right(event.Verb, resource, event.ObjectRef.APIGroup)] = true
		if event.Verb == "patch" && event.ResponseStatus.Code == 201 { // what is applied and not there is created
			out[right("create", resource, event.ObjectRef.APIGroup)] = true
		}
	}
	return out, lines.Err()
}
