package oracletest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/selectors"
)

// Ask is the question what the plan of a situation is. Atoms that ask for more than the text of a
// label, and takes, become the sets of devices that they admit.
func Ask(s algebratest.Situation) string {
	reality := s.Reality()
	roster, _ := s.World.Relabel(reality.Roster)
	w := writing{demand: s.World.On(reality.Of(roster)), names: map[string]*selectors.Bound{}, scope: selectors.Scope{Versions: map[string][]string{}}}
	for _, d := range slices.Concat(s.World.Fleets, s.World.Assignments) {
		w.names[d.Name] = d.Expr
	}
	for _, d := range s.World.Deployments {
		w.scope.Versions[d.App().String()] = append(w.scope.Versions[d.App().String()], d.Version().String())
	}
	w.scope.Names = w.names
	documents, specs, rules := L(), L(), L()
	for _, d := range s.World.Devices {
		documents.list = append(documents.list, L(W(d.ID.String()), pairs(d.Labels), Flag(d.Decommissioned)))
	}
	for _, d := range s.World.Deployments {
		specs.list = append(specs.list, spec(d.Deployment))
	}
	for _, a := range s.World.Assignments {
		if !a.Abstract {
			rules.list = append(rules.list, w.assignment(a.Expr.Expr()))
		}
	}
	return Call("make", Call("world", documents, specs, rules), writeReality(s, roster)).String()
}

func pairs(m map[string]string) Node {
	n := L()
	for _, k := range slices.Sorted(maps.Keys(m)) {
		n.list = append(n.list, Words(k, m[k]))
	}
	return n
}

func spec(d algebra.Deployment) Node {
	var resources, takes []Node
	for _, c := range d.Spec().Podman.Containers {
		resources = append(resources, W("name:"+c.Name))
		for _, p := range c.Ports {
			protocol := "tcp"
			if p.Protocol == "udp" {
				protocol = "udp"
			}
			resources = append(resources, W(fmt.Sprintf("port:%d/%s", p.Host, protocol)))
		}
		for _, e := range c.Env {
			switch {
			case e.FromLabel != "":
				takes = append(takes, Words("label", e.FromLabel))
			case e.FromFact != "":
				takes = append(takes, Words("fact", e.FromFact))
			}
		}
	}
	var requires []string
	for _, a := range d.Spec().Requires {
		requires = append(requires, a.String())
	}
	return L(W(d.String()), L(resources...), Words(requires...), sorted(takes))
}

func writeReality(s algebratest.Situation, after *algebra.Roster) Node {
	devices, published, known, refused := L(), L(), L(), L()
	var revoked, decommissioned []string
	for _, d := range s.Devices {
		devices.list = append(devices.list, L(W(d.ID.String()), pairs(d.Labels), pairs(d.Facts)))
	}
	said := saying(s, after)
	for at, rel := range s.Published {
		published.list = append(published.list, L(Words(at.Device.String(), at.App.String()), said(rel)))
	}
	for _, d := range s.Specs {
		known.list = append(known.list, spec(d))
	}
	for at, st := range s.Slots {
		if st.Phase == algebra.Refused {
			refused.list = append(refused.list, L(Words(at.Device.String(), at.App.String()), said(st.Release)))
		}
	}
	for id, rec := range s.Records {
		switch rec.Lifecycle {
		case algebra.Revoked:
			revoked = append(revoked, id.String())
		case algebra.Decommissioned:
			decommissioned = append(decommissioned, id.String())
		case 0, algebra.Requested, algebra.Enrolled:
		}
	}
	slices.Sort(revoked)
	slices.Sort(decommissioned)
	return Call("reality", devices, sorted(published.list), sorted(known.list), sorted(refused.list), L(), Words(revoked...), Words(decommissioned...))
}

