package algebratest

import (
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/proofs/reference"
	"github.com/musterfleet/muster/selectors"
)

// ReferenceDevices is the devices of a roster in the words of the oracle.
func ReferenceDevices(r *algebra.Roster) []reference.Device {
	var out []reference.Device
	for d := range r.Devices() {
		out = append(out, reference.Device{ID: d.ID.String(), Labels: d.Labels, Facts: d.Facts})
	}
	return out
}

// ReferenceNames is what the names of a vocabulary or World stand for.
func ReferenceNames(bound map[string]*selectors.Bound) reference.Names {
	names := reference.Names{}
	for name, b := range bound {
		names[name] = b.Expr()
	}
	return names
}

// ReferenceWorld is the World in the words of the oracle.
func (s Situation) ReferenceWorld() reference.World {
	w := reference.World{Names: reference.Names{}, Deployments: map[string]reference.Deployment{}}
	for _, f := range s.World.Fleets {
		w.Names[f.Name] = f.Expr.Expr()
	}
	for _, a := range s.World.Assignments {
		w.Names[a.Name] = a.Expr.Expr()
		if !a.Abstract {
			w.Assignments = append(w.Assignments, a.Expr.Expr())
		}
	}
	for _, d := range s.World.Deployments {
		w.Deployments[d.Ref().String()] = ReferenceDeployment(d.Deployment)
	}
	for _, d := range s.World.Devices {
		w.Devices = append(w.Devices, reference.Document{ID: d.ID.String(), Labels: d.Labels, Decommissioned: d.Decommissioned})
	}
	return w
}

// ReferenceDeployment reads the spec afresh rather than asking the deployment what it holds.
func ReferenceDeployment(d algebra.Deployment) reference.Deployment {
	spec := d.Spec()
	out := reference.Deployment{App: spec.App.String(), Version: spec.Version.String(), Digest: d.Digest().String()}
	for _, c := range containers(spec) {
		out.Resources = append(out.Resources, "name "+c.Name)
		for _, p := range c.Ports {
			transport := "tcp"
			if p.Protocol == "udp" {
				transport = "udp"
			}
			out.Resources = append(out.Resources, transport+string(rune(p.Host)))
		}
		for _, e := range c.Env {
			if e.FromLabel != "" {
				out.Takes = append(out.Takes, selectors.Key{Label: true, Name: e.FromLabel})
			}
			if e.FromFact != "" {
				out.Takes = append(out.Takes, selectors.Key{Name: e.FromFact})
			}
		}
	}
	if spec.Files != nil {
		for _, f := range spec.Files.Files {
			out.Resources = append(out.Resources, "file "+f.Path)
		}
	}
	for _, a := range spec.Requires {
		out.Requires = append(out.Requires, a.String())
	}
	return out
}

// ReferenceReality is the Reality in the words of the oracle.
func (s Situation) ReferenceReality() reference.Reality {
	out := reference.Reality{
		Revoked: reference.Set{}, Decommissioned: reference.Set{},
		Published: reference.Placement{}, Reports: map[reference.Slot]reference.Report{},
	}
	known := map[algebra.DeviceID]bool{}
	for _, d := range s.Devices {
		known[d.ID] = true
		out.Devices = append(out.Devices, reference.Device{ID: d.ID.String(), Labels: d.Labels, Facts: d.Facts})
	}
	for id, rec := range s.Records {
		switch rec.Lifecycle {
		case algebra.Revoked:
			out.Revoked[id.String()] = true
		case algebra.Decommissioned:
			out.Decommissioned[id.String()] = true
		case 0, algebra.Requested, algebra.Enrolled:
		}
	}
	for at, rel := range s.Published {
		if known[at.Device] && !rel.IsZero() {
			out.Published[ReferenceSlot(at)] = ReferenceRelease(rel)
		}
	}
	for at, st := range s.Slots {
		good := []algebra.Phase{algebra.Running, algebra.Completed}
		out.Reports[ReferenceSlot(at)] = reference.Report{
			Release: ReferenceRelease(st.Release), Refused: st.Phase == algebra.Refused, Running: slices.Contains(good, st.Phase),
		}
	}
	for _, d := range s.Specs {
		out.Specs = append(out.Specs, ReferenceDeployment(d))
	}
	return out
}

// ReferenceSlot is a slot in the words of the oracle.
func ReferenceSlot(at algebra.Slot) reference.Slot {
	return reference.Slot{Device: at.Device.String(), App: at.App.String()}
}

// ReferenceRelease is a release in the words of the oracle.
func ReferenceRelease(rel algebra.Release) reference.Release {
	return reference.Release{Version: rel.Version.String(), Deployment: rel.Deployment.String(), Values: rel.Values.String()}
}

// String is what a failing law prints.
func (s Situation) String() string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, " ") + "\n") }
	for _, d := range s.World.Fleets {
		line("  fleet", d.Name, selectors.Print(d.Expr.Expr()))
	}
	for _, d := range s.World.Deployments {
		line("  deployment", string(d.Canonical()))
	}
	for _, d := range s.World.Assignments {
		line("  assignment", d.Name, selectors.Print(d.Expr.Expr()))
	}
	r := s.Reality()
	for d := range r.Roster.Devices() {
		line("  device", d.ID.String(), r.Records[d.ID].Lifecycle.String())
	}
	for _, d := range s.World.Devices {
		line("  document", d.ID.String())
	}
	for at, rel := range s.Published {
		line("  published", at.Device.String(), at.App.String(), rel.Version.String(), rel.Deployment.Short())
	}
	for at, st := range s.Slots {
		line("  reported", at.Device.String(), at.App.String(), st.Phase.String(), st.Release.Version.String())
	}
	return b.String()
}

func containers(spec algebra.DeploymentSpec) []algebra.Container {
	if spec.Podman == nil {
		return nil
	}
	return spec.Podman.Containers
}
