package planner

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// claim is an app's changes that one rollout claims, by its place in the list of claimants.
type claim struct {
	rollout int
	app     algebra.App
}

// late tells the actions by which devices come into a rollout that is through for their app:
// devices that joined, came back or were given other labels since, while the World says of it
// what it said. They follow in its tail, as their like has come through the waves before.
//
// Where more slots differ than run as wanted, what came through the waves is too little to vouch
// for them: a whole fleet that is given a label goes out in waves. It is nil where none are late.
func (m *making) late(actions []Action, claimed []int, rules ruling, resting map[algebra.App]algebra.Fleet) []bool {
	if len(m.reality.Settled) == 0 {
		return nil
	}
	differ := map[claim]int{}
	for i, a := range actions {
		differ[claim{claimed[i], a.Target().App}]++
	}
	through := map[claim]bool{}
	for c, n := range differ {
		is := algebra.Settled{Rollout: m.claimants.list[c.rollout].Name, App: c.app, Rules: rules(m.claimants.list[c.rollout], c.app)}
		through[c] = n <= m.vouching(c, resting) && slices.Contains(m.reality.Settled, is)
	}
	out := make([]bool, len(actions))
	for i, a := range actions {
		out[i] = through[claim{claimed[i], a.Target().App}]
	}
	return out
}

// vouching is how many slots of a claim run as wanted.
func (m *making) vouching(c claim, resting map[algebra.App]algebra.Fleet) int {
	on, some := resting[c.app]
	if !some {
		return 0
	}
	if f, ok := m.claimants.fleets[c.rollout]; ok {
		return on.Intersect(f).Len()
	}
	if c.rollout == len(m.claimants.list)-1 { // the default has what no fleet's rollout has
		for _, f := range m.claimants.fleets {
			on = on.Minus(f)
		}
	}
	return on.Len()
}

// settles is what will be settled once the actions that a course leads are through.
func (m *making) settles(course int, actions []Action, claimed, led []int, rules ruling) []algebra.Settled {
	claims := map[claim]bool{}
	for i, a := range actions {
		if led[i] == course {
			claims[claim{claimed[i], a.Target().App}] = true
		}
	}
	var out []algebra.Settled
	for _, c := range slices.SortedFunc(maps.Keys(claims), func(a, b claim) int {
		return cmp.Or(cmp.Compare(a.rollout, b.rollout), a.app.Compare(b.app))
	}) {
		r := m.claimants.list[c.rollout]
		out = append(out, algebra.Settled{Rollout: r.Name, App: c.app, Rules: rules(r, c.app)})
	}
	return out
}

// ruling is what a World says of who gets an app by a rollout, as a digest. Equal digests mean
// that in equal fleets equal devices get equal deployments; other apps of the same assignments
// may be others, and so may the rollout's waves: the tail goes by what is declared now.
type ruling func(algebra.Rollout, algebra.App) algebra.Digest

// rulesOf says of an app once all that it says, however many rollouts ask.
func rulesOf(w algebra.World) ruling {
	digest, assigning := map[string]string{}, map[string][]*selectors.Bound{}
	for _, d := range w.Deployments {
		digest[d.String()] = d.Digest().String()
	}
	for _, def := range w.Assignments {
		if def.Abstract {
			continue
		}
		for app := range deployed(def.Expr, def.Expr.Expr()) {
			assigning[app] = append(assigning[app], def.Expr)
		}
	}
	said := map[algebra.App]string{}
	assigned := func(app algebra.App) string {
		if _, known := said[app]; !known {
			var texts []string
			for _, def := range assigning[app.String()] {
				s := saying{app: app.String(), digest: digest}
				s.say(def, def.Expr())
				texts = append(texts, s.text.String())
			}
			slices.Sort(texts)
			said[app] = strings.Join(texts, "\x00")
		}
		return said[app]
	}
	return func(r algebra.Rollout, app algebra.App) algebra.Digest {
		s := saying{}
		if r.Fleet != nil {
			s.say(r.Fleet, r.Fleet.Expr())
		}
		return algebra.DigestOf([]byte(s.text.String() + "\x00" + assigned(app)))
	}
}

// deployed are the apps that the rules of an expression deploy.
func deployed(in *selectors.Bound, e selectors.Expr) map[string]bool {
	out := map[string]bool{}
	switch e := e.(type) {
	case selectors.Name:
		return deployed(in.Name(e.Name), in.Name(e.Name).Expr())
	case selectors.Rule:
		for _, d := range e.Deploy {
			out[d.App] = true
		}
	case selectors.Const, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Sample, selectors.Universe, selectors.Nodes, selectors.Not, selectors.Quant, selectors.Binary, selectors.Filter, selectors.Take:
		for _, child := range selectors.Children(e) {
			maps.Copy(out, deployed(in, child))
		}
	}
	return out
}

// saying writes what expressions say of one app, names replaced by what they stand for.
type saying struct {
	app    string
	digest map[string]string
	text   strings.Builder
}

func (s *saying) say(in *selectors.Bound, e selectors.Expr) {
	switch e := e.(type) {
	case selectors.Name:
		def := in.Name(e.Name)
		s.say(def, def.Expr())
	case selectors.Rule:
		s.rule(in, e)
	case selectors.Binary:
		s.text.WriteByte('(')
		s.say(in, e.L)
		fmt.Fprintf(&s.text, " %s ", e.Op)
		s.say(in, e.R)
		s.text.WriteByte(')')
	case selectors.Filter:
		s.say(in, e.X)
		s.text.WriteByte('[')
		s.say(in, e.By)
		s.text.WriteByte(']')
	case selectors.Const, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Sample, selectors.Universe, selectors.Nodes, selectors.Not, selectors.Quant, selectors.Take:
		// none of them holds a rule; the names in it are said behind it
		s.text.WriteString(selectors.Print(e))
		for _, child := range selectors.Children(e) {
			s.text.WriteByte('\x01')
			s.say(in, child)
		}
	}
}

// rule is said as far as it is about the app.
func (s *saying) rule(in *selectors.Bound, r selectors.Rule) {
	var gives []string
	for _, d := range r.Deploy {
		if d.App == s.app {
			gives = append(gives, s.digest[d.App+"@"+d.Version])
		}
	}
	if len(gives) == 0 {
		s.text.WriteString("none")
		return
	}
	s.say(in, r.From)
	fmt.Fprintf(&s.text, " -> %s at %d", strings.Join(gives, ","), r.Priority)
}
