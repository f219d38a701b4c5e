package kube_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/musterfleet/muster/executor/kube"
	"github.com/musterfleet/muster/executor/kube/kubetest"
)

// TestWebhookCertificates: a certificate that is replaced is shown to who connects next, and the
// webhook ends with its context.
func TestWebhookCertificates(t *testing.T) {
	dir := t.TempDir()
	_, err := kubetest.Certify(dir, "first.example")
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- kube.Admission{}.Serve(ctx, l, filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"))
	}()
	shown := func() string {
		conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		must(t, err)
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].DNSNames[0]
	}
	if name := shown(); name != "first.example" {
		t.Errorf("the certificate is of %s", name)
	}
	_, err = kubetest.Certify(dir, "second.example")
	must(t, err)
	for end := time.Now().Add(20 * time.Second); shown() != "second.example"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the new certificate is not shown within 20 s")
		}
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	answer, err := client.Post("https://"+l.Addr().String()+kube.WebhookPath, "application/json", bytes.NewReader([]byte("{}")))
	must(t, err)
	answer.Body.Close()
	if answer.StatusCode != http.StatusBadRequest {
		t.Errorf("no review: %s", answer.Status)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := (kube.Admission{}).Serve(t.Context(), l, filepath.Join(dir, "none"), filepath.Join(dir, "tls.key")); err == nil {
		t.Error("a certificate that is not there is none")
	}
}
