package oracletest

import (
	"fmt"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// Engine answers as the Go code does. Its fields are what a test may make wrong on purpose.
type Engine struct {
	Diff   func(want, have algebra.Placement) []planner.Action
	Make   func(algebra.World, algebra.Reality) planner.Plan
	Survey func(rollout.Script, rollout.Run, rollout.Scene) rollout.View
	Merge  func(base, ours, theirs map[string]string) (worldfile.Merged, diag.List)
	// Met, if it is set, is told the classes of what was planned.
	Met func(class string)
}

// Go is the code as it is.
func Go() Engine {
	return Engine{Diff: planner.Diff, Make: planner.Make, Survey: rollout.Survey, Merge: worldfile.MergeFiles}
}

// Answer is the answer to a line. It panics on a line that is no question.
func (e Engine) Answer(line string) string {
	n, err := Parse(line)
	if err != nil {
		panic("oracletest: " + err.Error())
	}
	if a, ok := n.args("make", 2); ok {
		return e.make(readWorld(a[0], a[1])).String()
	}
	if a, ok := n.args("courses", 4); ok {
		return e.courses(a[0], a[1], a[2], a[3]).String()
	}
	if a, ok := n.args("claims", 2); ok {
		return claims(a[0], a[1]).String()
	}
	if a, ok := n.args("diff", 3); ok {
		return e.diff(a[0], a[1], a[2]).String()
	}
	if a, ok := n.args("decide", 2); ok {
		return decide(a[0], a[1]).String()
	}
	if a, ok := n.args("waves", 3); ok {
		return e.waves(a[0], a[1], a[2]).String()
	}
	if a, ok := n.args("budget", 5); ok {
		return e.budget(a[0], a[1], a[2], a[3], a[4]).String()
	}
	if a, ok := n.args("merge", 3); ok {
		return e.merge(a[0], a[1], a[2]).String()
	}
	if a, ok := n.args("limit", 2); ok {
		return Num(bound(a[0]).Limit(a[1].number())).String()
	}
	panic("oracletest: the Go code does not answer " + line)
}

func bound(n Node) algebra.Budget {
	if a, ok := n.args("count", 1); ok {
		return algebra.Budget{Max: selectors.Amount{Count: a[0].number()}}
	}
	a, ok := n.args("share", 1)
	if !ok {
		n.fail("bound")
	}
	return algebra.Budget{Max: selectors.Amount{Share: selectors.Percent(a[0].number()), Shared: true}}
}

// diff reads slots as device/app, in the order of the roster and of apps, and any word as a release.
func (e Engine) diff(slots, want, have Node) Node {
	seen := map[string]bool{}
	var devices []algebra.Device
	for _, s := range slots.texts() {
		if id, _, _ := strings.Cut(s, "/"); !seen[id] {
			seen[id] = true
			devices = append(devices, algebra.Device{ID: algebra.MustDeviceID(id)})
		}
	}
	roster := algebratest.MustRoster(devices)
	words := map[algebra.Digest]Node{}
	place := func(n Node) algebra.Placement {
		b := algebra.NewPlacing(roster)
		for _, x := range n.all() {
			at, rel := x.pair()
			id, app, _ := strings.Cut(at.text(), "/")
			i, ok := roster.Ordinal(algebra.MustDeviceID(id))
			if !ok {
				n.fail("slot of the roster")
			}
			digest := algebra.DigestOf([]byte(rel.text()))
			words[digest] = rel
			b.Put(i, algebra.MustApp(app), algebra.Release{Version: algebra.MustVersion("1"), Deployment: digest})
		}
		return b.Placement()
	}
	out := L()
	for _, a := range e.Diff(place(want), place(have)) {
		out.list = append(out.list, action(a, W(a.Target().String()), func(r algebra.Release) Node { return words[r.Deployment] }))
	}
	return out
}

func action(a planner.Action, at Node, release func(algebra.Release) Node) Node {
	switch a := a.(type) {
	case planner.Start:
		return Call("start", at, release(a.Want))
	case planner.Replace:
		return Call("replace", at, release(a.Have), release(a.Want))
	case planner.Stop:
		return Call("stop", at, release(a.Have))
	}
	panic(fmt.Sprintf("oracletest: unknown action %T", a))
}

// decide asks the analysis: is s satisfiable, does it imply t, are they disjoint, are they equivalent.
func decide(s, t Node) Node {
	read := func(n Node) analysis.Predicate { return analysis.Of(bind(reading{}.selector(n), nil)) }
	space, err := analysis.NewSpace(analysis.Options{}, read(s), read(t))
	if err != nil {
		panic("oracletest: " + err.Error())
	}
	x, y := space.Set(0), space.Set(1)
	must := func(b bool, err error) bool {
		if err != nil {
			panic("oracletest: " + err.Error())
		}
		return b
	}
	return L(Flag(!must(x.IsEmpty())), Flag(must(x.Within(y))), Flag(must(x.Disjoint(y))), Flag(must(x.Equal(y))))
}
