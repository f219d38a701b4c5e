package kube

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/yaml"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/internal/diag"
)

// Cluster is the resources of one namespace.
type Cluster struct {
	client    dynamic.Interface
	namespace string
	nodes     nodes
	leases    coordination.LeasesGetter
	rate      float32 // of writes and reads a second at most; 0 is as many as the API server takes
}

// Open uses a namespace, in which a World is or is to be. Requests are limited by the
// configuration's QPS and Burst; those about Nodes, whose leases are many, apart from the others.
func Open(config *rest.Config, namespace string) (*Cluster, error) {
	if namespace == "" {
		return nil, errors.New("kube: a namespace is required")
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("kube: %w", err)
	}
	forNodes, err := dynamic.NewForConfig(config) // with a limit of its own
	if err != nil {
		return nil, fmt.Errorf("kube: %w", err)
	}
	inJSON := rest.CopyConfig(config) // as all else is, which an API server of custom resources alone takes too
	inJSON.ContentType = runtime.ContentTypeJSON
	leases, err := coordination.NewForConfig(inJSON) // with a limit of its own: to renew a lease waits for nothing
	if err != nil {
		return nil, fmt.Errorf("kube: %w", err)
	}
	return &Cluster{client, namespace, nodes{forNodes, namespace}, leases, max(config.QPS, 0)}, nil
}

// DefaultRate is how many requests a second are made at most. It bounds what the first showing of a
// large fleet costs others; what is in flight at once is bounded anyway, and the API server's priority
// and fairness share out the rest.
const DefaultRate = 200

// OpenDefault uses a namespace of the API server that kubectl would use: of $KUBECONFIG or
// ~/.kube/config, or else that of the pod this runs in. rate bounds the requests a second; 0 leaves
// that to the API server.
func OpenDefault(namespace string, rate int) (*Cluster, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("kube: no API server is configured; set KUBECONFIG: %w", err)
	}
	if config.QPS, config.Burst = float32(rate), 2*rate; rate == 0 {
		config.QPS = -1 // client-go's word for no limit
	}
	return Open(config, namespace)
}

// Log has the libraries that speak to the API server tell what they have to.
func Log(l *slog.Logger) { klog.SetSlogLogger(l) }

func (c *Cluster) of(k kind) dynamic.ResourceInterface {
	return c.client.Resource(k.resource()).Namespace(c.namespace)
}

// Snapshot is all resources of the namespace, as of one revision of the API server.
type Snapshot struct {
	Revision string
	Objects  []unstructured.Unstructured
}

// readings is how often a reading is begun anew because the API server had compacted its revision.
const readings = 3

// pageSize is how many objects come in one answer.
const pageSize = 500

// Read lists all kinds at one and the same revision: a World never mixes what was before a
// change with what was after it.
func (c *Cluster) Read(ctx context.Context) (Snapshot, error) {
	var err error
	for range readings {
		var s Snapshot
		if s, err = c.read(ctx); err == nil {
			return s, nil
		}
		if !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) {
			break
		}
	}
	if apierrors.IsNotFound(err) {
		return Snapshot{}, fmt.Errorf("kube: the API server does not know muster's resources: muster kube crds | kubectl apply -f -")
	}
	return Snapshot{}, fmt.Errorf("kube: %w", err)
}

func (c *Cluster) read(ctx context.Context) (Snapshot, error) {
	var s Snapshot
	for _, k := range kinds {
		options := metav1.ListOptions{Limit: pageSize}
		if s.Revision != "" {
			options.ResourceVersion, options.ResourceVersionMatch = s.Revision, metav1.ResourceVersionMatchExact
		}
		for {
			list, err := c.of(k).List(ctx, options)
			if err != nil {
				return Snapshot{}, fmt.Errorf("%s: %w", k.plural, err)
			}
			if s.Revision == "" {
				s.Revision = list.GetResourceVersion()
			}
			s.Objects = append(s.Objects, list.Items...)
			if list.GetContinue() == "" {
				break
			}
			options = metav1.ListOptions{Limit: pageSize, Continue: list.GetContinue()}
		}
	}
	return s, nil
}

// ref names an object as diagnostics and events do: Fleet/edge.
func ref(o *unstructured.Unstructured) string { return o.GetKind() + "/" + o.GetName() }

// declares reports whether an object is a document: a Device without spec mirrors the registry,
// and what is being deleted is declared no more.
func declares(o *unstructured.Unstructured) bool {
	return hasSpec(o) && o.GetDeletionTimestamp() == nil
}

// hasSpec reports whether an object is or was a document.
func hasSpec(o *unstructured.Unstructured) bool {
	_, is := o.Object["spec"].(map[string]any)
	return is
}

// statusOf is the status that an object has, to be read only.
func statusOf(o *unstructured.Unstructured) map[string]any {
	status, _ := o.Object["status"].(map[string]any)
	return status
}

// document is an object as a document of a World, in YAML.
func document(o *unstructured.Unstructured) string {
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": worldfile.APIVersion, "kind": o.GetKind(), "metadata": map[string]any{"name": o.GetName()}, "spec": o.Object["spec"],
	})
	if err != nil {
		panic("kube: " + err.Error()) // it came as JSON
	}
	return string(text)
}

// Files are the documents, by the names of their objects.
func (s Snapshot) Files() map[string]string {
	files := map[string]string{}
	for i := range s.Objects {
		if o := &s.Objects[i]; declares(o) {
			files[ref(o)] = document(o)
		}
	}
	return files
}

// World is what the documents declare, or what is wrong with them: places are objects, and
// have no lines.
func (s Snapshot) World() (algebra.World, diag.List) {
	files := s.Files()
	if len(files) == 0 && s.leaving() {
		return algebra.World{}, nil // it was deleted, and what it placed is to go
	}
	if len(files) == 0 {
		return algebra.World{}, diag.List{{Severity: diag.Error, Message: "the namespace declares no World: there is no document in it",
			Hint: "an empty World would stop everything; is this the right namespace?"}}
	}
	w, list := worldfile.LoadFiles(files)
	return w, placed(list, files)
}

// leaving reports whether an object waits for what it placed to go.
func (s Snapshot) leaving() bool {
	return slices.ContainsFunc(s.Objects, func(o unstructured.Unstructured) bool {
		return o.GetDeletionTimestamp() != nil && slices.Contains(o.GetFinalizers(), Finalizer)
	})
}

// placed turns lines of documents that nobody wrote into the objects they stand for; of other
// objects that a message mentions too.
func placed(list diag.List, files map[string]string) diag.List {
	out := make(diag.List, len(list))
	for i, d := range list {
		d.Line, d.Col, d.EndCol, d.SourceLine = 0, 0, 0, ""
		for _, name := range slices.Sorted(maps.Keys(files)) {
			d.Message = withoutLine(d.Message, name)
		}
		out[i] = d
	}
	return out
}

// withoutLine takes the line away from mentions of a file.
func withoutLine(message, file string) string {
	before, after, found := strings.Cut(message, file+":")
	if !found {
		return message
	}
	return before + file + strings.TrimLeft(after, "0123456789")
}
