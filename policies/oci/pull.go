package oci

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"path"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// Bundle is the name of a layer that is an OPA bundle.
const Bundle = "bundle.tar.gz"

// maxSize is how large an artifact may be, in bytes.
const maxSize = 64 << 20

// Pull fetches the files of an artifact by its reference, host[:port]/name and :tag or @digest.
func Pull(ctx context.Context, reference string) (map[string][]byte, error) {
	repo, err := repository(reference)
	if err != nil {
		return nil, fmt.Errorf("oci://%s: %w", reference, err)
	}
	files, err := pull(ctx, repo)
	if err != nil {
		return nil, fmt.Errorf("oci://%s: %w", reference, err)
	}
	return files, nil
}

func repository(reference string) (*remote.Repository, error) {
	ref, err := registry.ParseReference(reference)
	if err != nil {
		return nil, err
	}
	if ref.Reference == "" {
		return nil, fmt.Errorf("name a tag or a digest, such as %s:v1", reference)
	}
	repo, err := remote.NewRepository(reference)
	if err != nil {
		return nil, err
	}
	store, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	repo.Client = &auth.Client{Client: retry.DefaultClient, Cache: auth.NewCache(), Credential: credentials.Credential(store)}
	repo.PlainHTTP = isLocal(ref.Host())
	return repo, nil
}

// isLocal reports whether a registry is on this machine.
func isLocal(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

func pull(ctx context.Context, repo *remote.Repository) (map[string][]byte, error) {
	_, text, err := oras.FetchBytes(ctx, repo, repo.Reference.Reference, oras.DefaultFetchBytesOptions)
	if err != nil {
		return nil, err
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, fmt.Errorf("its manifest: %w", err)
	}
	if len(manifest.Layers) == 0 {
		return nil, fmt.Errorf("it has no files")
	}
	size, files := int64(0), map[string][]byte{}
	for _, layer := range manifest.Layers {
		if size += layer.Size; layer.Size < 0 || size > maxSize {
			return nil, fmt.Errorf("it is larger than %d MiB", maxSize>>20)
		}
		name, err := nameOf(layer)
		if err != nil {
			return nil, err
		}
		if _, twice := files[name]; twice {
			return nil, fmt.Errorf("it has two files named %s", name)
		}
		if files[name], err = content.FetchAll(ctx, repo, layer); err != nil { // checks size and digest
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return files, nil
}

// nameOf is the name a layer was pushed under.
func nameOf(layer ocispec.Descriptor) (string, error) {
	name := layer.Annotations[ocispec.AnnotationTitle]
	switch {
	case strings.HasSuffix(layer.MediaType, "tar+gzip") || strings.HasSuffix(name, ".tar.gz"):
		return Bundle, nil
	case name == "":
		return "", fmt.Errorf("a layer of type %s has no name", layer.MediaType)
	}
	return strings.TrimPrefix(path.Clean("/"+name), "/"), nil
}
