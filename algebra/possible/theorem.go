package possible

import (
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// theorem proves that no device is as a theorem forbids, or finds one. In it any(deploy: …) asks
// what the World would deploy: the claims that no higher one takes. Two claims that conflict
// count both, as either could be what stays.
func (c *checker) theorem(t algebra.Theorem) {
	o := options()
	o.Deployed = func(b *selectors.Bound, q selectors.Quant) analysis.Predicate {
		var on []analysis.Predicate
		for i, claim := range c.all {
			e := analysis.Element{"app": claim.App, "version": claim.Version}
			if b.MatchesElement(q.By, e, time.Time{}) != q.Every {
				on = append(on, c.wins(i))
			}
		}
		some := analysis.Either(on...)
		if q.Every {
			return analysis.Not(some)
		}
		return some
	}
	what := "theorem " + t.Name
	var witness analysis.Device
	some := false
	s, err := analysis.NewSpace(o, analysis.Of(t.Never))
	if err == nil {
		witness, some, err = s.Set(0).Witness()
	}
	switch {
	case err != nil:
		c.undecided(t.Source, what, err)
		c.found[len(c.found)-1].Unproved = true
	case some:
		witness.Deploy = nil
		c.add(Finding{Source: t.Source, Message: fmt.Sprintf("%s does not hold: a device could be as it says never", what), Witness: &witness, Unproved: true})
	}
}

// waves notes waves of a rollout that no device could reach, as those before have all of it, and
// devices of its fleet that no wave has.
func (c *checker) waves(r algebra.Rollout) {
	var of []analysis.Predicate
	var told []string
	whole := false // a share or the rest takes whoever is left
	for _, w := range r.Waves {
		switch w := w.(type) {
		case algebra.FleetWave:
			of = append(of, analysis.Of(w.Fleet))
			told = append(told, w.String())
		case algebra.ShareWave:
			whole = whole || w.Share == 10_000
		case algebra.RestWave:
			whole = true
		}
	}
	target := c.targets(r.App.String())
	if r.Fleet != nil {
		target = analysis.Of(r.Fleet)
	}
	s, err := analysis.NewSpace(options(), append(of, target)...)
	what := "rollout " + r.Name
	if err != nil {
		c.undecided(r.Source, what, err)
		return
	}
	all := s.Set(len(of))
	seen := all.Minus(all)
	for i := range of {
		wave := s.Set(i).And(all)
		none, _ := wave.IsEmpty()
		taken, _ := wave.Within(seen)
		both := wave.And(seen)
		witness, overlap, _ := both.Witness()
		switch {
		case none:
			c.add(Finding{Source: r.Source, Message: fmt.Sprintf("%s: no device of its target can be in the wave %s", what, told[i])})
		case taken:
			c.add(Finding{Source: r.Source, Message: fmt.Sprintf("%s: the waves before it have every device of the wave %s", what, told[i]), Hint: "take the wave out"})
		case overlap:
			c.add(Finding{Source: r.Source, Message: fmt.Sprintf("%s: the wave %s overlaps those before it, whose device it then is", what, told[i]),
				Hint: "make the fleets of the waves disjoint", Witness: &witness})
		}
		seen = seen.Or(wave)
	}
	if witness, left, err := all.Minus(seen).Witness(); err == nil && left && !whole {
		c.add(Finding{Source: r.Source, Message: what + ": its waves do not cover its target", Hint: "end with rest: true", Witness: &witness})
	}
}

// targets is true of the devices that get any deployment of an app.
func (c *checker) targets(app string) analysis.Predicate {
	var on []analysis.Predicate
	for _, claim := range c.all {
		if claim.App == app {
			on = append(on, claim.On)
		}
	}
	return analysis.Either(on...)
}
