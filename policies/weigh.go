package policies

import "errors"

// weigh makes results of what a gate says. Of an inverse only denials matter: of the action
// itself all has been said.
func (r *review) weigh(h hearing) {
	r.evaluations += h.evaluations
	denied := -1 // the last change that was denied
	for _, one := range h.heard {
		for _, result := range r.findings(h.gate, one) {
			switch {
			case !one.back:
				r.results = append(r.results, result)
				if result.stands(Deny) {
					denied = one.order
				}
			case !result.stands(Deny):
			case errors.Is(one.err, ErrCost):
				r.results = append(r.results, result) // who knows what it would have said of the rest
			case denied == one.order:
				r.kept[result.ChangeID] = true
			default:
				r.keep(result)
			}
		}
	}
}

// keep takes a change's inverse out of what is approved. That denies the plan only where
// the run may roll back by itself.
func (r *review) keep(one Result) {
	r.kept[one.ChangeID] = true
	one.Inverse, one.Msg = true, "its rollback is denied: "+one.Msg
	if !r.rollsBack {
		one.Level = Info
	}
	r.results = append(r.results, one)
}

// findings are the results of one answer. A gate that cannot tell denies, at whatever level it is.
func (r *review) findings(g *asked, h heard) []Result {
	base := Result{Rule: g.policy.Name, Level: g.level, Policy: g.policy.Source, order: h.order}
	if c := h.in.Change; c != nil {
		base.ChangeID, base.Address, base.Loc, base.device = c.ID, c.Address, c.Source, c.Device.ID
	}
	if h.in.Batch != nil {
		base.Details = map[string]any{"batch": h.in.Batch.Index}
	}
	var out []Result
	for _, f := range h.found {
		out = append(out, r.filled(base, f, g.Gate))
	}
	if h.err != nil {
		base.Level, base.Failed, base.Msg = Deny, true, "cannot be evaluated: "+h.err.Error()
		if errors.Is(h.err, ErrCost) {
			base.Msg += "; it was asked no more"
		}
		out = append(out, base)
	}
	return out
}

// filled is the result of one finding: what the finding leaves empty is the policy's.
func (r *review) filled(one Result, f Finding, g Gate) Result {
	if f.Rule != "" {
		one.Rule = f.Rule
	}
	if f.Level != 0 {
		one.Level = f.Level
	}
	if f.Details != nil {
		one.Details = f.Details
	}
	if f.Address != "" {
		one.Address = f.Address
	}
	one.Msg = g.Message(f)
	if f.ChangeID != "" && one.ChangeID == "" {
		one.ChangeID = f.ChangeID
		if i, ok := r.byID()[f.ChangeID]; ok {
			c := r.file.ResourceChanges[i]
			one.Address, one.Loc, one.device, one.order = c.Address, c.Source, c.Device.ID, i
		}
	}
	if f.Loc.File != "" {
		one.Loc = f.Loc
	}
	if l, ok := r.levels[one.Rule]; ok {
		one.Level = l
	}
	one.Waiver = r.waivers.cover(one)
	return one
}

// byID finds changes by their ids.
func (r *review) byID() map[string]int {
	if r.places == nil {
		r.places = make(map[string]int, len(r.file.ResourceChanges))
		for i := range r.file.ResourceChanges {
			r.places[r.file.ResourceChanges[i].ID] = i
		}
	}
	return r.places
}

// Message is what a finding of the gate says.
func (g Gate) Message(f Finding) string {
	switch {
	case f.Msg != "":
		return f.Msg
	case g.policy.Message != "":
		return g.policy.Message
	}
	return "must hold: " + g.policy.Text
}
