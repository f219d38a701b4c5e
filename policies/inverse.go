package policies

import (
	"fmt"
	"strings"

	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
)

// rollbackReason is the action_reason of an inverse.
const rollbackReason = "rollback"

// inverse is the action that would undo c:
//
//	create  ->  delete            what was started stops
//	delete  ->  create            what was stopped starts again
//	delete, create  ->  the same  with before and after exchanged
//
// What comes back takes its values from the device as it is now. The error says why the
// action cannot be undone. A deployment of which only the digest is known is no error here:
// policies that read its workload fail on it, and so do not approve of it.
func inverse(c planfile.Change, p planner.Change, on planner.Plan) (planfile.Change, error) {
	c.ActionReason = rollbackReason
	c.Change.Before, c.Change.After = c.Change.After, c.Change.Before
	switch p.Action.(type) {
	case planner.Start:
		c.Change.Actions, c.Disruptive = []string{"delete"}, true
		return c, nil
	case planner.Stop:
		c.Change.Actions, c.Disruptive = []string{"create"}, false
	case planner.Replace:
	}
	if p.Have.IsZero() || len(p.Have.Takes()) == 0 {
		return c, nil
	}
	i, ok := on.Roster.Ordinal(p.Action.Target().Device)
	if !ok {
		return c, fmt.Errorf("%s is not in the roster", p.Action.Target().Device)
	}
	values, missing := p.Have.Values(on.Roster.Attributes(i))
	if len(missing) > 0 {
		return c, fmt.Errorf("%s takes %s, which the device lacks now", p.Have, strings.Join(missing, ", "))
	}
	after := *c.Change.After
	after.Values = values
	c.Change.After = &after
	return c, nil
}
