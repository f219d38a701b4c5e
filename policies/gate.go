package policies

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies/classes"
)

// Scope is what a policy is asked about, each time it is asked.
type Scope uint8

// The scopes.
const (
	Action    Scope = iota + 1 // one Start, Replace or Stop
	Batch                      // the actions that go out together
	Plan                       // the whole plan, once
	Aggregate                  // the plan's counts, once
)

var scopeNames = [...]string{"", "action", "batch", "plan", "aggregate"}

// String is the scope's name in a Policy document.
func (s Scope) String() string { return nameOf(scopeNames[:], "Scope", uint8(s)) }

// Level is what an objection of a policy does.
type Level uint8

// The levels, the worst first.
const (
	Deny Level = iota + 1 // the plan is not approved
	Warn
	Info
)

var levelNames = [...]string{"", "deny", "warn", "info"}

// String is the level's name in a Policy document.
func (l Level) String() string { return nameOf(levelNames[:], "Level", uint8(l)) }

// ParseLevel is the level of a name.
func ParseLevel(s string) (Level, error) {
	for i, name := range levelNames {
		if i > 0 && name == s {
			return Level(i), nil
		}
	}
	return 0, fmt.Errorf("level %q is not one of %s", s, strings.Join(levelNames[1:], ", "))
}

// MarshalText gives the name in reports.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

func nameOf(names []string, kind string, i uint8) string {
	if int(i) < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", kind, i)
}

// Input is what an engine is asked about. It must not be changed.
type Input struct {
	// File is the whole plan. Its Now is the only clock.
	File *planfile.File
	// Change is the action judged in scope Action, else nil. It may be the inverse of one of File's.
	Change *planfile.Change
	// Batch is the batch judged in scope Batch, else nil.
	Batch *planfile.Batch
	// Memo keeps what engines make of File. It may be nil.
	Memo *Memo
}

// Finding is one objection. A language without rules of its own leaves all fields empty.
type Finding struct {
	Rule string // empty: the policy's name
	// Level is the rule's; 0 is the policy's.
	Level Level
	Msg   string // empty: the policy's message
	// ChangeID is the change it is about, where a policy judges more than one.
	ChangeID string
	// Address is what it is about, where that is no change. Loc is the place to look at, where
	// that is not the one of the change.
	Address string
	Loc     planfile.Source
	Details map[string]any
}

// ErrCost says that an evaluation was given up as it took too long. After it a gate is asked
// no more: the plan is denied already, and a hundred thousand such evaluations take hours.
var ErrCost = errors.New("it costs too much")

// Engine evaluates one compiled policy. It returns no finding where the policy holds, and an
// error, never a pass, where it cannot tell; one that is ErrCost where it gave up. It is pure and safe for concurrent use.
type Engine interface {
	Judge(in Input) ([]Finding, error)
}

// Gate is a policy ready to judge. Only NewGate makes one.
type Gate struct {
	policy algebra.Policy
	scope  Scope
	level  Level
	engine Engine
}

// Gates is a policy set. Its order means nothing.
type Gates []Gate

// NewGate joins a policy with what its engine compiled it to. It refuses an unknown scope or
// level, and a match outside scope action: a plan is of no one device.
func NewGate(p algebra.Policy, e Engine) (Gate, error) {
	g := Gate{policy: p, engine: e}
	var problems []error
	for i := range scopeNames {
		if i > 0 && p.Scope == scopeNames[i] {
			g.scope = Scope(i)
		}
	}
	var unknown error
	if g.level, unknown = ParseLevel(p.Level); unknown != nil {
		problems = append(problems, unknown)
	}
	if e == nil || p.Name == "" {
		problems = append(problems, errors.New("a gate needs a name and an engine"))
	}
	if strings.HasPrefix(p.Name, reserved) {
		problems = append(problems, fmt.Errorf("names that begin with %s are those of built-in rules", reserved))
	}
	if g.scope == 0 {
		problems = append(problems, fmt.Errorf("scope %q is not one of %s", p.Scope, strings.Join(scopeNames[1:], ", ")))
	}
	if p.Match != nil && g.scope != Action && g.scope != 0 {
		problems = append(problems, fmt.Errorf("match chooses actions by their device, and scope %s has no device; filter plan.resource_changes in the policy", p.Scope))
	}
	if len(problems) > 0 {
		return Gate{}, errors.Join(problems...)
	}
	return g, nil
}

// Name is the policy's name.
func (g Gate) Name() string { return g.policy.Name }

// Policy is the policy as it was compiled. Its params must not be changed.
func (g Gate) Policy() algebra.Policy { return g.policy }

// Scope is what the policy is asked about.
func (g Gate) Scope() Scope { return g.scope }

// Level is what its objections do.
func (g Gate) Level() Level { return g.level }

// Source is where the policy is declared.
func (g Gate) Source() algebra.Source { return g.policy.Source }

func (g Gate) compare(o Gate) int {
	return cmp.Or(strings.Compare(g.policy.Name, o.policy.Name), strings.Compare(g.policy.Source.File, o.policy.Source.File),
		cmp.Compare(g.policy.Source.Line, o.policy.Source.Line), strings.Compare(g.policy.Text, o.policy.Text))
}

// Judge asks the policy one question of its scope, whatever its match. A panic of the engine
// is an error like any other.
func (g Gate) Judge(in Input) (found []Finding, err error) {
	defer func() {
		if r := recover(); r != nil {
			found, err = nil, fmt.Errorf("its engine failed: %v", r)
		}
	}()
	return g.engine.Judge(in)
}

// Reads are the parts of a change that what the gate says of it depends on, if that can be told.
func (g Gate) Reads() (classes.Reads, bool) {
	if r, ok := g.engine.(Reader); ok && g.scope == Action {
		return r.Reads()
	}
	return classes.Reads{}, false
}
