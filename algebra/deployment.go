package algebra

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Deployment is one version of an app: an immutable value whose identity is the digest of
// its canonical form. The zero value is no deployment.
type Deployment struct{ body *deployment }

type deployment struct {
	spec   DeploymentSpec
	bytes  []byte
	digest Digest
}

// DeploymentSpec is the content of a Deployment, in the form that is stored and sent.
// Field order is the canonical order: changing it changes every digest.
type DeploymentSpec struct {
	App      App     `json:"app"`
	Version  Version `json:"version"`
	Podman   *Podman `json:"podman,omitempty"`
	Requires []App   `json:"requires,omitempty"`
	// Files and Systemd came later: behind Requires they leave the digests of others as they were.
	Files   *Files   `json:"files,omitempty"`
	Systemd *Systemd `json:"systemd,omitempty"`
}

// Release is what is placed in an app's slot on one device: a deployment, and the values it
// takes from that device. Two releases are the same iff both digests are. The zero Release
// is an empty slot.
type Release struct {
	Version    Version
	Deployment Digest
	Values     Digest
}

// IsZero reports an empty slot.
func (r Release) IsZero() bool { return r.Deployment.IsZero() }

// NewDeployment checks a spec and gives it its identity. The spec is copied. Requires is a
// set: its order is not part of the identity.
func NewDeployment(spec DeploymentSpec) (Deployment, error) {
	spec.Requires = slices.Compact(slices.SortedFunc(slices.Values(spec.Requires), App.Compare))
	if err := spec.check(); err != nil {
		return Deployment{}, err // before the names of nothing fail to encode
	}
	spec.Podman, spec.Files, spec.Systemd = spec.Podman.withoutDefaults(), spec.Files.withoutDefaults(), spec.Systemd.withoutDefaults()
	b, err := json.Marshal(spec)
	if err != nil {
		return Deployment{}, fmt.Errorf("deployment %s@%s: %w", spec.App, spec.Version, err)
	}
	return ParseDeployment(b)
}

func (s DeploymentSpec) check() error {
	if s.App.IsZero() || s.Version == (Version{}) {
		return errors.New("deployment: app and version are required")
	}
	if err := s.checkWorkload(); err != nil {
		return fmt.Errorf("deployment %s@%s: %w", s.App, s.Version, err)
	}
	for i, app := range s.Requires {
		if app.IsZero() || i > 0 && s.Requires[i-1].Compare(app) >= 0 {
			return fmt.Errorf("deployment %s@%s: requires: not a sorted list of different apps", s.App, s.Version)
		}
	}
	return nil
}

// ParseDeployment reads the canonical form back, and checks it as NewDeployment does: it
// comes over the wire. Bytes that are not canonical are refused, so that a digest always
// names one text.
func ParseDeployment(canonical []byte) (Deployment, error) {
	d := &deployment{bytes: slices.Clone(canonical), digest: DigestOf(canonical)}
	if err := json.Unmarshal(canonical, &d.spec); err != nil {
		return Deployment{}, fmt.Errorf("deployment: %w", err)
	}
	again, err := json.Marshal(d.spec)
	if err != nil || string(again) != string(canonical) {
		return Deployment{}, unreadable(canonical)
	}
	if err := d.spec.check(); err != nil {
		return Deployment{}, err
	}
	return Deployment{d}, nil
}

// unreadable says why bytes are no canonical form: most often they are one of a newer version, of which
// what is not known here cannot be left out, as what runs would be something else.
func unreadable(canonical []byte) error {
	d := json.NewDecoder(bytes.NewReader(canonical))
	d.DisallowUnknownFields()
	if err := d.Decode(new(DeploymentSpec)); err != nil {
		if field, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
			return fmt.Errorf("deployment: field %s is not known to this version", field)
		}
	}
	return errors.New("deployment: not in canonical form")
}

// DigestOf is the digest of bytes.
func DigestOf(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest{"sha256:" + hex.EncodeToString(sum[:])}
}

// App is the slot the deployment runs in.
func (d Deployment) App() App { return d.body.spec.App }

// Version is the version of the app.
func (d Deployment) Version() Version { return d.body.spec.Version }

// Digest is the deployment's identity.
func (d Deployment) Digest() Digest { return d.body.digest }

// Canonical is the form the digest covers.
func (d Deployment) Canonical() []byte { return slices.Clone(d.body.bytes) }

// Spec is the content. It shares memory with the deployment and must not be changed.
func (d Deployment) Spec() DeploymentSpec { return d.body.spec }

// IsZero reports no deployment.
func (d Deployment) IsZero() bool { return d.body == nil }

// Ref is the name of the deployment in a World.
func (d Deployment) Ref() DeploymentRef { return DeploymentRef{d.App(), d.Version()} }

// String is web@2.1.0.
func (d Deployment) String() string {
	if d.IsZero() {
		return "none"
	}
	return d.App().String() + "@" + d.Version().String()
}

// Compare orders by app, version text and digest.
func (d Deployment) Compare(o Deployment) int {
	return cmp.Or(d.App().Compare(o.App()), strings.Compare(d.Version().s, o.Version().s),
		strings.Compare(d.Digest().s, o.Digest().s))
}

// DeploymentRef names a deployment in a World: app@version.
type DeploymentRef struct {
	App     App
	Version Version
}

// String is web@2.1.0.
func (r DeploymentRef) String() string { return r.App.s + "@" + r.Version.s }

// Requires lists the apps that must run on the device for this deployment to.
func (d Deployment) Requires() []App { return d.body.spec.Requires }
