package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/musterfleet/muster/policies/oci"
	"github.com/musterfleet/muster/policies/rego"
)

// registryPrefix begins what names policies in a registry.
const registryPrefix = "oci://"

// isDirectory reports whether -p names a directory, rather than a bundle or a registry's artifact.
func (j judging) isDirectory() bool {
	return !strings.HasPrefix(j.dir, registryPrefix) && !strings.HasSuffix(j.dir, ".tar.gz")
}

// set reads the Rego modules of -p wherever they are, and the data they come with.
func (j judging) set() (rego.Set, error) {
	if j.isDirectory() {
		if j.key != "" {
			return rego.Set{}, errors.New("--verification-key: only a bundle is signed; -p names a directory")
		}
		modules, err := readModules(j.dir)
		return rego.Set{Modules: modules}, err
	}
	set, err := j.packed()
	if err != nil {
		return rego.Set{}, err
	}
	for i := range set.Modules {
		set.Modules[i].File = j.dir + "!" + set.Modules[i].File
	}
	if len(set.Modules) == 0 {
		return rego.Set{}, fmt.Errorf("%s: there is no policy in it", j.dir)
	}
	return set, nil
}

// packed reads a bundle, or an artifact of a registry, which may be a bundle too.
func (j judging) packed() (rego.Set, error) {
	var key []byte
	if j.key != "" {
		var err error
		if key, err = os.ReadFile(j.key); err != nil {
			return rego.Set{}, fmt.Errorf("--verification-key: %w", err)
		}
	}
	reference, remote := strings.CutPrefix(j.dir, registryPrefix)
	if !remote {
		text, err := os.ReadFile(j.dir)
		if err != nil {
			return rego.Set{}, err
		}
		return bundled(j.dir, text, key)
	}
	const patience = time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	files, err := oci.Pull(ctx, reference)
	if err != nil {
		return rego.Set{}, err
	}
	if text, ok := files[oci.Bundle]; ok && len(files) == 1 {
		return bundled(j.dir, text, key)
	}
	if key != nil {
		return rego.Set{}, fmt.Errorf("--verification-key: %s holds files, and only a bundle is signed; name it by digest instead", j.dir)
	}
	set, err := rego.FromFiles(files)
	if err != nil {
		return rego.Set{}, fmt.Errorf("%s: %w", j.dir, err)
	}
	return set, nil
}

func bundled(name string, text, key []byte) (rego.Set, error) {
	set, err := rego.ReadBundle(bytes.NewReader(text), key)
	if err != nil {
		return rego.Set{}, fmt.Errorf("%s: %w", name, err)
	}
	return set, nil
}

// readData is what --data gives, beside what the policies bring along.
func (j judging) readData(own map[string]any) (map[string]any, error) {
	data, err := rego.ReadData(j.data)
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(own)) {
		if _, twice := data[key]; twice {
			return nil, fmt.Errorf("--data: data.%s comes with %s already", key, j.dir)
		}
		data[key] = own[key]
	}
	return data, nil
}
