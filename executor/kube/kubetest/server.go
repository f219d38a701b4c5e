// Package kubetest is an API server for tests: that of k8s.io/apiextensions-apiserver with an
// etcd, both in this process. It serves custom resources as every API server does, and leases as such,
// and has neither namespaces, users nor the resources of the core.
package kubetest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
	coordination "k8s.io/api/coordination/v1"
	apiext "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	"k8s.io/apiextensions-apiserver/pkg/cmd/server/options"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// Server is an API server that runs until the end of the test, or of all tests of a package.
type Server struct {
	Config *rest.Config
	must   func(error)
	etcd   *embed.Etcd
	dir    string
	port   int
	stop   func()
}

// Start runs a server with these definitions, waits until it serves them, and ends it with the test.
func Start(t testing.TB, crds []apiext.CustomResourceDefinition) *Server {
	t.Helper()
	s := &Server{dir: t.TempDir(), must: func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}}
	t.Cleanup(func() { s.end() })
	s.start(crds)
	return s
}

// Main runs the tests of a package with one server for all of them, and gives what to exit with.
func Main(m *testing.M, crds []apiext.CustomResourceDefinition, server **Server) int {
	dir, err := os.MkdirTemp("", "kubetest")
	s := &Server{dir: dir, must: func(err error) {
		if err != nil {
			panic(err)
		}
	}}
	s.must(err)
	defer os.RemoveAll(dir)
	defer s.end()
	s.start(crds)
	*server = s
	return m.Run()
}

func (s *Server) end() {
	if s.stop != nil {
		s.stop()
	}
	if s.etcd != nil {
		s.etcd.Close()
	}
}

func (s *Server) start(crds []apiext.CustomResourceDefinition) {
	quiet()
	s.startEtcd()
	s.Restart()
	clients, err := clientset.NewForConfig(s.Config)
	s.must(err)
	crds = append(slices.Clone(crds), leases())
	for _, c := range crds {
		_, err := clients.ApiextensionsV1().CustomResourceDefinitions().Create(context.Background(), &c, metav1.CreateOptions{})
		s.must(err)
	}
	for _, c := range crds {
		s.must(wait.PollUntilContextTimeout(context.Background(), 20*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
			have, err := clients.ApiextensionsV1().CustomResourceDefinitions().Get(ctx, c.Name, metav1.GetOptions{})
			if err != nil {
				return false, nil // the server may still be starting
			}
			for _, condition := range have.Status.Conditions {
				if condition.Type == apiext.NonStructuralSchema && condition.Status == apiext.ConditionTrue {
					return false, fmt.Errorf("%s: %s", c.Name, condition.Message)
				}
				if condition.Type == apiext.Established && condition.Status == apiext.ConditionTrue {
					return true, nil
				}
			}
			return false, nil
		}))
	}
}

// leases are served as custom resources: the core's own are not here.
func leases() apiext.CustomResourceDefinition {
	yes := true
	return apiext.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "leases." + coordination.GroupName, Annotations: map[string]string{apiext.KubeAPIApprovedAnnotation: "unapproved, for tests"}},
		Spec: apiext.CustomResourceDefinitionSpec{
			Group: coordination.GroupName, Scope: apiext.NamespaceScoped,
			Names: apiext.CustomResourceDefinitionNames{Kind: "Lease", ListKind: "LeaseList", Plural: "leases", Singular: "lease"},
			Versions: []apiext.CustomResourceDefinitionVersion{{Name: "v1", Served: true, Storage: true,
				Schema: &apiext.CustomResourceValidation{OpenAPIV3Schema: &apiext.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &yes}}}},
		},
	}
}

// quiet keeps the libraries' own log to itself.
func quiet() {
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	_ = flags.Parse([]string{"-logtostderr=false", "-alsologtostderr=false", "-stderrthreshold=FATAL"}) // panics
	klog.SetOutput(io.Discard)
}

