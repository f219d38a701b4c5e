package algebratest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/leanovate/gopter"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

// apps in an order in which each requires only those before it.
var apps = []string{"agent", "log", "web", "proxy"}

// MustDeployment is a deployment of one container.
func MustDeployment(app, version string, c algebra.Container, requires ...string) algebra.Deployment {
	spec := algebra.DeploymentSpec{App: algebra.MustApp(app), Version: algebra.MustVersion(version), Podman: &algebra.Podman{Containers: []algebra.Container{c}}}
	for _, r := range requires {
		spec.Requires = append(spec.Requires, algebra.MustApp(r))
	}
	d, err := algebra.NewDeployment(spec)
	if err != nil {
		panic("algebratest: " + err.Error())
	}
	return d
}

// deployment is a random version of the i-th app.
func deployment(p *gopter.GenParameters, i int, version string) algebra.Deployment {
	c := algebra.Container{Name: apps[i], Image: "registry.example/" + apps[i] + ":" + version}
	if p.Rng.Intn(12) == 0 {
		c.Name = "shared"
	}
	if p.Rng.Intn(4) == 0 {
		c.Ports = []algebra.Port{{Host: pick(p.Rng, []uint16{80, 443})}}
	}
	switch p.Rng.Intn(8) {
	case 0, 1, 2:
		c.Env = map[string]algebra.EnvValue{"SITE": {FromLabel: "site"}, "LEVEL": {Literal: "1"}}
	case 3:
		c.Env = map[string]algebra.EnvValue{"ARCH": {FromFact: "arch"}}
	}
	if i > 0 && p.Rng.Intn(5) == 0 {
		return MustDeployment(apps[i], version, c, pick(p.Rng, apps[:i]))
	}
	return MustDeployment(apps[i], version, c)
}

// world is a whole World about the vocabulary's devices.
func world(p *gopter.GenParameters) algebra.World {
	v := Vocabulary()
	v.Names, v.Versions = map[string]*selectors.Bound{}, map[string][]string{}
	var w algebra.World
	line := 0
	source := func() algebra.Source { line++; return algebra.Source{File: "world.yaml", Line: line} }
	for i, app := range apps {
		for n := range 1 + p.Rng.Intn(2) {
			d := deployment(p, i, fmt.Sprint(n+1))
			v.Versions[app] = append(v.Versions[app], d.Version().String())
			w.Deployments = append(w.Deployments, algebra.DeclaredDeployment{Name: d.String(), Deployment: d, Source: source()})
		}
	}
	for n := range p.Rng.Intn(3) {
		g := pick(p.Rng, []gopter.Gen{v.Fleets(), v.Selectors()})
		def := algebra.Definition{Name: fmt.Sprintf("f%d", n), Expr: v.Bind(draw[selectors.Expr](g, p)), Source: source()}
		v.Names[def.Name] = def.Expr
		w.Fleets = append(w.Fleets, def)
	}
	for n := range 1 + p.Rng.Intn(5) {
		def := algebra.Definition{Name: fmt.Sprintf("a%d", n), Expr: v.Bind(assignment(v, p)), Abstract: p.Rng.Intn(6) == 0, Source: source()}
		v.Names[def.Name] = def.Expr
		w.Assignments = append(w.Assignments, def)
	}
	for _, id := range ids {
		if p.Rng.Intn(6) == 0 {
			d := device(p, id)
			w.Devices = append(w.Devices, algebra.DeclaredDevice{ID: d.ID, Labels: d.Labels, Decommissioned: p.Rng.Intn(5) == 0, Source: source()})
		}
	}
	return w
}

