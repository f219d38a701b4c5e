package selectors

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// key checks that a key exists and may be cast, and is how its values are read.
func (b *binder) key(k Key) (kind, bool) {
	if b.element {
		if k.Label || !isElement(k.Name) {
			b.fail(k.At, unknownKey, fmt.Sprintf("%s is no key of a deployment", keyText(Key{Label: k.Label, Name: k.Name})), elementHint(k))
			return 0, false
		}
	} else if !k.Label && isElement(k.Name) && !slices.Contains(b.scope.LabelKeys, k.Name) {
		b.fail(k.At, unknownKey, k.Name+" is a key of a deployment, not of a device", "write any("+Deploy+": "+k.Name+" …)")
		return 0, false
	} else if !k.Label && !isAttribute(k.Name) {
		b.fail(k.At, unknownKey, "unknown attribute "+k.Name, b.keyHint(k.Name))
		return 0, false
	}
	if own, _ := kindOf(Key{Label: k.Label, Name: k.Name}); k.Cast != NoCast && own != textKind {
		b.fail(k.At, badCast, fmt.Sprintf("%s is %s already; only text can be cast", k.Name, own.noun()), "write "+k.Name)
		return 0, false
	}
	if k.Name == Heartbeat && !k.Label {
		b.needs(Observed)
	}
	return kindOf(k)
}

// elementHint says where a key that stands in a quantifier belongs.
func elementHint(k Key) string {
	if k.Label || isAttribute(k.Name) {
		return "it is of the device: join it outside with &"
	}
	if hint := didYouMean(k.Name, ElementKeys(), func(a string) string { return a }); hint != "" {
		return hint
	}
	return "known: " + strings.Join(ElementKeys(), ", ")
}

// keyHint offers the label of that very name, else the nearest attribute, else the nearest
// label. A bare word never becomes a label silently: a typing error would pass for one.
func (b *binder) keyHint(word string) string {
	label := func(name string) string { return keyText(Key{Label: true, Name: name}) }
	if slices.Contains(b.scope.LabelKeys, word) {
		return "did you mean " + label(word) + "?"
	}
	if hint := didYouMean(word, AttributeNames(), func(a string) string { return a }); hint != "" {
		return hint
	}
	if hint := didYouMean(word, b.scope.LabelKeys, label); hint != "" {
		return hint
	}
	return "a label is written " + label(word)
}

func (b *binder) compare(x Compare) Expr {
	k, ok := b.key(x.Key)
	if !ok {
		return x
	}
	if x.Op.isPattern() {
		return b.regular(x, k)
	}
	if k == setKind {
		b.failSet(x.At, x.Key, x.Value, x.Op == NotEqual)
		return x
	}
	if x.Op != Equal && x.Op != NotEqual && !k.ordered() {
		b.fail(x.At, wrongOperator, fmt.Sprintf("%s needs an order, and %s is %s", x.Op, x.Key, k.noun()), orderHint(x, k))
		return x
	}
	constant, ok := b.constant(x.Key, k, x.Value)
	if ok && k == addressKind && !constant.network.IsSingleIP() {
		b.fail(x.Value.At, badValue, x.Value.Text+" is a network", fmt.Sprintf("write %s in %s", x.Key, x.Value.Text))
		return x
	}
	if ok {
		x.test = compareTest(k, x.Op, constant)
	}
	return x
}

// orderHint offers the cast that gives text an order, chosen by the constant.
func orderHint(x Compare, k kind) string {
	if k != textKind {
		return "use = or in"
	}
	number, version := x.Key, x.Key
	number.Cast, version.Cast = AsNumber, AsVersion
	v := x.Value.Text
	if _, ok := numberKind.read(v); ok && strings.Count(v, ".") == 0 {
		return fmt.Sprintf("write %s %s %s for numbers, %s for versions", number, x.Op, v, version)
	}
	return fmt.Sprintf("write %s for versions, %s for numbers", version, number)
}

func (b *binder) in(x In) Expr {
	k, ok := b.key(x.Key)
	if !ok {
		return x
	}
	if k == setKind {
		b.failSet(x.At, x.Key, x.Values[0], x.Negated)
		return x
	}
	constants := make([]reading, 0, len(x.Values))
	for _, v := range x.Values {
		if c, fits := b.constant(x.Key, k, v); fits {
			constants = append(constants, c)
		}
	}
	x.test = inTest(k, constants, x.Negated)
	return x
}

func (b *binder) has(x Has) Expr {
	k, ok := b.key(x.Key)
	if ok {
		if x.Key.Cast == NoCast {
			k = textKind // there at all, readable or not
		}
		x.test = &test{kind: k}
	}
	return x
}

// constant reads a constant as the key's values are read.
func (b *binder) constant(key Key, k kind, v Value) (reading, bool) {
	if known := enumeration(key); k == enumKind && !slices.Contains(known, v.Text) {
		hint := didYouMean(v.Text, known, func(a string) string { return a })
		if right, ok := otherTongues[v.Text]; ok && key.Name == "arch" {
			hint = "did you mean " + right + "?"
		}
		if hint == "" {
			hint = "known: " + strings.Join(known, ", ")
		}
		b.fail(v.At, unknownValue, fmt.Sprintf("%s is never %q", key, v.Text), hint)
		return reading{}, false
	}
	r, ok := k.read(v.Text)
	network, err := netip.ParsePrefix(v.Text)
	switch {
	case !ok && k == addressKind && err == nil:
		b.fail(v.At, badValue, v.Text+" is no network: it has bits below its mask", "write "+network.Masked().String())
	case !ok:
		b.fail(v.At, badValue, fmt.Sprintf("%s is %s, and %s is not", key, k.noun(), valueText(v)), "write for example "+k.example())
	case v.Quoted && k.ordered() && k != instantKind:
		b.fail(v.At, badValue, fmt.Sprintf("%s is %s, and %s is text", key, k.noun(), valueText(v)), "write "+v.Text+" without quotes")
	case k == kernelKind && r.version.kernelText() != strings.TrimPrefix(v.Text, "v"):
		b.fail(v.At, badValue, "kernel is compared without its package suffix", "write "+r.version.kernelText())
	default:
		return r, true
	}
	return reading{}, false
}
