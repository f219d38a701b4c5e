package algebra

import (
	"time"

	"github.com/musterfleet/muster/selectors"
)

// Waiver is a Waiver document: for a reason and a time, somebody answers for violations of a
// rule. Package policies says which ones it covers.
type Waiver struct {
	Name   string
	Source Source
	// Rule is the rule waived, as results name it.
	Rule string
	// Match is the selector or fleet of the devices whose violations are waived. Nil means those about no device:
	// what a rule says of the plan or of a batch as a whole.
	Match         *selectors.Bound
	Owner, Reason string
	// Expires is the first moment at which it covers nothing any more.
	Expires time.Time
}

// Environment is an Environment document: other levels for some rules, where plans are judged
// under its name.
type Environment struct {
	Name   string
	Source Source
	Levels map[string]string // of rules: deny, warn or info
}
