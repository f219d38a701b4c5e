package selectors

import (
	"cmp"
	"fmt"
	"slices"
)

// Same reports whether two trees are the same but for spans and for spellings that have
// one canonical text. Trees that merely mean the same are not equal.
func Same(a, b Expr) bool {
	switch a := a.(type) {
	case Const:
		b, ok := b.(Const)
		return ok && a.Value == b.Value
	case Compare:
		b, ok := b.(Compare)
		return ok && sameKey(a.Key, b.Key) && a.Op == b.Op &&
			sameValue(a.constant(), b.constant())
	case In:
		b, ok := b.(In)
		return ok && sameKey(a.Key, b.Key) && a.Negated == b.Negated &&
			slices.EqualFunc(settleAll(a.Key, a.Values), settleAll(b.Key, b.Values), sameValue)
	case Glob:
		b, ok := b.(Glob)
		return ok && sameKey(a.Key, b.Key) && a.Negated == b.Negated && a.Pattern.Text == b.Pattern.Text
	case Contains:
		b, ok := b.(Contains)
		return ok && sameKey(a.Key, b.Key) && a.Negated == b.Negated && a.Element.Text == b.Element.Text
	case Has:
		b, ok := b.(Has)
		return ok && sameKey(a.Key, b.Key)
	case Within:
		b, ok := b.(Within)
		return ok && sameKey(a.Key, b.Key) && sameValue(a.Length, b.Length)
	case Quant:
		b, ok := b.(Quant)
		return ok && a.Every == b.Every && a.Collection == b.Collection && Same(a.By, b.By)
	case Sample:
		b, ok := b.(Sample)
		return ok && a.Share == b.Share && a.Seed == b.Seed
	case Not:
		b, ok := b.(Not)
		return ok && Same(a.X, b.X)
	case Binary:
		b, ok := b.(Binary)
		return ok && a.Op == b.Op && Same(a.L, b.L) && Same(a.R, b.R)
	case Name:
		b, ok := b.(Name)
		return ok && a.Name == b.Name
	case Universe:
		b, ok := b.(Universe)
		return ok && a.Empty == b.Empty
	case Nodes:
		b, ok := b.(Nodes)
		return ok && slices.Equal(sorted(a.Names), sorted(b.Names))
	case Filter:
		b, ok := b.(Filter)
		return ok && Same(a.X, b.X) && Same(a.By, b.By)
	case Take:
		b, ok := b.(Take)
		return ok && a.Amount == b.Amount && sameKey(a.By, b.By) && Same(a.X, b.X)
	case Rule:
		b, ok := b.(Rule)
		return ok && a.Priority == b.Priority && Same(a.From, b.From) &&
			slices.EqualFunc(a.Deploy, b.Deploy, func(c, d DeployRef) bool {
				return c.App == d.App && c.Version == d.Version
			})
	}
	panic(fmt.Sprintf("selectors: unknown expression %T", a))
}

func sameKey(a, b Key) bool {
	return a.Label == b.Label && a.Name == b.Name && a.Cast == b.Cast
}

func sameValue(a, b Value) bool { return a.Text == b.Text && a.Quoted == b.Quoted }

// settle chooses between "x" and x where the two mean the same: labels and names are
// quoted, enums and addresses are bare if they can be. Where a quoted constant is a type
// error it stays as written, for Bind to say so.
func settle(k Key, v Value) Value {
	switch kind, known := kindOf(k); {
	case known && (kind == textKind || kind == instantKind):
		v.Quoted = true
	case known && (kind == wordKind || kind == enumKind || kind == addressKind):
		v.Quoted = !isWord(v.Text)
	case !isWord(v.Text) && !isNegative(v.Text):
		v.Quoted = true
	}
	return v
}

// constant is the constant as it is printed.
func (x Compare) constant() Value {
	if x.Op.isPattern() {
		x.Value.Quoted = true
		return x.Value
	}
	return settle(x.Key, x.Value)
}

func isNegative(s string) bool {
	return len(s) > 1 && s[0] == '-' && isDigit(s[1]) && isWord(s[1:])
}

// settleAll settles each value, sorts them and drops duplicates.
func settleAll(k Key, values []Value) []Value {
	list := make([]Value, len(values))
	for i, v := range values {
		list[i] = settle(k, v)
	}
	slices.SortStableFunc(list, func(a, b Value) int {
		if a.Quoted != b.Quoted && a.Text == b.Text {
			if a.Quoted {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.Text, b.Text)
	})
	return slices.CompactFunc(list, sameValue)
}

// sorted is the set of names: sorted, without duplicates. It may be names itself.
func sorted(names []string) []string {
	for i := 1; i < len(names); i++ {
		if names[i-1] >= names[i] {
			names = slices.Sorted(slices.Values(names))
			return slices.Compact(names)
		}
	}
	return names
}
