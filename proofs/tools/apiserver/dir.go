package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// dir is where a server keeps what it has.
type dir struct {
	path, port, token string
}

// open makes what a first start needs, and takes away the sign that an earlier start was ready.
func open(path string) (dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return dir{}, err
	}
	d := dir{path: path}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return dir{}, err
	}
	if err := os.Remove(d.file("kubeconfig")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return dir{}, err
	}
	if d.port, err = d.once("port", freePort); err != nil {
		return dir{}, err
	}
	if d.token, err = d.once("token", func() (string, error) { return rand.Text(), nil }); err != nil {
		return dir{}, err
	}
	if _, err := d.once("tokens.csv", func() (string, error) { return d.token + `,admin,admin,"system:masters"` + "\n", nil }); err != nil {
		return dir{}, err
	}
	if _, err := d.once("audit.yaml", func() (string, error) { return auditPolicy, nil }); err != nil {
		return dir{}, err
	}
	_, err = d.once("accounts.pem", accountKey)
	return d, err
}

// auditPolicy has who did what written down, and no content.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, users: [admin]} # who acts as others
`

func (d dir) file(name string) string { return filepath.Join(d.path, name) }

// once is the text of a file, which is made where it is not there.
func (d dir) once(name string, text func() (string, error)) (string, error) {
	have, err := os.ReadFile(d.file(name))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return string(have), err
	}
	made, err := text()
	if err != nil {
		return "", err
	}
	return made, os.WriteFile(d.file(name), []byte(made), 0o600)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// accountKey signs the tokens of service accounts.
func accountKey() (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalECPrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})), err
}

// etcd starts the store, on ports of its own each time.
func (d dir) etcd() (*embed.Etcd, error) {
	c := embed.NewConfig()
	c.Dir = d.file("etcd")
	c.LogLevel, c.LogOutputs = "error", []string{d.file("etcd.log")}
	c.UnsafeNoFsync = true // a test's store outlives no power cut
	for _, urls := range []*[]url.URL{&c.ListenClientUrls, &c.ListenPeerUrls} {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		*urls = []url.URL{{Scheme: "http", Host: "127.0.0.1:" + port}}
	}
	c.AdvertiseClientUrls, c.AdvertisePeerUrls = c.ListenClientUrls, c.ListenPeerUrls
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	store, err := embed.StartEtcd(c)
	if err != nil {
		return nil, err
	}
	select {
	case <-store.Server.ReadyNotify():
		return store, nil
	case <-time.After(time.Minute):
		store.Close()
		return nil, fmt.Errorf("etcd is not ready after a minute; see %s", d.file("etcd.log"))
	}
}

// flags are those of kube-apiserver. Without a controller manager nobody makes service accounts,
// so pods may go without one.
func (d dir) flags(store *embed.Etcd) []string {
	return []string{
		"--etcd-servers=http://" + store.Clients[0].Addr().String(),
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port=" + d.port,
		"--cert-dir=" + d.file("certs"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + d.file("accounts.pem"), "--service-account-signing-key-file=" + d.file("accounts.pem"),
		"--service-cluster-ip-range=10.0.0.0/24",
		"--authorization-mode=RBAC", "--token-auth-file=" + d.file("tokens.csv"),
		"--disable-admission-plugins=ServiceAccount",
		"--endpoint-reconciler-type=none",
		"--audit-policy-file=" + d.file("audit.yaml"), "--audit-log-path=" + d.file("audit.log"),
		"--watch-cache=true", "--profiling=false",
	}
}

// announce writes the kubeconfig once the server answers that it is ready.
func (d dir) announce() {
	server := "https://127.0.0.1:" + d.port
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // it is known by its token file only
	}}
	for !d.ready(&client, server) {
		time.Sleep(50 * time.Millisecond)
	}
	text := strings.NewReplacer("SERVER", server, "CA", d.file("certs/apiserver.crt"), "TOKEN", d.token).Replace(`apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "SERVER", certificate-authority: "CA"}}]
users: [{name: admin, user: {token: "TOKEN"}}]
contexts: [{name: test, context: {cluster: test, user: admin}}]
current-context: test
`)
	part := d.file("kubeconfig.part")
	err := os.WriteFile(part, []byte(text), 0o600)
	if err == nil {
		err = os.Rename(part, d.file("kubeconfig"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kube-apiserver:", err)
	}
}

func (d dir) ready(client *http.Client, server string) bool {
	request, err := http.NewRequest(http.MethodGet, server+"/readyz", nil)
	if err != nil {
		return false
	}
	request.Header.Set("Authorization", "Bearer "+d.token)
	answer, err := client.Do(request)
	if err != nil {
		return false // it does not listen yet
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}
