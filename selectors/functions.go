package selectors

import (
	"fmt"
	"strconv"
	"strings"
)

// quantifier = ( "any" | "every" ) "(" COLLECTION ":" binary ")".
func (p *parser) quantifier() Expr {
	word := p.tok
	p.next()
	if !p.expect("(", "after "+word.text) {
		p.skip()
		return nil
	}
	collection := p.tok
	if collection.kind != wordToken {
		p.failToken("expected what to look at", "write "+word.text+"("+Deploy+": …)")
		p.skipPast(")")
		return nil
	}
	p.next()
	if !p.tok.is(":") {
		p.failToken("expected : after "+collection.text, "write "+word.text+"("+Deploy+": phase = Running)")
		p.skipPast(")")
		return nil
	}
	p.next()
	if !p.deeper() {
		return nil
	}
	by, _ := p.binary(1)
	p.depth--
	if !p.closeFunction(word.text) || by == nil {
		return nil
	}
	return Quant{At: Span{word.at.Start, p.end}, Every: word.text == "every", Collection: collection.text, CollectionAt: collection.at, By: by}
}

// closeFunction reads the parenthesis that closes a function.
func (p *parser) closeFunction(name string) bool {
	if p.expect(")", "to close "+name+"(") {
		return true
	}
	p.skipPast(")")
	return false
}

// sample = "sample" "(" PERCENT "," STRING ")".
func (p *parser) sample() Expr {
	start := p.tok.at.Start
	x, ok := p.sampleArguments()
	if !ok {
		p.skipPast(")")
		return nil
	}
	x.At = Span{start, p.end}
	return x
}

func (p *parser) sampleArguments() (x Sample, ok bool) {
	const usage = `write sample(5%, "a seed")`
	p.next()
	if !p.tok.is("(") {
		p.failToken("expected ( after sample", usage)
		return x, false
	}
	p.next()
	share := p.tok
	if share.kind != wordToken {
		p.failToken("expected a percentage", usage)
		return x, false
	}
	if x.Share, ok = ParsePercent(share.text); !ok {
		p.fail(&Error{Code: badAmount, At: share.at, Message: share.text + " is no percentage", Hint: "write 0% to 100%, with at most two decimals"})
		return x, false
	}
	p.next()
	if !p.tok.is(",") {
		p.failToken("expected , and a seed after the percentage", usage)
		return x, false
	}
	p.next()
	if p.tok.kind != stringToken {
		p.failToken("expected a seed in quotes", usage)
		return x, false
	}
	x.Seed = p.tok.text
	p.next()
	return x, p.expect(")", "to close sample(")
}

// take = "take" "(" binary "," ( INT | PERCENT ) [ "by" key ] ")".
func (p *parser) take() Expr {
	start := p.tok.at.Start
	p.next()
	if !p.expect("(", "after take") {
		p.skip()
		return nil
	}
	if !p.deeper() {
		return nil
	}
	x := Take{}
	x.X, _ = p.binary(1)
	p.depth--
	if !p.takeAmount(&x) {
		p.skipPast(")")
		return nil
	}
	if x.X == nil {
		return nil
	}
	x.At = Span{start, p.end}
	return x
}

func (p *parser) takeAmount(x *Take) bool {
	const usage = "write take(F, 10) or take(F, 5%)"
	if !p.tok.is(",") {
		p.failToken("expected , and how many to take", usage)
		return false
	}
	p.next()
	amount := p.tok
	if amount.kind != wordToken {
		p.failToken("expected how many to take", usage)
		return false
	}
	n, err := strconv.ParseUint(amount.text, 10, 31)
	x.Amount.Count = int(n)
	if err != nil {
		if x.Amount.Share, x.Amount.Shared = ParsePercent(amount.text); !x.Amount.Shared {
			message, hint := amount.text+" is no number of devices", usage
			if strings.HasSuffix(amount.text, "%") {
				message, hint = amount.text+" is no percentage", "write 0% to 100%, with at most two decimals"
			}
			p.fail(&Error{Code: badAmount, At: amount.at, Message: message, Hint: hint})
			return false
		}
		x.Amount.Count = 0
	}
	p.next()
	if p.tok.word("by") {
		p.next()
		k, ok := p.groupKey()
		if !ok {
			return false
		}
		x.By = k
	}
	return p.expect(")", "to close take(")
}

// groupKey is a key to group by: one without a cast.
func (p *parser) groupKey() (Key, bool) {
	k, ok := p.key()
	if ok && k.Cast != NoCast {
		plain := k
		plain.Cast = NoCast
		p.fail(&Error{Code: badCast, At: k.At, Message: "devices are grouped by the text of a key", Hint: "write by " + keyText(plain)})
		return k, false
	}
	return k, ok
}

// whole is all of something.
const wholeShare Percent = 10_000

// ParsePercent reads 5% or 0.25%, up to 100%.
func ParsePercent(s string) (Percent, bool) {
	number, ok := strings.CutSuffix(s, "%")
	units, fraction, _ := strings.Cut(number, ".")
	if !ok || !isDecimal(number) || len(fraction) > 2 {
		return 0, false
	}
	n, err := strconv.ParseUint(units+(fraction + "00")[:2], 10, 16)
	return Percent(n), err == nil && n <= uint64(wholeShare)
}

// String is 5% or 0.25%.
func (p Percent) String() string {
	text := strconv.Itoa(int(p / 100))
	if rest := p % 100; rest != 0 {
		text += strings.TrimRight(fmt.Sprintf(".%02d", rest), "0")
	}
	return text + "%"
}

// Of is that share of n, rounded up.
func (p Percent) Of(n int) int { return (n*int(p) + int(wholeShare) - 1) / int(wholeShare) }

// String is the number or the share.
func (a Amount) String() string {
	if a.Shared {
		return a.Share.String()
	}
	return strconv.Itoa(a.Count)
}

// Of is how many of n to take, at most n.
func (a Amount) Of(n int) int {
	if a.Shared {
		return a.Share.Of(n)
	}
	return min(a.Count, n)
}
