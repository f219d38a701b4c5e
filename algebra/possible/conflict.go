package possible

import (
	"cmp"
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// Conflict is two claims that some device would get, and that cannot both hold there.
type Conflict struct {
	A, B Claim
	// Resource is what both deployments hold of the host; empty where they are of one app.
	Resource algebra.Resource
	// Where is true of the devices on which they conflict, and Witness is one.
	Where   analysis.Predicate
	Witness analysis.Device
	over    []selectors.Expr // the fleets of claims that take devices from either
}

// Holdings are what deployments hold of their host, by app@version.
type Holdings map[string][]algebra.Resource

// HoldingsOf are those of a World's deployments.
func HoldingsOf(w algebra.World) Holdings {
	out := Holdings{}
	for _, d := range w.Deployments {
		out[d.Ref().String()] = d.Resources()
	}
	return out
}

// Conflicts finds the pairs of claims that conflict on some device, at most so many, in the
// order of the claims; of two assignments that clash in one way it gives the first pair. The
// error is an *analysis.Budget.
func Conflicts(o analysis.Options, all []Claim, held Holdings, most int) ([]Conflict, error) {
	s, err := newSurvey(o, all)
	if err != nil {
		return nil, err
	}
	return s.conflicts(held, most)
}

// conflicts settles the pairs that were met within apps, then those that share a resource.
func (s *survey) conflicts(held Holdings, most int) ([]Conflict, error) {
	told := map[[2]string]bool{}
	var found []Conflict
	note := func(i, j int, r algebra.Resource) error {
		key := keyOf(s.all[i], s.all[j])
		if len(found) >= most || told[key] {
			return nil
		}
		c, ok, err := s.settle(i, j, r)
		if ok {
			told[key] = true
			found = append(found, c)
		}
		return err
	}
	for _, p := range s.rivals {
		if err := note(p[0], p[1], ""); err != nil {
			return nil, err
		}
	}
	byResource := map[algebra.Resource][]int{}
	for i, c := range s.all {
		for _, r := range held[c.Deployment()] {
			byResource[r] = append(byResource[r], i)
		}
	}
	for _, r := range sortedKeys(byResource) {
		some := byResource[r]
		if !slices.ContainsFunc(some, func(i int) bool { return s.all[i].App != s.all[some[0]].App }) {
			continue
		}
		space, err := s.space(some)
		if err != nil {
			return nil, err
		}
		asked := func(i, j int) bool { return s.all[some[i]].App != s.all[some[j]].App }
		for p, err := range space.Overlaps(asked) {
			if err == nil {
				err = note(some[p[0]], some[p[1]], r)
			}
			if err != nil {
				return nil, err
			}
			if len(found) >= most {
				break
			}
		}
	}
	return found, nil
}

// settle is the conflict of two claims, unless claims of higher priority take every device that
// gets both.
func (s *survey) settle(i, j int, r algebra.Resource) (c Conflict, ok bool, err error) {
	c = Conflict{A: s.all[i], B: s.all[j], Resource: r}
	over := append(s.above(i), s.above(j)...)
	c.Where = analysis.Both(c.A.On, c.B.On, analysis.Not(analysis.Either(over...)))
	space, err := analysis.NewSpace(s.options, c.Where)
	if err != nil {
		return c, false, err
	}
	for _, k := range slices.Concat(s.higher[i], s.higher[j]) {
		c.over = append(c.over, s.all[k].fleet)
	}
	c.Witness, ok, err = space.Set(0).Witness()
	return c, ok, err
}

// keyOf tells clashes apart: two assignments clash in two deployments once.
func keyOf(a, b Claim) [2]string {
	x, y := a.By+" "+a.Deployment(), b.By+" "+b.Deployment()
	if a.By == "" {
		x += " " + ruleText(a)
		y += " " + ruleText(b)
	}
	return [2]string{min(x, y), max(x, y)}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
