package planfile

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

// From writes a plan as a file. reality is what the plan was made from; now and request are
// not covered by the plan's digest. As with Decode, lists and maps of the file may be shared within it.
func From(p planner.Plan, reality algebra.Reality, request Request, now time.Time) File {
	f := File{
		APIVersion: "muster.fleet/v1alpha1", Kind: Kind, FormatVersion: FormatVersion,
		Now: now.UTC(), Applyable: !p.IsEmpty(), Complete: !p.Partial, Request: request,
		Metadata:      Metadata{Labels: map[string]string{}, Annotations: map[string]string{}},
		Base:          base(p),
		PolicyResults: []PolicyResult{}, Approvals: []Approval{},
		ResourceChanges: []Change{}, ResourceDrift: []Drift{}, Blocked: []Blocked{}, InFlight: []InFlight{},
	}
	f.Request.Groups = append([]string{}, request.Groups...)
	f.Request.VCS.Approvals = append([]string{}, request.VCS.Approvals...)
	w := newWriter(p, reality)
	f.ResourceChanges = slices.Grow(f.ResourceChanges, len(p.Registry)+len(p.Changes)+len(p.AtRest))
	for i, c := range p.Registry {
		f.ResourceChanges = append(f.ResourceChanges, w.registry(i, c))
	}
	for _, c := range p.Changes {
		f.ResourceChanges = append(f.ResourceChanges, w.deployment(c))
	}
	for i, s := range p.AtRest {
		f.ResourceChanges = append(f.ResourceChanges, w.atRest(i, s))
	}
	for _, d := range p.Drift {
		f.ResourceDrift = append(f.ResourceDrift, Drift{d.At.String(), d.Published.Version.String(), d.Running.Version.String(), phase(d.Phase), d.Detail})
	}
	for _, b := range p.Blocked {
		f.Blocked = append(f.Blocked, blocked(b))
	}
	for _, s := range p.InFlight {
		f.InFlight = append(f.InFlight, inFlight(s))
	}
	f.Rollouts, f.Batches, f.Emptied = rollouts(p), batches(p, f.ResourceChanges), emptied(p)
	f.Summary = summary(f.ResourceChanges, p)
	f.Aggregates, f.Images = aggregates(p, reality), images(p)
	f.Risk = f.Weighed()
	digest := f.Digest()
	f.Metadata.Name, f.Metadata.Digest = nameOf(digest), digest.String()
	return f
}

// JSON is the canonical bytes, indented for people, with a newline at the end.
func (f File) JSON() []byte {
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		panic("planfile: " + err.Error()) // plain data always encodes
	}
	return append(b, '\n')
}

func base(p planner.Plan) Base {
	b := Base{WorldDigest: p.World.String(), ObservedAt: p.Observed.UTC(), Devices: []DeviceBase{}}
	for id, on := range p.Base {
		b.Devices = append(b.Devices, DeviceBase{id.String(), on.Registry, on.Desired, on.Read.String()})
		b.RealityRevision = max(b.RealityRevision, on.Registry, on.Desired)
	}
	slices.SortFunc(b.Devices, func(x, y DeviceBase) int { return cmp.Compare(x.ID, y.ID) })
	text, err := json.Marshal(b.Devices)
	if err != nil {
		panic("planfile: " + err.Error()) // plain data always encodes
	}
	b.RealityDigest = algebra.DigestOf(text).String()
	return b
}

// deployment shows what is known of a release; an unknown one has its version and digest only.
func deployment(d algebra.Deployment, rel algebra.Release, app algebra.App, values algebra.Values) *Deployment {
	out := &Deployment{App: app.String(), Version: rel.Version.String(), Digest: rel.Deployment.String(),
		Podman: Podman{Containers: []Container{}}, Files: []WrittenFile{}, Units: []Unit{}, Requires: []string{}, Takes: []string{}, Values: orEmpty(values)}
	if d.IsZero() {
		return out
	}
	for _, a := range d.Requires() {
		out.Requires = append(out.Requires, a.String())
	}
	out.Takes = append(out.Takes, d.Takes()...)
	out.workload(d.Spec())
	return out
}

func container(c algebra.Container) Container {
	out := Container{Name: c.Name, Image: c.Image, Command: append([]string{}, c.Command...), Env: map[string]string{},
		Ports: []Port{}, Mounts: []Mount{}, Network: string(c.Network), Restart: string(cmp.Or(c.Restart, "always")),
		Pull: string(cmp.Or(c.Pull, "missing")), Health: []string{}, Memory: c.Memory, Privileged: c.Privileged, Secrets: []Secret{}}
	for _, s := range c.Secrets {
		out.Secrets = append(out.Secrets, Secret(s))
	}
	for name, e := range c.Env {
		out.Env[name] = input(e)
	}
	for _, p := range c.Ports {
		out.Ports = append(out.Ports, Port{int(p.Host), int(cmp.Or(p.Container, p.Host)), string(cmp.Or(p.Protocol, "tcp"))})
	}
	for _, m := range c.Mounts {
		out.Mounts = append(out.Mounts, Mount(m))
	}
	if c.Health != nil {
		out.Health = append(out.Health, c.Health.Exec...)
	}
	return out
}

func blocked(b planner.Blocked) Blocked {
	out := Blocked{Address: b.At.String(), Reason: b.Why.String(), Detail: b.Detail, Sources: []Source{}}
	for _, s := range b.Sources {
		out.Sources = append(out.Sources, Source(s))
	}
	return out
}

func inFlight(s planner.InFlight) InFlight {
	return InFlight{s.At.String(), s.Want.Version.String(), phase(s.Phase), s.Detail}
}

func phase(p algebra.Phase) string {
	if p == 0 {
		return unknownPhase
	}
	return p.String()
}

func orEmpty[M ~map[string]string](m M) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
