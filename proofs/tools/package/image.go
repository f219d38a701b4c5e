package main

import (
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// image writes an OCI image layout with an image for each platform, of muster alone: the agent
// belongs to the device itself. No daemon is asked and no base is pulled.
func (r release) image(all []built) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, b := range all {
		img, err := r.imageOf(b)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: b.goarch, Variant: b.variant}}})
	}
	path, err := layout.Write(filepath.Join(r.out, "image"), empty.Index)
	if err != nil {
		return err
	}
	return path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "muster"}))
}

func (r release) imageOf(b built) (v1.Image, error) {
	layer, err := tarball.LayerFromOpener(archive([]file{{path: "usr/bin/muster", binary: b.muster}}, r.made), tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err = mutate.Append(img, mutate.Addendum{Layer: layer, MediaType: types.OCILayer, History: v1.History{Created: v1.Time{Time: r.made}, CreatedBy: "muster package"}})
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant, config.Created = "linux", b.goarch, b.variant, v1.Time{Time: r.made}
	config.Config = v1.Config{Entrypoint: []string{"/usr/bin/muster"}, User: "65532:65532", Env: []string{"PATH=/usr/bin", "HOME=/"}, WorkingDir: "/",
		Labels: map[string]string{"org.opencontainers.image.title": "muster", "org.opencontainers.image.version": r.version,
			"org.opencontainers.image.licenses": "Apache-2.0", "org.opencontainers.image.source": "https://github.com/musterfleet/muster"}}
	return mutate.ConfigFile(img, config)
}
