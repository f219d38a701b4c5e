//go:build remote && containers_image_openpgp

package podman

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/containers/podman/v5/pkg/bindings/images"
	"github.com/containers/podman/v5/pkg/bindings/secrets"
	"github.com/containers/podman/v5/pkg/specgen"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Secrets opens the secrets of the device: agent/vault.
type Secrets interface {
	Secret(ctx context.Context, name wire.SecretName, use wire.SecretUse) (text []byte, revision uint64, err error)
}

// secretPrefix begins the names of what podman keeps of an app's secrets. No part may hold an
// underscore, so no two apps share a name.
func (r *Runtime) secretPrefix(app algebra.App) string {
	return "muster_" + r.device.String() + "_" + app.String() + "_"
}

// openSecrets sees whether all secrets of a deployment can be had, and keeps them sealed.
func (r *Runtime) openSecrets(ctx context.Context, d algebra.Deployment) error {
	_, err := r.secretTexts(ctx, d)
	return err
}

func (r *Runtime) secretTexts(ctx context.Context, d algebra.Deployment) (map[string][]byte, error) {
	texts := map[string][]byte{}
	for _, c := range d.Spec().Podman.Containers {
		for _, use := range c.Secrets {
			if r.Secrets == nil {
				return nil, fmt.Errorf("container %s: secret %s: this agent has none", c.Name, use.Name)
			}
			text, _, err := r.Secrets.Secret(ctx, wire.SecretName(use.Name), wire.ForContainers)
			if err != nil {
				return nil, fmt.Errorf("container %s: %w", c.Name, err)
			}
			texts[use.Name] = text
		}
	}
	return texts, nil
}

// giveSecrets hands podman the secrets of a deployment that is about to start.
func (r *Runtime) giveSecrets(ctx context.Context, d algebra.Deployment) error {
	texts, err := r.secretTexts(ctx, d)
	if err != nil {
		return err
	}
	if err := r.dropSecrets(ctx, d.App()); err != nil {
		return err
	}
	for name, text := range texts {
		if _, err := secrets.Create(ctx, bytes.NewReader(text), &secrets.CreateOptions{Name: ptr(r.secretPrefix(d.App()) + name)}); err != nil {
			return fmt.Errorf("secret %s: %w", name, err)
		}
	}
	return nil
}

// dropSecrets has podman forget the secrets of an app.
func (r *Runtime) dropSecrets(ctx context.Context, app algebra.App) error {
	list, err := secrets.List(ctx, nil)
	if err != nil {
		return fmt.Errorf("secrets: %w", err)
	}
	var errs []error
	for _, s := range list {
		if !strings.HasPrefix(s.Spec.Name, r.secretPrefix(app)) {
			continue
		}
		if err := secrets.Remove(ctx, s.ID); err != nil && !notFound(err) {
			errs = append(errs, fmt.Errorf("secret %s: %w", s.Spec.Name, err))
		}
	}
	return errors.Join(errs...)
}

// showSecrets has a container see its secrets: only its own user can read the files.
func (r *Runtime) showSecrets(s *specgen.SpecGenerator, app algebra.App, c algebra.Container) {
	for _, use := range c.Secrets {
		name := r.secretPrefix(app) + use.Name
		if use.Env == "" {
			s.Secrets = append(s.Secrets, specgen.Secret{Source: name, Target: use.Path, Mode: 0o400})
			continue
		}
		if s.EnvSecrets == nil {
			s.EnvSecrets = map[string]string{}
		}
		s.EnvSecrets[use.Env] = name
	}
}

// login adds the credentials of the image's registry, if the fleet has some for this device. An
// error counts only if the image cannot be had without them.
func (r *Runtime) login(ctx context.Context, image string, o *images.PullOptions) error {
	host := registryOf(image)
	if r.Secrets == nil || host == "" {
		return nil
	}
	text, _, err := r.Secrets.Secret(ctx, wire.SecretName(host), wire.ForRegistry)
	if err != nil {
		return err
	}
	var l wire.RegistryLogin
	if err := json.Unmarshal(text, &l); err != nil {
		return fmt.Errorf("credentials of %s: not what muster secret set --registry writes", host)
	}
	o.Username, o.Password = &l.Username, &l.Password
	return nil
}

// registryOf is the host of an image's registry, empty if the name has none.
func registryOf(image string) string {
	host, _, found := strings.Cut(image, "/")
	if !found || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return ""
	}
	return strings.ToLower(host)
}
