package selectors

// ParseKey reads a key that devices are grouped by, such as site or label("site"). An error
// is Errors, placed in the text.
func ParseKey(text string) (Key, error) {
	return parse(text, func(p *parser) Key {
		k, _ := p.groupKey()
		return k
	})
}
