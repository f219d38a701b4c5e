package kube

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"k8s.io/apiserver/pkg/server/dynamiccertificates"
)

// WebhookPath is where an Admission answers the API server.
const WebhookPath = "/validate"

// Serve answers the API server over TLS until ctx ends. Certificate and key are files; when they
// change, as cert-manager and mounted secrets change them, the next connection has the new ones.
func (a Admission) Serve(ctx context.Context, l net.Listener, certificate, key string) error {
	content, err := dynamiccertificates.NewDynamicServingContentFromFiles("webhook", certificate, key)
	if err != nil {
		return fmt.Errorf("kube: webhook: %w", err)
	}
	base := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	current := dynamiccertificates.NewDynamicServingCertificateController(base, nil, content, nil, nil)
	content.AddListener(current)
	if err := current.RunOnce(); err != nil {
		return fmt.Errorf("kube: webhook: %w", err)
	}
	go content.Run(ctx, 1)
	go current.Run(1, ctx.Done())
	base = base.Clone()
	base.GetConfigForClient = current.GetConfigForClient

	mux := http.NewServeMux()
	mux.Handle("POST "+WebhookPath, a)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	server := http.Server{Handler: mux, TLSConfig: base, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.ServeTLS(l, "", "") }()
	select {
	case err := <-ended:
		return fmt.Errorf("kube: webhook: %w", err)
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second) // reviews take no longer
	defer cancel()
	if err := server.Shutdown(within); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("kube: webhook: %w", err)
	}
	return nil
}
