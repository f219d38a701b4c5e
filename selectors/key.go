package selectors

import (
	"fmt"
	"strconv"
)

// ParseKey reads a key that devices are grouped by, such as site or label("site"). An error
// is Errors, placed in the text.
func ParseKey(text string) (Key, error) {
	return parse(lexer{text: text}, func(p *parser) Key {
		k, _ := p.groupKey()
		return k
	})
}

// ParseAmount reads 3 or 10%, as Amount.String writes them.
func ParseAmount(text string) (a Amount, err error) {
	if a.Share, a.Shared = ParsePercent(text); a.Shared {
		return a, nil
	}
	if a.Count, err = strconv.Atoi(text); err != nil || a.Count < 0 {
		return Amount{}, fmt.Errorf("%q is no number and no share of the devices", text)
	}
	return a, nil
}