// assignment is mostly one rule, as people write them, and sometimes any expression.
func assignment(v selectorstest.Vocabulary, p *gopter.GenParameters) selectors.Expr {
	if p.Rng.Intn(4) == 0 {
		return draw[selectors.Expr](v.Assignments(), p)
	}
	rule := selectors.Rule{From: draw[selectors.Expr](v.Fleets(), p), Priority: pick(p.Rng, []int{0, 0, 0, 10})}
	switch p.Rng.Intn(4) {
	case 0:
		rule.From = selectors.Universe{}
	case 1, 2:
		name := pick(p.Rng, slices.Sorted(maps.Keys(v.Labels)))
		key := selectors.Key{Label: true, Name: name}
		rule.From = selectors.Compare{Key: key, Op: selectors.Equal, Value: selectors.Value{Text: pick(p.Rng, v.Labels[name]), Quoted: true}}
		if p.Rng.Intn(2) == 0 {
			rule.From = selectors.Has{Key: key}
		}
	}
	for range 1 + p.Rng.Intn(2) {
		app := pick(p.Rng, apps)
		rule.Deploy = append(rule.Deploy, selectors.DeployRef{App: app, Version: pick(p.Rng, v.Versions[app])})
	}
	return rule
}

func situation(p *gopter.GenParameters) Situation {
	s := Situation{
		World: world(p), Devices: devices(p),
		Published: map[algebra.Slot]algebra.Release{}, Records: map[algebra.DeviceID]algebra.Record{},
		Slots: map[algebra.Slot]algebra.SlotState{}, Specs: map[algebra.Digest]algebra.Deployment{},
	}
	candidates := map[string][]algebra.Deployment{}
	for _, d := range s.World.Deployments {
		app := d.App().String()
		candidates[app] = append(candidates[app], d.Deployment)
	}
	for i, app := range apps { // a version that the World no longer has
		old := deployment(p, i, "0")
		candidates[app] = append(candidates[app], old)
		if p.Rng.Intn(4) > 0 {
			s.Specs[old.Digest()] = old
		}
	}
	for _, dev := range s.Devices {
		if p.Rng.Intn(8) > 0 {
			s.Records[dev.ID] = record(p)
		}
		for _, app := range apps {
			slot(p, s, dev, algebra.MustApp(app), candidates[app])
		}
	}
	return s
}

func record(p *gopter.GenParameters) algebra.Record {
	r := algebra.Record{Registry: uint64(p.Rng.Intn(5)), Desired: uint64(p.Rng.Intn(5)), Lifecycle: algebra.Enrolled, Heard: Now}
	switch p.Rng.Intn(12) {
	case 0:
		r.Lifecycle = algebra.Revoked
	case 1:
		r.Lifecycle = algebra.Decommissioned
	}
	return r
}

// slot publishes something or nothing in a slot, and reports something or nothing of it.
func slot(p *gopter.GenParameters, s Situation, dev algebra.Device, app algebra.App, candidates []algebra.Deployment) {
	some := func() algebra.Release {
		d := pick(p.Rng, candidates)
		values, _ := d.Values(dev)
		if len(values) > 0 && p.Rng.Intn(2) == 0 {
			values = algebra.Values{"label:site": "before"}
		}
		return algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: values.Digest()}
	}
	at := algebra.Slot{Device: dev.ID, App: app}
	if p.Rng.Intn(2) == 0 {
		s.Published[at] = some()
	}
	switch p.Rng.Intn(8) {
	case 0:
		s.Slots[at] = algebra.SlotState{Release: some(), Phase: algebra.Refused, Detail: "disk is full"}
	case 1:
		s.Slots[at] = algebra.SlotState{Release: some(), Phase: algebra.Failed, Since: Now, Detail: "exit 1", Restarts: 3}
	case 2, 3, 4:
		s.Slots[at] = algebra.SlotState{Release: s.Published[at], Phase: algebra.Running, Since: Now}
	}
}

// WithLabel is the situation in which one device has another label.
func (s Situation) WithLabel(id algebra.DeviceID, key, value string) Situation {
	out := s
	out.Devices = nil
	for _, d := range s.Devices {
		if d.ID == id {
			d.Labels = maps.Clone(d.Labels)
			d.Labels[key] = value
		}
		out.Devices = append(out.Devices, d)
	}
	return out
}
