package oracletest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
)

// worldReader makes a World and a Reality of nodes, and remembers by which words their digests
// are called there.
type worldReader struct {
	world    algebra.World
	reality  algebra.Reality
	versions map[string][]string
	byToken  map[string]algebra.Deployment
	tokens   map[algebra.Digest]string // of deployments
	values   map[algebra.Digest]Node   // of what they take
}

// named is the app and version of a deployment's word, web@2.
func named(token string) (app, version string) {
	app, version, ok := strings.Cut(token, "@")
	if !ok {
		panic("oracletest: no app@version: " + token)
	}
	return app, version
}

func newWorldReader() *worldReader {
	return &worldReader{versions: map[string][]string{}, byToken: map[string]algebra.Deployment{},
		tokens: map[algebra.Digest]string{}, values: map[algebra.Digest]Node{algebra.Values{}.Digest(): L()}}
}

func readWorld(world, reality Node) *worldReader {
	r := newWorldReader()
	w, ok := world.args("world", 3)
	if !ok {
		world.fail("world")
	}
	x, ok := reality.args("reality", 7)
	if !ok {
		reality.fail("reality")
	}
	for _, n := range w[0].all() {
		r.document(n)
	}
	for i, n := range w[1].all() {
		d := r.deployment(n)
		r.world.Deployments = append(r.world.Deployments, algebra.DeclaredDeployment{Name: fmt.Sprint("d", i), Deployment: d})
		r.versions[d.App().String()] = append(r.versions[d.App().String()], d.Version().String())
	}
	r.rules(w[2].all()...)
	r.read(x)
	return r
}

func (r *worldReader) rules(rules ...Node) {
	for i, n := range rules {
		expr := bind(reading{}.assignment(n), r.versions)
		r.world.Assignments = append(r.world.Assignments, algebra.Definition{Name: fmt.Sprint("a", i), Expr: expr})
	}
}

func (r *worldReader) read(x []Node) {
	roster := algebratest.MustRoster(devices(x[0]))
	r.reality = algebra.NewReality(roster, algebratest.Now)
	for _, n := range x[2].all() {
		d := r.deployment(n)
		r.reality.Specs[d.Digest()] = d
	}
	published := algebra.NewPlacing(roster)
	for _, n := range x[1].all() {
		at, rel := n.pair()
		if i, ok := roster.Ordinal(slot(at).Device); ok {
			published.Put(i, slot(at).App, r.release(rel))
		}
	}
	r.reality.Published = published.Placement()
	for _, n := range x[3].all() {
		at, rel := n.pair()
		r.reality.Slots[slot(at)] = algebra.SlotState{Release: r.release(rel), Phase: algebra.Refused, Detail: "refused"}
	}
	for _, n := range x[4].all() {
		at, token := n.pair()
		rel := r.release(L(token, L()))
		r.reality.Quarantine = append(r.reality.Quarantine, algebra.Quarantine{App: slot(at).App, Version: rel.Version, Deployment: rel.Deployment,
			Devices: []algebra.DeviceID{slot(at).Device}, Run: "r1", Reason: "failed"})
	}
	for i, lifecycle := range map[int]algebra.Lifecycle{5: algebra.Revoked, 6: algebra.Decommissioned} {
		for _, id := range x[i].texts() {
			r.reality.Records[algebra.MustDeviceID(id)] = algebra.Record{Lifecycle: lifecycle}
		}
	}
}

func devices(n Node) []algebra.Device {
	var out []algebra.Device
	for _, d := range n.all() {
		l := d.all()
		out = append(out, algebra.Device{ID: algebra.MustDeviceID(l[0].text()), Labels: texts(l[1]), Facts: texts(l[2])})
	}
	return out
}

func texts(n Node) map[string]string {
	out := map[string]string{}
	for _, p := range n.all() {
		k, v := p.pair()
		out[k.text()] = v.text()
	}
	return out
}

func slot(n Node) algebra.Slot {
	d, a := n.pair()
	return algebra.Slot{Device: algebra.MustDeviceID(d.text()), App: algebra.MustApp(a.text())}
}

func (r *worldReader) document(n Node) {
	l := n.all()
	r.world.Devices = append(r.world.Devices, algebra.DeclaredDevice{ID: algebra.MustDeviceID(l[0].text()), Labels: texts(l[1]), Decommissioned: l[2].flag()})
}

