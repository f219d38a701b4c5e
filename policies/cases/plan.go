package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/musterfleet/muster/planner/planfile"
)

// at is the time of a case that names none: a Tuesday morning.
var at = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// plan is the plan a case gives, read from beside its file if it is a saved one.
func (c Case) plan(fsys fs.FS, dir string) (planfile.File, error) {
	if c.given.file != "" {
		text, err := fs.ReadFile(fsys, path.Join(dir, c.given.file))
		if err != nil {
			return planfile.File{}, err
		}
		f, err := planfile.Decode(text)
		if err != nil {
			return planfile.File{}, fmt.Errorf("%s: %w", c.given.file, err)
		}
		return c.overlaid(f)
	}
	f := empty()
	for _, raw := range c.given.changes {
		more, err := changes(raw, len(f.ResourceChanges))
		if err != nil {
			return planfile.File{}, err
		}
		f.ResourceChanges = append(f.ResourceChanges, more...)
	}
	count(&f)
	return c.overlaid(f)
}

// overlaid lays what the case says of the plan over it.
func (c Case) overlaid(f planfile.File) (planfile.File, error) {
	if !c.given.now.IsZero() {
		f.Now = c.given.now
	}
	return f, overlay(c.given.plan, &f, "plan")
}

// overlay decodes JSON into what is there already: objects are merged, all else is replaced.
func overlay(raw json.RawMessage, into any, what string) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%s: %s", what, strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// changes are those of one row.
func changes(raw json.RawMessage, before int) ([]planfile.Change, error) {
	var r row
	if err := overlay(raw, &r, "change"); err != nil {
		return nil, err
	}
	var out []planfile.Change
	for i := range max(r.Times, 1) {
		c, err := r.change(before + i + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// change is the n-th change of a case.
func (r row) change(n int) (planfile.Change, error) {
	after, prior := deployment("1.0.0"), deployment("0.9.0")
	c := planfile.Change{ID: fmt.Sprintf("c%d", n), Type: "deployment", Name: "web", ActionReason: "start_because_assigned",
		Change:     planfile.Transition{Actions: []string{"create"}, After: &after, BeforeLabels: planfile.Labels{}, AfterLabels: planfile.Labels{}},
		Device:     planfile.Device{ID: fmt.Sprintf("edge-%03d", n), Labels: map[string]string{}, Facts: map[string]string{}, Reachable: true},
		Assignment: planfile.Assignment{Name: "web", Rule: "@edge -> {web@1.0.0}"}, Source: planfile.Source{File: "assignments.yaml", Line: 2}, Requires: []string{}}
	changed := c.Change.After
	switch r.Action {
	case "", "create":
	case "replace":
		c.Change.Actions, c.Change.Before, c.ActionReason, c.Disruptive = []string{"delete", "create"}, &prior, "replace_because_version_changed", true
	case "delete":
		c.Change.Actions, c.Change.Before, c.Change.After, c.ActionReason, c.Disruptive = []string{"delete"}, &prior, nil, "stop_because_unassigned", true
		changed = c.Change.Before
	default:
		return c, fmt.Errorf("action: %q is not one of create, replace, delete", r.Action)
	}
	for _, step := range []struct {
		raw  json.RawMessage
		into any
		what string
	}{{r.Container, &changed.Podman.Containers[0], "container"}, {r.Device, &c.Device, "device"}, {r.Change, &c, "change"}} {
		if err := overlay(step.raw, step.into, step.what); err != nil {
			return c, err
		}
	}
	c.Address = c.Device.ID + "/" + c.Name
	return c, nil
}

// deployment is an ordinary one: pinned, small, unprivileged, and it says whether it is well.
func deployment(version string) planfile.Deployment {
	digest := "sha256:" + strings.Repeat("ab", 32)
	return planfile.Deployment{App: "web", Version: version, Digest: digest, Requires: []string{}, Values: map[string]string{},
		Podman: planfile.Podman{Containers: []planfile.Container{{Name: "web", Image: "registry.example/web:" + version + "@" + digest,
			Command: []string{}, Env: map[string]string{}, Ports: []planfile.Port{}, Mounts: []planfile.Mount{}, Network: "", Restart: "always",
			Pull: "missing", Health: []string{"true"}, Memory: 64 << 20}}}}
}

// empty is a plan without changes, of a fleet of ten devices.
func empty() planfile.File {
	return planfile.File{APIVersion: "muster.fleet/v1alpha1", Kind: planfile.Kind, FormatVersion: planfile.FormatVersion,
		Metadata: planfile.Metadata{Name: "p-case", Labels: map[string]string{}, Annotations: map[string]string{}},
		Now:      at, Complete: true, Request: planfile.Request{User: "ana", Groups: []string{}, Operation: "plan", DryRun: true},
		Base:            planfile.Base{ObservedAt: at, Devices: []planfile.DeviceBase{}},
		ResourceChanges: []planfile.Change{}, ResourceDrift: []planfile.Drift{}, Blocked: []planfile.Blocked{}, InFlight: []planfile.InFlight{},
		Batches: []planfile.Batch{}, Aggregates: planfile.Aggregates{Fleet: planfile.Group{Devices: 10, Reachable: 10},
			ByLabel: map[string]map[string]planfile.Group{}, ByDeployment: map[string]planfile.Group{}}}
}

// count fills in what follows from the changes: summary, batches, and of the aggregates what
// the changed devices make. A case about shares of a fleet gives its aggregates itself.
func count(f *planfile.File) {
	f.Applyable = len(f.ResourceChanges) > 0
	batches := map[int]*planfile.Batch{}
	for i := range f.ResourceChanges {
		c := &f.ResourceChanges[i]
		b := batches[c.Batch]
		if b == nil {
			b = &planfile.Batch{Index: c.Batch}
			batches[c.Batch] = b
		}
		b.Changes = append(b.Changes, c.ID)
		if c.Disruptive {
			b.Disrupted++
			f.Aggregates.Fleet.Disrupted++
			f.Aggregates.Fleet.MaxDown++
		}
		switch {
		case slices.Contains(c.Change.Actions, "delete") && slices.Contains(c.Change.Actions, "create"):
			f.Summary.Replace++
		case slices.Contains(c.Change.Actions, "delete"):
			f.Summary.Delete++
			f.Aggregates.Fleet.Stopped++
		case slices.Contains(c.Change.Actions, "update"):
			f.Summary.Update++
		default:
			f.Summary.Create++
		}
	}
	f.Aggregates.Fleet.Devices = max(f.Aggregates.Fleet.Devices, len(f.ResourceChanges))
	f.Aggregates.Fleet.Reachable = f.Aggregates.Fleet.Devices
	for _, b := range batches {
		f.Batches = append(f.Batches, *b)
	}
	slices.SortFunc(f.Batches, func(a, b planfile.Batch) int { return a.Index - b.Index })
}
