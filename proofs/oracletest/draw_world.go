package oracletest

import (
	"slices"
	"strings"
)

// World is the question what the plan of a random world is.
func (d Dice) World() string {
	world, reality := d.world()
	return Call("make", world, reality).String()
}

func (d Dice) world() (world, reality Node) {
	documents, specs, rules, roster, known := L(), L(), L(), L(), L()
	for i := range apps {
		specs.list = append(specs.list, d.spec(i, "1"), d.spec(i, "2"))
		if old := d.spec(i, "0"); !d.one(4) {
			known.list = append(known.list, old)
		}
	}
	for range 1 + d.R.Intn(4) {
		rules.list = append(rules.list, d.Rule(2))
	}
	for _, id := range ids {
		if !d.one(4) {
			roster.list = append(roster.list, d.device(id))
		}
		if d.one(8) && (d.Wild || len(roster.list) > 0 && roster.list[len(roster.list)-1].list[0].word == id) {
			documents.list = append(documents.list, L(W(id), d.labels(), Flag(d.one(4))))
		}
	}
	published, refused, quarantined := L(), L(), L()
	settled := d.one(6) // what is asked for is mostly in place
	if settled {
		rules = L(Call("rule", W("all"), L(Words("db", "db@1"), Words("log", "log@1")), Num(0)))
	}
	var revoked, gone []string
	for _, dev := range roster.list {
		id := dev.list[0].word
		switch d.R.Intn(12) {
		case 0:
			revoked = append(revoked, id)
		case 1:
			gone = append(gone, id)
		}
		for i, app := range apps {
			at := Words(id, app)
			if settled {
				if rel := d.release(dev, specs.list[2*i:2*i+1], app); app != "web" {
					published.list = append(published.list, L(at, rel))
				}
				continue
			}
			if d.one(2) {
				published.list = append(published.list, L(at, d.release(dev, slices.Concat(specs.list[2*i:2*i+2], known.list), app)))
			}
			if d.one(5) {
				quarantined.list = append(quarantined.list, L(at, pick(d, specs.list[2*i:2*i+2]...).list[0]))
			}
			if d.one(5) {
				refused.list = append(refused.list, L(at, d.release(dev, specs.list[2*i:2*i+2], app)))
			}
		}
	}
	if d.Wild {
		published.list = append(published.list, L(Words("stranger", "web"), L(W("web@1"), L())))
		refused.list = append(refused.list, L(Words("stranger", "web"), L(W("web@1"), L())))
		d.R.Shuffle(len(rules.list), func(i, j int) { rules.list[i], rules.list[j] = rules.list[j], rules.list[i] })
	}
	return Call("world", documents, specs, rules),
		Call("reality", roster, published, known, refused, quarantined, Words(revoked...), Words(gone...))
}

// release is one of the deployments of an app, or one that nobody knows, mostly with what it takes.
func (d Dice) release(device Node, specs []Node, app string) Node {
	var own []Node
	for _, s := range specs {
		if strings.HasPrefix(s.list[0].word, app+"@") {
			own = append(own, s)
		}
	}
	if d.Wild && d.one(4) || len(own) == 0 {
		return L(W(app+"@9"), L())
	}
	s := pick(d, own...)
	taken := L()
	for _, k := range s.list[3].list {
		kind, name := k.pair()
		from := device.list[1]
		if kind.word == "fact" {
			from = device.list[2]
		}
		value := texts(from)[name.word]
		if d.one(4) {
			value = "before"
		}
		taken.list = append(taken.list, L(k, W(value)))
	}
	return L(s.list[0], taken)
}
