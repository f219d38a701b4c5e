package main

import (
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/selectors"
)

// whyAnswer is the answer for machines.
type whyAnswer struct {
	Device string         `json:"device"`
	Plan   []planner.Line `json:"plan"` // what the plan does there, and what is blocked
	Apps   []whyApp       `json:"apps"`
}

type whyApp struct {
	App    string     `json:"app"`
	Claims []whyClaim `json:"claims"`
	// Refused are the assignments that place the app elsewhere, where none claims it here.
	Refused []whyClaim `json:"refused"`
}

type whyClaim struct {
	Deployment string         `json:"deployment"`
	Priority   int            `json:"priority"`
	Wins       bool           `json:"wins"`
	Assignment string         `json:"assignment"`
	Rule       string         `json:"rule"`
	Source     algebra.Source `json:"source"`
	Fleets     []whyFleet     `json:"fleets"`
	Because    []whyTerm      `json:"because"`
}

// whyFleet is a name on the way from the rule to the terms.
type whyFleet struct {
	Name   string `json:"name"`
	Admits bool   `json:"admits"`
	Source string `json:"source"`
}

// whyTerm is a term at the end of the chain that decides, and who set what it asks for.
type whyTerm struct {
	decision
	SetBy string `json:"set_by"`
}

func (w whying) answer() whyAnswer {
	id := w.ground.roster.ID(w.ordinal)
	here := w.here()
	out := whyAnswer{Device: id.String(), Plan: planner.Compare(planner.Plan{}, here).Lines(), Apps: []whyApp{}}
	if !w.declared {
		for _, c := range here.Changes {
			app := whyApp{App: c.Action.Target().App.String(), Claims: []whyClaim{}, Refused: []whyClaim{}}
			if c.By.Assignment != "" {
				app.Claims = append(app.Claims, whyClaim{Deployment: c.Want.String(), Wins: true, Assignment: c.By.Assignment,
					Rule: c.By.Rule, Source: c.By.Source, Fleets: []whyFleet{}, Because: []whyTerm{{decision: decision{Expression: c.By.Term, Admits: true}}}})
			}
			out.Apps = append(out.Apps, app)
		}
		return out
	}
	for _, app := range w.apps() {
		one := whyApp{App: app.String(), Claims: []whyClaim{}, Refused: []whyClaim{}}
		for _, r := range w.reasons(app) {
			c := w.asClaim(r)
			c.Deployment, c.Priority, c.Wins = r.claim.Deployment.String(), r.claim.Priority, r.wins
			one.Claims = append(one.Claims, c)
		}
		if len(one.Claims) == 0 {
			for _, r := range w.refusals(app) {
				one.Refused = append(one.Refused, w.asClaim(r))
			}
		}
		out.Apps = append(out.Apps, one)
	}
	return out
}

func (w whying) asClaim(r reason) whyClaim {
	c := whyClaim{Assignment: r.by.Name, Rule: r.part.text, Source: r.by.Source, Fleets: w.fleets(r.part), Because: []whyTerm{}}
	for _, end := range r.part.ends(w.ordinal) {
		t := whyTerm{decision: end.decision(w.ground.roster, w.ordinal)}
		if k, ok := end.subject(); ok && t.Value != nil {
			t.SetBy = w.cites.author(w.ground.roster.ID(w.ordinal), k)
		}
		c.Because = append(c.Because, t)
	}
	return c
}

// fleets are the names that an explanation goes through.
func (w whying) fleets(p part) []whyFleet {
	out := []whyFleet{}
	if n, ok := p.expr.(selectors.Name); ok {
		out = append(out, whyFleet{"@" + n.Name, p.fleet.Contains(w.ordinal), w.cites.name(n.Name)})
	}
	for _, q := range p.deciding(w.ordinal) {
		out = append(out, w.fleets(q)...)
	}
	return out
}
