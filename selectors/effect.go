package selectors

import "fmt"

// Effect is what the value of an expression depends on besides what is declared. A greater one
// includes the lesser.
type Effect uint8

// The effects. A World must say dynamic where one is not static: a device that fails could
// leave the very fleet that is to mend it.
const (
	Static   Effect = iota + 1 // labels and facts
	Observed                   // what devices run, when they were heard
	Clock                      // and the present time
)

// String is the effect's name.
func (e Effect) String() string {
	switch e {
	case Static:
		return "static"
	case Observed:
		return "observed"
	case Clock:
		return "clock"
	}
	return fmt.Sprintf("Effect(%d)", uint8(e))
}

// needs notes that the expression depends on at least that.
func (b *binder) needs(e Effect) { b.effect = max(b.effect, e) }
