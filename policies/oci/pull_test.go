package oci_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/musterfleet/muster/policies/oci"
)

// serve runs Debian's registry on this machine and gives its address.
func serve(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		t.Skip("no registry here: apt-get install docker-registry")
	}
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", filepath.Join(dir, "data"), address)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "serve", config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // killed
	})
	for range 200 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close() // only looked
			return address
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the registry does not listen")
	return ""
}

// push puts files into a registry as conftest does, and gives the digest.
func push(t *testing.T, reference string, layers map[string][]byte, mediaType string) string {
	t.Helper()
	ctx, store := context.Background(), memory.New()
	var descriptors []ocispec.Descriptor
	for name, text := range layers {
		d, err := oras.PushBytes(ctx, store, mediaType, text)
		if err != nil {
			t.Fatal(err)
		}
		if name != "" {
			d.Annotations = map[string]string{ocispec.AnnotationTitle: name}
		}
		descriptors = append(descriptors, d)
	}
	manifest, err := oras.PackManifest(ctx, store, oras.PackManifestVersion1_1, "application/vnd.example.policies", oras.PackManifestOptions{Layers: descriptors})
	if err != nil {
		t.Fatal(err)
	}
	repo, err := remote.NewRepository(reference)
	if err != nil {
		t.Fatal(err)
	}
	repo.PlainHTTP = true
	if err := store.Tag(ctx, manifest, repo.Reference.Reference); err != nil {
		t.Fatal(err)
	}
	if _, err := oras.Copy(ctx, store, repo.Reference.Reference, repo, repo.Reference.Reference, oras.DefaultCopyOptions); err != nil {
		t.Fatal(err)
	}
	return manifest.Digest.String()
}

// What was pushed comes back by tag and by digest, and a tag that moved is seen by its digest.
func TestPull(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	host, ctx := serve(t), context.Background()
	const rego = "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego"
	files := map[string][]byte{"policy/a.rego": []byte("package main"), "data/limits.json": []byte("{}")}
	digest := push(t, host+"/team/policies:v1", files, rego)
	for _, reference := range []string{host + "/team/policies:v1", host + "/team/policies@" + digest} {
		got, err := oci.Pull(ctx, reference)
		if err != nil || len(got) != 2 || string(got["policy/a.rego"]) != "package main" || string(got["data/limits.json"]) != "{}" {
			t.Errorf("%s: %v %v", reference, got, err)
		}
	}
	push(t, host+"/team/policies:v1", map[string][]byte{"b.rego": []byte("package b")}, rego)
	if got, err := oci.Pull(ctx, host+"/team/policies@"+digest); err != nil || len(got) != 2 {
		t.Errorf("by digest, after the tag moved: %v %v", got, err)
	}
	push(t, host+"/bundles:v1", map[string][]byte{"": []byte("tar")}, "application/vnd.oci.image.layer.v1.tar+gzip")
	if got, err := oci.Pull(ctx, host+"/bundles:v1"); err != nil || string(got[oci.Bundle]) != "tar" {
		t.Errorf("a bundle: %v %v", got, err)
	}
	push(t, host+"/bundles:v2", map[string][]byte{"../../x.rego": []byte("package x")}, rego)
	if got, err := oci.Pull(ctx, host+"/bundles:v2"); err != nil || string(got["x.rego"]) != "package x" {
		t.Errorf("names stay inside: %v %v", got, err)
	}
	for reference, want := range map[string]string{
		host + "/team/policies":    "name a tag or a digest, such as " + host + "/team/policies:v1",
		host + "/team/policies:v9": "not found",
		"!!":                       "invalid reference",
	} {
		if _, err := oci.Pull(ctx, reference); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", reference, err, want)
		}
	}
}
