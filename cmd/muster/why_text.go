package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/selectors"
)

// reason is one claim on a slot, and one assignment that makes it.
type reason struct {
	claim algebra.Claim
	wins  bool
	by    algebra.Definition
	part  part // the rule of the assignment that makes the claim, taken apart
}

// reasons are the claims on a slot, the winning ones first.
func (w whying) reasons(app algebra.App) []reason {
	var out []reason
	winners := w.demand.Assignment().Resolve().At(w.ordinal, app)
	for _, c := range w.demand.Assignment().At(w.ordinal) {
		if c.Deployment.App() != app {
			continue
		}
		wins := slices.ContainsFunc(winners, func(o algebra.Claim) bool { return o.Compare(c) == 0 })
		for _, def := range w.demand.MadeBy(c, w.ordinal) {
			b, x := w.making(def.Expr, def.Expr.Expr(), c)
			out = append(out, reason{c, wins, def, w.part(b, x)})
		}
	}
	return out
}

// making is the part of an assignment that makes a claim on the device: of a union the first side
// that does, and a name as its definition.
func (w whying) making(b *selectors.Bound, x selectors.Expr, c algebra.Claim) (*selectors.Bound, selectors.Expr) {
	if n, ok := x.(selectors.Name); ok {
		return w.making(b.Name(n.Name), b.Name(n.Name).Expr(), c)
	}
	if u, ok := x.(selectors.Binary); ok && u.Op == selectors.Or {
		if w.demand.Assign(b.Part(u.L)).Makes(c, w.ordinal) {
			return w.making(b, u.L, c)
		}
		return w.making(b, u.R, c)
	}
	return b, x
}

// refusals are the assignments that place the app elsewhere, taken apart.
func (w whying) refusals(app algebra.App) []reason {
	var out []reason
	for _, def := range w.world.Assignments {
		if !def.Abstract && places(def.Expr, app, map[*selectors.Bound]bool{}) {
			out = append(out, reason{by: def, part: w.part(def.Expr, def.Expr.Expr())})
		}
	}
	return out
}

// places reports whether some rule of an assignment names the app.
func places(b *selectors.Bound, app algebra.App, seen map[*selectors.Bound]bool) bool {
	if seen[b] {
		return false
	}
	seen[b] = true
	var walk func(selectors.Expr) bool
	walk = func(x selectors.Expr) bool {
		if r, ok := x.(selectors.Rule); ok {
			return slices.ContainsFunc(r.Deploy, func(d selectors.DeployRef) bool { return d.App == app.String() })
		}
		if n, ok := x.(selectors.Name); ok {
			return places(b.Name(n.Name), app, seen)
		}
		return slices.ContainsFunc(selectors.Children(x), walk)
	}
	return walk(b.Expr())
}

// here is what the plan says of the device, or of one app there.
func (w whying) here() planner.Plan {
	id := w.ground.roster.ID(w.ordinal)
	in := func(t planner.Target) bool { return t.Device == id && (w.only == algebra.App{} || t.App == w.only) }
	p := w.plan.Whole().Of(in)
	p.Partial = false // nobody asked for a plan
	return p
}

// apps are those the answer is about.
func (w whying) apps() []algebra.App {
	if w.only != (algebra.App{}) {
		return []algebra.App{w.only}
	}
	var apps []algebra.App
	for _, c := range w.demand.Assignment().At(w.ordinal) {
		apps = append(apps, c.Deployment.App())
	}
	for _, t := range w.here().Targets() {
		apps = append(apps, t.App)
	}
	slices.SortFunc(apps, algebra.App.Compare)
	return slices.Compact(apps)
}

// text is the answer for people.
func (w whying) text(c *console) string {
	here := w.here()
	text := planner.Text(here, planner.Style{Color: c.color(c.out), Width: c.columns()})
	sections := strings.Split(strings.TrimSuffix(text, "\n"), "\n\n")
	out := strings.Join(sections[:len(sections)-1], "\n\n") // without the counts
	if len(sections) == 1 {
		out = fmt.Sprintf("The plan has nothing for %s.", w.address())
	}
	out += "\n"
	if !w.declared {
		return out + w.byPlan(here, c.columns())
	}
	for _, app := range w.apps() {
		out += w.slot(app, c.columns())
	}
	return out
}

func (w whying) address() string {
	id := w.ground.roster.ID(w.ordinal).String()
	if w.only == (algebra.App{}) {
		return id
	}
	return id + "/" + w.only.String()
}

// slot tells the claims on one slot.
func (w whying) slot(app algebra.App, wide int) string {
	var b strings.Builder
	found := w.reasons(app)
	for _, r := range found {
		verdict := "wins"
		if !r.wins {
			verdict = "loses to a higher priority"
		} else if n := len(w.demand.Assignment().Resolve().At(w.ordinal, app)); n > 1 {
			verdict = "is in conflict"
		}
		fmt.Fprintf(&b, "\n%s at priority %d %s, claimed by %s (%s)\n", r.claim.Deployment, r.claim.Priority, verdict, r.by.Name, r.by.Source)
		b.WriteString(lines(indent(r.part.why(w.ground, w.ordinal).lines(wide - 2))))
	}
	if len(found) > 0 {
		return b.String()
	}
	refused := w.refusals(app)
	if len(refused) == 0 {
		return fmt.Sprintf("\nNo assignment places %s on any device.\n", app)
	}
	fmt.Fprintf(&b, "\nNo assignment places %s on %s:\n", app, w.ground.roster.ID(w.ordinal))
	for _, r := range refused {
		fmt.Fprintf(&b, "%s (%s)\n", r.by.Name, r.by.Source)
		b.WriteString(lines(indent(r.part.why(w.ground, w.ordinal).lines(wide - 2))))
	}
	return b.String()
}

// byPlan tells what a plan without its World knows: the rule, the term, and the keys in it.
func (w whying) byPlan(here planner.Plan, wide int) string {
	var b strings.Builder
	for _, c := range here.Changes {
		if c.By.Assignment == "" {
			continue
		}
		fmt.Fprintf(&b, "\n%s: %s (%s)\n", c.Action.Target().App, c.By.Assignment, c.By.Source)
		fmt.Fprintf(&b, "  %s\n", c.By.Rule)
		expr, err := selectors.Parse(c.By.Term)
		if err != nil {
			continue
		}
		if bound, err := selectors.Bind(expr, selectors.Scope{}); err == nil {
			b.WriteString(lines(indent(w.part(bound, bound.Expr()).why(w.ground, w.ordinal).lines(wide - 2))))
		} else {
			fmt.Fprintf(&b, "  as it is in %s; -w DIR, the World the plan was made for, says what that is\n", c.By.Term)
		}
	}
	return b.String()
}

func indent(list []string) []string {
	for i, l := range list {
		list[i] = "  " + l
	}
	return list
}