func (s *Server) startEtcd() {
	c := embed.NewConfig()
	c.Dir = filepath.Join(s.dir, "etcd")
	c.LogLevel, c.LogOutputs = "error", []string{filepath.Join(s.dir, "etcd.log")}
	c.UnsafeNoFsync = true
	client, peer := s.freeURL(), s.freeURL()
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	var err error
	s.etcd, err = embed.StartEtcd(c)
	s.must(err)
	<-s.etcd.Server.ReadyNotify()
}

// Compact has the store forget all revisions but the present one, as it does from time to time: what
// asks for an older one is told that it is expired.
func (s *Server) Compact() {
	client := v3client.New(s.etcd.Server)
	defer client.Close()
	now, err := client.Get(context.Background(), "none")
	s.must(err)
	_, err = client.Compact(context.Background(), now.Header.Revision)
	if !errors.Is(err, rpctypes.ErrCompacted) { // nothing was written since the last time
		s.must(err)
	}
}

func (s *Server) freeURL() url.URL {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	defer l.Close()
	return url.URL{Scheme: "http", Host: l.Addr().String()}
}

// Restart ends the API server, if it runs, and starts it anew on the same store and port.
func (s *Server) Restart() {
	if s.stop != nil {
		s.stop()
	}
	if s.port == 0 {
		u := s.freeURL()
		_, port, _ := net.SplitHostPort(u.Host)
		_, err := fmt.Sscan(port, &s.port)
		s.must(err)
	}
	kubeconfig := filepath.Join(s.dir, "kubeconfig")
	s.must(os.WriteFile(kubeconfig, fmt.Appendf(nil, "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:%d', insecure-skip-tls-verify: true}}]\ncontexts: [{name: c, context: {cluster: c}}]\ncurrent-context: c\n", s.port), 0o600))
	o := options.NewCustomResourceDefinitionsServerOptions(os.Stderr, os.Stderr)
	r := o.RecommendedOptions
	r.Etcd.StorageConfig.Transport.ServerList = []string{"http://" + s.etcd.Clients[0].Addr().String()}
	r.SecureServing.BindAddress, r.SecureServing.BindPort = net.IPv4(127, 0, 0, 1), s.port
	r.SecureServing.ServerCert.CertDirectory = filepath.Join(s.dir, "certs")
	r.Authentication, r.Authorization, r.Admission = nil, nil, nil
	r.CoreAPI.CoreAPIKubeconfigPath = kubeconfig
	config, err := o.Config()
	s.must(err)
	config.GenericConfig.Authentication.Authenticator = everybody{}
	server, err := config.Complete().New(genericapiserver.NewEmptyDelegate())
	s.must(err)
	server.GenericAPIServer.ShutdownTimeout = 200 * time.Millisecond // watches do not end by themselves
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.GenericAPIServer.PrepareRun().RunWithContext(ctx)
	}()
	s.stop = func() { cancel(); <-done }
	s.Config = &rest.Config{Host: fmt.Sprintf("https://127.0.0.1:%d", s.port), QPS: 1000, Burst: 2000, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}
	s.ready()
}

// everybody who asks is the same user, who may do everything. Were they nobody, the API server would
// end each connection after one request, as it does to who does not say a name.
type everybody struct{}

func (everybody) AuthenticateRequest(*http.Request) (*authenticator.Response, bool, error) {
	return &authenticator.Response{User: &user.DefaultInfo{Name: "test", Groups: []string{user.SystemPrivilegedGroup, user.AllAuthenticated}}}, true, nil
}

// ready waits until the server says it is: to stop one that starts would end this process.
func (s *Server) ready() {
	client, err := rest.HTTPClientFor(s.Config)
	s.must(err)
	s.must(wait.PollUntilContextTimeout(context.Background(), 20*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) {
		answer, err := client.Get(s.Config.Host + "/readyz?exclude=informer-sync") // those of the core, which is not served here
		if err != nil {
			return false, nil // it does not listen yet
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK, nil
	}))
}