// saying says releases in words: the digests of values are undone by trying all that a situation
// may have published.
func saying(s algebratest.Situation, after *algebra.Roster) func(algebra.Release) Node {
	deployments := map[algebra.Digest]algebra.Deployment{}
	for _, d := range s.World.Deployments {
		deployments[d.Digest()] = d.Deployment
	}
	for digest, d := range s.Specs {
		deployments[digest] = d
	}
	r := newWorldReader()
	for _, d := range deployments {
		r.world.Deployments = append(r.world.Deployments, algebra.DeclaredDeployment{Deployment: d})
	}
	r.learn(after)
	r.learn(s.Reality().Roster)
	before := algebra.Values{"label:site": "before"}
	r.values[before.Digest()] = L(L(Words("label", "site"), W("before")))
	return func(rel algebra.Release) Node {
		d, ok := deployments[rel.Deployment]
		token := "gone@" + rel.Version.String() // nobody knows it any more
		if ok {
			token = d.String()
		}
		values, ok := r.values[rel.Values]
		if !ok {
			values = L(L(Words("label", "unknown"), W(rel.Values.String())))
		}
		return L(W(token), values)
	}
}

// writing says expressions as nodes.
type writing struct {
	demand algebra.Demand
	names  map[string]*selectors.Bound
	scope  selectors.Scope
}

func (w writing) assignment(x selectors.Expr) Node {
	switch x := x.(type) {
	case selectors.Rule:
		ds := L()
		for _, d := range x.Deploy {
			ds.list = append(ds.list, Words(d.App, d.App+"@"+d.Version))
		}
		return Call("rule", w.set(x.From), ds, Num(x.Priority))
	case selectors.Filter:
		return Call("filter", w.assignment(x.X), w.set(x.By))
	case selectors.Name:
		return w.assignment(w.names[x.Name].Expr())
	case selectors.Binary:
		head := map[selectors.BinaryOp]string{selectors.Or: "union", selectors.And: "inter", selectors.Minus: "without"}[x.Op]
		return Call(head, w.assignment(x.L), w.assignment(x.R))
	case selectors.Const, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Quant, selectors.Sample, selectors.Not, selectors.Universe, selectors.Nodes, selectors.Take:
	}
	panic(fmt.Sprintf("oracletest: %T is no assignment", x))
}

// set says a selector or a fleet.
func (w writing) set(x selectors.Expr) Node {
	constant := func(all bool) Node {
		if all {
			return W("all")
		}
		return W("none")
	}
	switch x := x.(type) {
	case selectors.Const:
		return constant(x.Value)
	case selectors.Universe:
		return constant(!x.Empty)
	case selectors.Not:
		return Call("not", w.set(x.X))
	case selectors.Filter:
		return Call("and", w.set(x.X), w.set(x.By))
	case selectors.Name:
		return w.set(w.names[x.Name].Expr())
	case selectors.Nodes:
		return Call("named", Words(x.Names...))
	case selectors.Binary:
		head := map[selectors.BinaryOp]string{selectors.Or: "or", selectors.And: "and", selectors.Minus: "minus", selectors.Xor: "xor"}[x.Op]
		return Call(head, w.set(x.L), w.set(x.R))
	case selectors.Has:
		if plainText(x.Key) {
			return Call("has", Words("label", x.Key.Name))
		}
	case selectors.Compare:
		is := Call("is", Words("label", x.Key.Name), W(x.Value.Text))
		if plainText(x.Key) && x.Op == selectors.Equal {
			return is
		}
		if plainText(x.Key) && x.Op == selectors.NotEqual {
			return Call("not", is)
		}
	case selectors.In:
		if plainText(x.Key) {
			var values []string
			for _, v := range x.Values {
				values = append(values, v.Text)
			}
			in := Call("in", Words("label", x.Key.Name), Words(values...))
			if x.Negated {
				return Call("not", in)
			}
			return in
		}
	case selectors.Glob, selectors.Contains, selectors.Within, selectors.Quant, selectors.Sample, selectors.Take, selectors.Rule:
	}
	b, err := selectors.Bind(x, w.scope)
	if err != nil {
		panic("oracletest: " + selectors.Print(x) + ": " + err.Error())
	}
	return Call("named", Words(algebratest.Names(w.demand.Fleet(b))...))
}

// plainText reports a label whose text is compared as it is.
func plainText(k selectors.Key) bool { return k.Label && k.Cast == selectors.NoCast }
