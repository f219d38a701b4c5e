package oracletest

import (
	"fmt"
	"math/rand"
	"slices"
)

// Dice draws questions. Its worlds are type-directed: versions that exist, on devices that exist,
// few labels, ports and priorities, so that rules meet. Wild makes it draw from anything that can be
// said at all: names nobody declared, texts of any bytes, documents of strangers.
type Dice struct {
	R    *rand.Rand
	Wild bool
}

func (d Dice) one(in int) bool { return d.R.Intn(in) == 0 }

func pick[T any](d Dice, of ...T) T { return of[d.R.Intn(len(of))] }

var apps = []string{"db", "log", "web"}

func (d Dice) keys() []string {
	if d.Wild {
		return []string{"site", "ring", "a b", "ü(", "%"}
	}
	return []string{"site", "ring"}
}

func (d Dice) value() string {
	if d.Wild {
		return pick(d, "a", "b", "", " ", "(", "~", "%20", "a\tb", "ü")
	}
	return pick(d, "a", "b", "c")
}

func (d Dice) labels() Node {
	n := L()
	for _, k := range d.keys() {
		if !d.one(3) {
			n.list = append(n.list, Words(k, d.value()))
		}
	}
	return sorted(n.list)
}

// device is one with that id, mostly with an architecture.
func (d Dice) device(id string) Node {
	facts := L()
	if !d.one(6) {
		facts.list = append(facts.list, Words("arch", pick(d, "aarch64", "amd64")))
	}
	return L(W(id), d.labels(), facts)
}

var ids = []string{"d1", "d2", "d3.example.org", "d4"}

// Set is a random selector or fleet.
func (d Dice) Set(depth int) Node {
	if depth > 0 && !d.one(3) {
		head := pick(d, "and", "or", "minus", "xor", "not")
		if head == "not" {
			return Call(head, d.Set(depth-1))
		}
		return Call(head, d.Set(depth-1), d.Set(depth-1))
	}
	k := Words("label", pick(d, d.keys()...))
	switch d.R.Intn(8) {
	case 0:
		return W(pick(d, "all", "none"))
	case 1:
		return Call("named", Words(ids[:d.R.Intn(3)]...))
	case 2, 3:
		return Call("has", k)
	case 4:
		values := []string{d.value(), d.value()}
		slices.Sort(values)
		return Call("in", k, Words(slices.Compact(values)...))
	}
	return Call("is", k, W(d.value()))
}

func (d Dice) token() (app, token string) {
	app = pick(d, apps...)
	return app, fmt.Sprintf("%s@%d", app, 1+d.R.Intn(2))
}

// Rule is a random assignment, mostly one rule of few words.
func (d Dice) Rule(depth int) Node {
	if depth > 0 && d.one(3) {
		switch d.R.Intn(4) {
		case 0:
			return Call("filter", d.Rule(depth-1), d.Set(1))
		case 1:
			return Call("inter", d.Rule(depth-1), d.Rule(depth-1))
		case 2:
			return Call("without", d.Rule(depth-1), d.Rule(depth-1))
		}
		return Call("union", d.Rule(depth-1), d.Rule(depth-1))
	}
	deploy := L()
	for range 1 + d.R.Intn(2) {
		app, token := d.token()
		deploy.list = append(deploy.list, Words(app, token))
	}
	from := d.Set(2)
	if d.one(2) {
		from = W("all")
	}
	priority := pick(d, 0, 0, 0, 10)
	if d.Wild {
		priority = pick(d, -1000, 0, 7)
	}
	return Call("rule", from, sorted(deploy.list), Num(priority))
}

// spec is a random version of an app, which requires at most an app before it.
func (d Dice) spec(i int, version string) Node {
	resources := []string{"name:" + apps[i]}
	if d.one(12) {
		resources[0] = "name:shared"
	}
	if d.one(2) {
		resources = append(resources, pick(d, "port:80/tcp", "port:80/tcp", "port:443/tcp", "port:80/udp"))
	}
	requires := L()
	if i > 0 && d.one(4) {
		requires = Words(apps[d.R.Intn(i)])
	}
	if d.Wild && d.one(4) {
		requires = Words(pick(d, "nobody", "web", "db"))
	}
	var takes []Node
	if d.one(3) {
		takes = append(takes, Words("label", "site"))
	}
	if d.one(8) {
		takes = append(takes, Words("fact", "arch"))
	}
	return L(W(apps[i]+"@"+version), Words(resources...), requires, sorted(takes))
}

// Claims is the question what a random assignment claims.
func (d Dice) Claims() string {
	roster := L()
	for _, id := range ids {
		if !d.one(3) {
			roster.list = append(roster.list, d.device(id))
		}
	}
	rule := d.Rule(3)
	if d.one(3) { // one of two rules is above the other, mostly on the same devices
		above := Call("rule", W("all"), L(Words(d.token())), Num(20))
		rule = Call("union", Call("union", rule, Call("rule", W("all"), L(Words(d.token())), Num(0))), above)
	}
	return Call("claims", roster, rule).String()
}

// Difference is the question how two random placements differ.
func (d Dice) Difference() string {
	var slots []string
	want, have := L(), L()
	for _, id := range ids[:1+d.R.Intn(3)] {
		for _, app := range apps[:1+d.R.Intn(3)] {
			slots = append(slots, id+"/"+app)
			for _, p := range []*Node{&want, &have} {
				if n := d.R.Intn(4); n > 0 {
					p.list = append(p.list, L(W(id+"/"+app), Num(n)))
				}
			}
		}
	}
	if d.one(8) {
		have = want
	}
	return Call("diff", Words(slots...), want, have).String()
}

// Decision is the question how two selectors of labels stand to each other. They are often akin.
func (d Dice) Decision() string {
	s, t := d.labelSet(3), d.labelSet(2)
	switch d.R.Intn(6) {
	case 0:
		t = Call("or", s, t)
	case 1:
		t = Call("and", t, Call("not", s))
	case 2: // De Morgan
		s, t = Call("not", Call("and", s, t)), Call("or", Call("not", s), Call("not", t))
	case 3:
		s = Call("minus", s, Call("or", s, t))
	}
	return Call("decide", s, t).String()
}

func (d Dice) labelSet(depth int) Node {
	if depth > 0 && !d.one(4) {
		head := pick(d, "and", "or", "minus", "xor", "not")
		if head == "not" {
			return Call(head, d.labelSet(depth-1))
		}
		return Call(head, d.labelSet(depth-1), d.labelSet(depth-1))
	}
	k := W(pick(d, d.keys()...))
	switch d.R.Intn(6) {
	case 0:
		return W(pick(d, "all", "none"))
	case 1:
		return Call("has", k)
	case 2:
		values := []string{d.value(), d.value()}
		slices.Sort(values)
		return Call("in", k, Words(slices.Compact(values)...))
	}
	return Call("is", k, W(d.value()))
}