// deployment reads (web@1 (resources) (requires) (takes)). A resource is port:80/tcp or name:web;
// each deployment has a name.
func (r *worldReader) deployment(n Node) algebra.Deployment {
	l := n.all()
	token := l[0].text()
	app, version := named(token)
	spec := algebra.DeploymentSpec{App: algebra.MustApp(app), Version: algebra.MustVersion(version), Podman: &algebra.Podman{}}
	var ports []algebra.Port
	for _, res := range l[1].texts() {
		if name, ok := strings.CutPrefix(res, "name:"); ok {
			spec.Podman.Containers = append(spec.Podman.Containers, algebra.Container{Name: name, Image: token, Env: map[string]algebra.EnvValue{}})
			continue
		}
		number, protocol, _ := strings.Cut(strings.TrimPrefix(res, "port:"), "/")
		host, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			l[1].fail("port")
		}
		ports = append(ports, algebra.Port{Host: uint16(host), Protocol: algebra.Protocol(protocol)})
	}
	first := &spec.Podman.Containers[0]
	first.Ports = ports
	for _, app := range l[2].texts() {
		spec.Requires = append(spec.Requires, algebra.MustApp(app))
	}
	for i, k := range l[3].all() {
		value := algebra.EnvValue{FromFact: key(k).Name}
		if key(k).Label {
			value = algebra.EnvValue{FromLabel: key(k).Name}
		}
		first.Env[fmt.Sprint("E", i)] = value
	}
	d, err := algebra.NewDeployment(spec)
	if err != nil {
		panic("oracletest: " + n.String() + ": " + err.Error())
	}
	r.byToken[token], r.tokens[d.Digest()] = d, token
	return d
}

// release reads (web@1 (((label site) a))). A deployment that nobody knows is known by its word alone.
func (r *worldReader) release(n Node) algebra.Release {
	token, taken := n.pair()
	_, version := named(token.text())
	rel := algebra.Release{Version: algebra.MustVersion(version), Deployment: algebra.DigestOf([]byte(token.text()))}
	if d, ok := r.byToken[token.text()]; ok {
		rel.Deployment = d.Digest()
	}
	r.tokens[rel.Deployment] = token.text()
	values := algebra.Values{}
	for _, p := range taken.all() {
		k, v := p.pair()
		kind, name := k.pair()
		values[kind.text()+":"+name.text()] = v.text()
	}
	rel.Values = values.Digest()
	r.values[rel.Values] = taken
	return rel
}

// said is a release in words.
func (r *worldReader) said(rel algebra.Release) Node {
	if rel.Values.IsZero() {
		return L(W(r.tokens[rel.Deployment]), W("-"))
	}
	values, ok := r.values[rel.Values]
	if !ok {
		values = W("unknown")
	}
	return L(W(r.tokens[rel.Deployment]), values)
}

// learn remembers what each deployment takes from each device of a roster.
func (r *worldReader) learn(roster *algebra.Roster) {
	for _, d := range r.world.Deployments {
		for i := range uint32(roster.Len()) {
			values, missing := d.Values(roster.Attributes(i))
			if len(missing) > 0 {
				continue
			}
			taken := L()
			for _, k := range d.Takes() {
				kind, name, _ := strings.Cut(k, ":")
				taken.list = append(taken.list, L(L(W(kind), W(name)), W(values[k])))
			}
			r.values[values.Digest()] = taken
		}
	}
}

// declare makes a deployment of every word of a rule that names one.
func (r *worldReader) declare(rule Node) {
	if a, ok := rule.args("rule", 3); ok {
		for _, d := range a[1].all() {
			app, token := d.pair()
			if _, ok := r.byToken[token.text()]; ok {
				continue
			}
			d := r.deployment(L(token, Words("name:"+app.text()), L(), L()))
			r.world.Deployments = append(r.world.Deployments, algebra.DeclaredDeployment{Name: token.text(), Deployment: d})
			r.versions[app.text()] = append(r.versions[app.text()], d.Version().String())
			slices.Sort(r.versions[app.text()])
		}
		return
	}
	for _, n := range rule.all() {
		if !n.leaf {
			r.declare(n)
		}
	}
}
