package oracletest

import (
	"maps"
	"slices"
)

// Classes are the kinds of case, by the head of a question: a generator that meets one of them in
// fewer than one case of twenty tests less than it seems to.
var Classes = map[string][]string{
	"claims":  {"nothing claimed", "one winner", "conflict", "outvoted"},
	"diff":    {"nothing to do", "start", "replace", "stop"},
	"decide":  {"satisfiable", "unsatisfiable", "implies", "disjoint", "equivalent", "overlap"},
	"courses": {"one course", "several courses", "taken by another's rollout", "by default", "tail", "several waves"},
	"waves":   {"by fleet", "by share", "tail", "no tail", "empty wave"},
	"budget":  {"all go", "some go", "none goes", "nobody was down", "spent before", "clamped to one"},
	"limit":   {"clamped to one", "share", "count"},
	"merge":   {"conflict", "taken from one side", "deleted", "untouched"},
}

// ClassesOf are the classes that a question and its answer are of. Those about worlds are told by
// Engine.Met, which sees the plan.
func ClassesOf(c Case) []string {
	ask, err := Parse(c.Ask)
	if err != nil {
		panic("oracletest: " + err.Error())
	}
	m := meeting{}
	if a, ok := ask.args("limit", 2); ok { // the only answer that is no list
		m.when(a[0].list[0].word, true)
		m.when("clamped to one", bound(a[0]).Limit(a[1].number()) == 1)
		return slices.Sorted(maps.Keys(m))
	}
	answer, err := Parse(c.Answer)
	if err != nil {
		panic("oracletest: " + err.Error())
	}
	if _, ok := ask.args("claims", 2); ok {
		m.claims(answer)
	} else if _, ok := ask.args("diff", 3); ok {
		m.when("nothing to do", len(answer.list) == 0)
		for _, a := range answer.all() {
			m.when(a.list[0].word, true)
		}
	} else if _, ok := ask.args("decide", 2); ok {
		yes := answer.texts()
		m.when("satisfiable", yes[0] == "yes")
		m.when("unsatisfiable", yes[0] == "no")
		m.when("implies", yes[1] == "yes")
		m.when("disjoint", yes[2] == "yes")
		m.when("equivalent", yes[3] == "yes")
		m.when("overlap", yes[1] == "no" && yes[2] == "no")
	} else if a, ok := ask.args("courses", 4); ok {
		m.courses(a[3], answer)
	} else if a, ok := ask.args("waves", 3); ok {
		m.waves(a[2], answer)
	} else if a, ok := ask.args("budget", 5); ok {
		m.budget(a, answer)
	} else if a, ok := ask.args("merge", 3); ok {
		m.merge(a, answer)
	}
	return slices.Sorted(maps.Keys(m))
}

// meeting is the classes met.
type meeting map[string]bool

func (m meeting) when(class string, is bool) {
	if is {
		m[class] = true
	}
}

func (m meeting) claims(answer Node) {
	all, slots := answer.pair()
	m.when("nothing claimed", len(all.list) == 0)
	winners := 0
	for _, s := range slots.all() {
		n := len(s.list[3].list)
		winners += n
		m.when("one winner", n == 1)
		m.when("conflict", n > 1)
	}
	m.when("outvoted", winners < len(all.list))
}

func (m meeting) courses(asked, answer Node) {
	app := map[string]string{}
	for _, r := range asked.all() {
		app[r.list[0].word] = r.list[1].word
	}
	m.when("one course", len(answer.list) == 1)
	m.when("several courses", len(answer.list) > 1)
	for _, c := range answer.all() {
		name := c.list[0].word
		m.when("by default", name == byDefault)
		for _, slot := range c.list[1].all() {
			_, changed := slot.pair()
			m.when("taken by another's rollout", name != byDefault && changed.word != app[name])
		}
		m.when("tail", len(c.list[3].list) > 0)
		filled := 0
		for _, part := range c.list[2].all() {
			filled += min(1, len(part.list))
		}
		m.when("several waves", filled > 1)
	}
}

func (m meeting) waves(asked, answer Node) {
	for _, w := range asked.all() {
		if !w.leaf {
			m.when("by "+w.list[0].word, true)
		}
	}
	parts, tail := answer.pair()
	m.when("tail", len(tail.list) > 0)
	m.when("no tail", len(tail.list) == 0)
	for _, p := range parts.all() {
		m.when("empty wave", len(p.list) == 0)
	}
}

func (m meeting) budget(a []Node, answer Node) {
	went, waited := len(answer.list), len(a[4].list)
	m.when("all go", waited > 0 && went == waited)
	m.when("some go", went > 0 && went < waited)
	m.when("none goes", waited > 0 && went == 0)
	m.when("nobody was down", len(a[3].list) == 0)
	// Those who wait in a group in which somebody is down already.
	m.when("spent before", went < waited && len(a[3].list) > 0)
	m.when("clamped to one", bound(a[2]).Limit(len(a[0].list)) == 1)
}

func (m meeting) merge(a []Node, answer Node) {
	base, ours, theirs := texts(a[0]), texts(a[1]), texts(a[2])
	for _, x := range answer.all() {
		name, came := x.pair()
		m.when(came.list[0].word, true)
		_, had := base[name.word]
		agreed := came.list[0].word == "agreed"
		m.when("deleted", agreed && had && came.list[1].word == "-")
		m.when("taken from one side", agreed && ours[name.word] != theirs[name.word])
		m.when("untouched", agreed && ours[name.word] == theirs[name.word] && ours[name.word] == base[name.word])
	}
}
