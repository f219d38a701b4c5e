package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/selectors"
)

// breakGlass is the waiver of an emergency.
const breakGlass = "break-glass"

// breakingGlass has one person answer, for an hour, for all that policies deny: each denial is told
// as ever, and as waived. What policies cannot be waived for stays denied: one that could not be
// evaluated, and the built-in rules. It is on record before the plan is judged.
func (r *rules) breakingGlass(ctx context.Context, fleet *cluster, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return errors.New("apply: --break-glass wants the reason, for the audit")
	}
	if err := fleet.may("apply --break-glass", identity.Operator); err != nil {
		return err
	}
	if err := fleet.audit(ctx, breakGlass, "policies", map[string]string{"reason": reason}); err != nil {
		return err
	}
	expr, err := selectors.Parse("all")
	var everywhere *selectors.Bound
	if err == nil {
		everywhere, err = selectors.Bind(expr, selectors.Scope{})
	}
	if err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	until := time.Now().Add(time.Hour)
	seen := map[string]bool{}
	for _, g := range r.gates {
		if seen[g.Name()] {
			continue
		}
		seen[g.Name()] = true
		w := algebra.Waiver{Name: breakGlass, Rule: g.Name(), Owner: fleet.name(), Reason: reason, Expires: until}
		r.options.Waivers = append(r.options.Waivers, w)
		w.Match = everywhere
		r.options.Waivers = append(r.options.Waivers, w)
	}
	return nil
}
