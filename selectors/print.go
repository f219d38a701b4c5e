package selectors

import (
	"fmt"
	"strconv"
	"strings"
)

// Print is the canonical text of x: single spaces, symbols for words, the fewest
// parentheses that Parse accepts, label("k") for labels, their values quoted, nodesets
// folded. The order of operands stays the author's.
//
// Laws: Same(Parse(Print(x)), x), and Print(Parse(Print(x))) is Print(x), for every x
// whose names, apps and nodes could have been parsed.
func Print(x Expr) string {
	var w strings.Builder
	write(&w, x)
	return w.String()
}

func write(w *strings.Builder, x Expr) {
	switch x := x.(type) {
	case Const:
		w.WriteString(strconv.FormatBool(x.Value))
	case Compare:
		w.WriteString(keyText(x.Key) + " " + x.Op.String() + " " + valueText(x.constant()))
	case In:
		writeValues(w, x)
	case Glob:
		w.WriteString(keyText(x.Key) + negation(x.Negated) + " glob " + strconv.Quote(x.Pattern.Text))
	case Contains:
		w.WriteString(keyText(x.Key) + negation(x.Negated) + " contains " + strconv.Quote(x.Element.Text))
	case Has:
		w.WriteString("has(" + keyText(x.Key) + ")")
	case Within:
		w.WriteString(keyText(x.Key) + " within " + valueText(x.Length))
	case Quant:
		if x.Every {
			w.WriteString("every(" + x.Collection + ": ")
		} else {
			w.WriteString("any(" + x.Collection + ": ")
		}
		writeOperand(w, x.By, isRule(x.By))
		w.WriteByte(')')
	case Sample:
		w.WriteString("sample(" + x.Share.String() + ", " + strconv.Quote(x.Seed) + ")")
	case Not:
		w.WriteByte('!')
		writeOperand(w, x.X, isComparison(x.X) || isBinary(x.X) || isRule(x.X))
	case Binary:
		writeOperand(w, x.L, leftNeedsParens(x.Op, x.L))
		w.WriteString(" " + x.Op.String() + " ")
		writeOperand(w, x.R, leftNeedsParens(x.Op, x.R) || sameOp(x.Op, x.R))
	case Name:
		w.WriteString("@" + x.Name)
	case Universe:
		if x.Empty {
			w.WriteString("none")
		} else {
			w.WriteString("all")
		}
	case Nodes:
		if len(x.Names) == 0 {
			w.WriteString("none")
			return
		}
		w.WriteString("{" + strings.Join(foldItems(x.Names), ", ") + "}")
	case Filter:
		_, negated := x.X.(Not)
		writeOperand(w, x.X, negated || isComparison(x.X) || isBinary(x.X) || isRule(x.X))
		w.WriteByte('[')
		writeOperand(w, x.By, isRule(x.By))
		w.WriteByte(']')
	case Take:
		w.WriteString("take(")
		writeOperand(w, x.X, isRule(x.X))
		w.WriteString(", " + x.Amount.String())
		if x.By != (Key{}) {
			w.WriteString(" by " + keyText(x.By))
		}
		w.WriteByte(')')
	case Rule:
		writeRule(w, x)
	default:
		panic(fmt.Sprintf("selectors: unknown expression %T", x))
	}
}

func writeOperand(w *strings.Builder, x Expr, parens bool) {
	if parens {
		w.WriteByte('(')
		defer w.WriteByte(')')
	}
	write(w, x)
}

// leftNeedsParens reports whether x cannot stand bare on the left of op.
func leftNeedsParens(op BinaryOp, x Expr) bool {
	b, ok := x.(Binary)
	return isRule(x) || ok && (clash(b.Op, op) || power(b.Op) < power(op))
}

func sameOp(op BinaryOp, x Expr) bool {
	b, ok := x.(Binary)
	return ok && b.Op == op
}

func isBinary(x Expr) bool {
	_, ok := x.(Binary)
	return ok
}

func isRule(x Expr) bool {
	_, ok := x.(Rule)
	return ok
}

func writeValues(w *strings.Builder, x In) {
	w.WriteString(keyText(x.Key) + negation(x.Negated) + " in ")
	values := settleAll(x.Key, x.Values)
	if len(values) == 1 && !values[0].Quoted && strings.Contains(values[0].Text, "/") {
		w.WriteString(values[0].Text)
		return
	}
	sep := "("
	for _, v := range values {
		w.WriteString(sep + valueText(v))
		sep = ", "
	}
	w.WriteByte(')')
}

func negation(negated bool) string {
	if negated {
		return " not"
	}
	return ""
}

func writeRule(w *strings.Builder, x Rule) {
	writeOperand(w, x.From, isRule(x.From))
	sep := " -> {"
	for _, d := range x.Deploy {
		w.WriteString(sep + d.String())
		sep = ", "
	}
	w.WriteByte('}')
	if x.Priority != 0 {
		w.WriteString(" at " + strconv.Itoa(x.Priority))
	}
}

// String is web@2.1.0, or web where no version is given.
func (d DeployRef) String() string {
	if d.Version == "" {
		return d.App
	}
	return d.App + "@" + d.Version
}

// String is the key as it is written: arch, label("ring"), num(label("slots")).
func (k Key) String() string { return keyText(k) }

func keyText(k Key) string {
	text := k.Name
	if k.Label {
		text = "label(" + strconv.Quote(k.Name) + ")"
	}
	switch k.Cast {
	case NoCast:
		return text
	case AsNumber:
		return "num(" + text + ")"
	case AsVersion:
		return "ver(" + text + ")"
	case AsAddress:
		return "ip(" + text + ")"
	}
	panic(fmt.Sprintf("selectors: unknown Cast %d", k.Cast))
}

func valueText(v Value) string {
	if v.Quoted {
		return strconv.Quote(v.Text)
	}
	return v.Text
}

// String is the operator's sign.
func (o CompareOp) String() string {
	switch o {
	case Equal:
		return "="
	case NotEqual:
		return "!="
	case Less:
		return "<"
	case LessEqual:
		return "<="
	case Greater:
		return ">"
	case GreaterEqual:
		return ">="
	case Matches:
		return "=~"
	case NotMatches:
		return "!~"
	}
	return fmt.Sprintf("CompareOp(%d)", uint8(o))
}

// String is the operator's sign.
func (o BinaryOp) String() string { return string(rune(o)) }

// brief is x as an error shows it: its canonical text, cut if it is long.
func brief(x Expr) string {
	const most = 100
	s := Print(x)
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && s[cut]&0xC0 == 0x80 { // not inside a character
		cut--
	}
	return s[:cut] + "…"
}
