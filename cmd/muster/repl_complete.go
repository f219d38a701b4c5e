package main

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// candidate is a text that may stand where the cursor is, and why one would choose it.
type candidate struct{ text, about string }

// mostCandidates is how many values or devices are offered at once.
const mostCandidates = 50

// complete offers what may stand at the end of a text: candidates for the bytes from start on.
func (s *session) complete(text string) (found []candidate, start int) {
	if err := s.arrive(false); err != nil || !s.here() {
		return nil, len(text)
	}
	at := len(text) - len(strings.TrimLeft(text, " \t\n"))
	if at < len(text) && text[at] == ':' {
		return s.completeCommand(text, at)
	}
	return s.completeExpr(text, at)
}

func (s *session) completeCommand(text string, at int) ([]candidate, int) {
	if !strings.ContainsAny(text[at:], " \t\n") {
		return fitting(commandCandidates(":"), text[at:]), at
	}
	c, from, ok := cutCommand(text)
	if !ok {
		return nil, len(text)
	}
	word := strings.LastIndexAny(text, " \t\n") + 1
	first := strings.TrimSpace(text[from:word]) == ""
	switch c.takes {
	case takesExpr:
		return s.completeExpr(text, from)
	case takesPair:
		for _, q := range questions() {
			if at, ok := separated(text[from:], q.sign); ok && q.name == c.name {
				from += at + len(q.sign)
			}
		}
		return s.completeExpr(text, from)
	case takesDeviceExpr:
		if first {
			return s.deviceCandidates(text[word:]), word
		}
		rest := strings.TrimLeft(text[from:], " \t")
		return s.completeExpr(text, len(text)-len(rest)+strings.IndexAny(rest, " \t"))
	case takesKey:
		known := s.keyCandidates()
		if len(s.ground.reality.Slots) > 0 {
			known = append(known, s.elementKeys()...)
		}
		return fitting(known, text[word:]), word
	case takesName:
		return append(fitting(s.nameCandidates(), text[word:]), s.deviceCandidates(text[word:])...), word
	case takesCommand:
		return fitting(slices.Concat(commandCandidates(""), codeCandidates()), text[word:]), word
	case takesSetting:
		return fitting(s.settingCandidates(strings.TrimSpace(text[from:word])), text[word:]), word
	case takesText:
		if c.name == "watch" || c.name == "let" {
			return s.completeExpr(text, from)
		}
	case takesImport:
		if first {
			return fitting(languageCandidates(), text[word:]), word
		}
	case takesExport:
		if first {
			return fitting([]candidate{{"k8s ", "label selectors of Kubernetes"}}, text[word:]), word
		}
		_, expr := cutLanguage(call{text, from})
		return s.completeExpr(text, expr)
	case takesNothing, takesFile:
	}
	return nil, len(text)
}

func languageCandidates() []candidate {
	var out []candidate
	for _, t := range translators() {
		out = append(out, candidate{t.name + " ", t.title})
	}
	return out
}

// fitting are the candidates that start with what is typed.
func fitting(all []candidate, typed string) []candidate {
	var out []candidate
	for _, c := range all {
		if strings.HasPrefix(c.text, typed) && c.text != typed {
			out = append(out, c)
		}
	}
	return out
}

// completeExpr offers by what stands before the word being typed. It goes by tokens, as what
// is typed seldom parses.
func (s *session) completeExpr(text string, from int) ([]candidate, int) {
	tokens := selectors.Tokens(text[from:])
	for i := range tokens {
		tokens[i].At.Start += from
		tokens[i].At.End += from
	}
	start := len(text)
	if n := len(tokens); n > 0 && tokens[n-1].At.End == len(text) && typing(text, tokens[n-1]) {
		start, tokens = tokens[n-1].At.Start, tokens[:n-1]
	}
	found := fitting(s.candidates(text, tokens), text[start:])
	if start == len(text) { // what no device has is offered only to who begins to write it
		found = slices.DeleteFunc(found, func(c candidate) bool { return c.about == onNone })
	}
	return found, start
}

const onNone = "on no device"

// typing reports whether a last token may go on: a word, a name, or a text without its end.
func typing(text string, t selectors.Token) bool {
	switch t.Kind {
	case selectors.WordToken, selectors.NameToken:
		return true
	case selectors.BadToken:
		return text[t.At.Start] == '"' || text[t.At.Start] == '@'
	case selectors.StringToken, selectors.SignToken:
	}
	return false
}

// candidates are what may follow the tokens.
func (s *session) candidates(text string, tokens []selectors.Token) []candidate {
	n := len(tokens)
	if n == 0 || n == 3 && tokens[0].Text == "let" && tokens[2].Text == "=" {
		return s.operands()
	}
	listing := n >= 2 && tokens[n-1].Text == "(" && tokens[n-2].Text == "in"
	if elementOpen(tokens) >= 0 && tokens[n-1].Kind == selectors.SignToken && slices.Contains([]string{":", "&", "|", "("}, tokens[n-1].Text) && !listing {
		return s.elementKeys()
	}
	last := tokens[n-1]
	if clause := clauseOf(tokens); clause != "" && (last.Text == clause || last.Text == ",") {
		if clause == "limit" {
			return nil
		}
		return s.keyCandidates()
	}
	if comparing(last) {
		return s.valueCandidates(keyText(text, tokens[:n-1]))
	}
	if i := enclosing(tokens); i >= 0 && last.Kind == selectors.SignToken && (i == n-1 || last.Text == ",") {
		return s.inside(text, tokens, i)
	}
	switch last.Kind {
	case selectors.StringToken, selectors.NameToken:
		return s.operators(text[:last.At.End])
	case selectors.SignToken:
		if k := keyText(text, tokens); k != "" {
			return s.comparisons(k)
		}
		if last.Text == ")" || last.Text == "]" || last.Text == "}" {
			return s.operators(text[:last.At.End])
		}
	case selectors.WordToken:
		if k := keyText(text, tokens); k != "" && (n == 1 || !comparing(tokens[n-2])) {
			return s.comparisons(k)
		}
		if !slices.Contains([]string{"and", "or", "not", "let"}, last.Text) {
			return s.operators(text[:last.At.End])
		}
	case selectors.BadToken:
		return nil
	}
	return s.operands()
}

// clauseOf is the clause of a query that the tokens end in, if any.
func clauseOf(tokens []selectors.Token) string {
	for i := len(tokens) - 1; i > 0; i-- {
		t := tokens[i]
		if t.Kind == selectors.WordToken && slices.Contains(clauseWords, t.Text) && enclosing(tokens[:i]) < 0 {
			return t.Text
		}
	}
	return ""
}

var clauseWords = []string{"by", "show", "sort", "limit"}

// comparing reports whether a value follows the token.
func comparing(t selectors.Token) bool {
	return t.Kind == selectors.SignToken && slices.Contains([]string{"=", "==", "!=", "<", "<=", ">", ">="}, t.Text)
}

// enclosing is the last bracket that is open, or -1.
func enclosing(tokens []selectors.Token) int {
	depth := 0
	for i := len(tokens) - 1; i >= 0; i-- {
		if tokens[i].Kind != selectors.SignToken {
			continue
		}
		switch tokens[i].Text {
		case ")", "]", "}":
			depth++
		case "(", "[", "{":
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}

// inside are the candidates right after an open bracket, or a comma in it.
func (s *session) inside(text string, tokens []selectors.Token, open int) []candidate {
	if tokens[open].Text == "{" {
		if open > 0 && tokens[open-1].Text == "->" {
			return s.deploymentCandidates()
		}
		return s.deviceCandidates(strings.TrimLeft(text[tokens[len(tokens)-1].At.End:], " \t\n"))
	}
	if tokens[open].Text == "[" || open == 0 || tokens[open-1].Kind != selectors.WordToken {
		return s.operands()
	}
	switch tokens[open-1].Text {
	case "label":
		return s.labelCandidates()
	case "has", "num", "ver", "ip":
		return s.keyCandidates()
	case "any", "every":
		return []candidate{{selectors.Deploy + ": ", "what a device runs"}}
	case "in":
		before := tokens[:open-1]
		if n := len(before); n > 0 && before[n-1].Text == "not" {
			before = before[:n-1]
		}
		return s.valueCandidates(keyText(text, before))
	}
	return s.operands()
}

// elementOpen is the bracket of the any(… or every(… that the tokens end in, or -1.
func elementOpen(tokens []selectors.Token) int {
	for end := len(tokens); ; {
		i := enclosing(tokens[:end])
		if i <= 0 {
			return -1
		}
		if w := tokens[i-1].Text; (w == "any" || w == "every") && i+2 < len(tokens) {
			return i
		}
		end = i
	}
}

func (s *session) elementKeys() []candidate {
	var out []candidate
	for _, k := range selectors.ElementKeys() {
		out = append(out, candidate{k, "of what runs"})
	}
	return out
}

// keyText is the key that the tokens end with, as it is written; empty if they end with none.
func keyText(text string, tokens []selectors.Token) string {
	n := len(tokens)
	if n == 0 {
		return ""
	}
	start := -1
	switch last := tokens[n-1]; {
	case last.Kind == selectors.WordToken && slices.Contains(selectors.AttributeNames(), last.Text):
		start = n - 1
	case last.Kind == selectors.WordToken && slices.Contains(selectors.ElementKeys(), last.Text) && elementOpen(tokens[:n-1]) >= 0:
		start = n - 1
	case last.Kind == selectors.SignToken && last.Text == ")":
		if i := enclosing(tokens[:n-1]); i > 0 && tokens[i-1].Kind == selectors.WordToken && slices.Contains([]string{"label", "num", "ver", "ip"}, tokens[i-1].Text) {
			start = i - 1
		}
	}
	if start < 0 {
		return ""
	}
	return text[tokens[start].At.Start:tokens[n-1].At.End]
}

// keyOf reads a key as it is written.
func keyOf(text string) (selectors.Key, bool) {
	x, err := selectors.Parse("has(" + text + ")")
	if err != nil {
		return selectors.Key{}, false
	}
	h, ok := x.(selectors.Has)
	return h.Key, ok
}

// binds reports whether a text is an expression here.
func (s *session) binds(text string) (selectors.Sort, bool) {
	x, err := selectors.Parse(text)
	if err != nil {
		return 0, false
	}
	b, err := selectors.Bind(x, s.scope)
	if err != nil {
		return 0, false
	}
	return b.Sort(), true
}

// compares reports whether a comparison is one here: a key, and what stands after it.
func (s *session) compares(key, rest string) bool {
	text := key + " " + rest
	if slices.Contains(selectors.ElementKeys(), key) {
		text = "any(" + selectors.Deploy + ": " + text + ")"
	}
	_, ok := s.binds(text)
	return ok
}

// comparisons are the operators that mean something on a key: those that bind with a value
// that the key has.
func (s *session) comparisons(key string) []candidate {
	value := "1"
	if values := s.valueCandidates(key); len(values) > 0 {
		value = values[0].text
	}
	var out []candidate
	for _, op := range []candidate{
		{"= ", "equal"}, {"!= ", "different, or absent"}, {"in (", "one of several"}, {"not in (", "none of several, or absent"},
		{"< ", "less"}, {"<= ", "less or equal"}, {"> ", "greater"}, {">= ", "greater or equal"},
		{"glob ", "like a pattern with * and ?"}, {"=~ ", "like a regular expression"}, {"contains ", "has an element"},
		{"within ", "at most so long ago"},
	} {
		rest := value
		switch {
		case strings.HasSuffix(op.text, "("):
			rest += ")"
		case op.text == "glob " || op.text == "=~ " || op.text == "contains ":
			rest = `"a"`
		case op.text == "within ":
			rest = "5m"
		}
		if s.compares(key, op.text+rest) {
			out = append(out, op)
		}
	}
	return out
}

// operators are what may follow a whole expression.
func (s *session) operators(before string) []candidate {
	sort, ok := s.binds(before)
	out := []candidate{{"& ", "and"}, {"| ", "or"}}
	if ok && sort == selectors.FleetSort {
		out = append(out, candidate{"- ", "without"}, candidate{"^ ", "in one of both"}, candidate{"[", "of them, those that"})
	}
	if ok && sort != selectors.AssignmentSort && s.ground.declared {
		out = append(out, candidate{"-> {", "are to run"})
	}
	if ok && sort != selectors.AssignmentSort {
		out = append(out, candidate{"by ", "a row for each value"}, candidate{"show ", "columns"}, candidate{"sort ", "the order of rows"}, candidate{"limit ", "the most rows"})
	}
	return out
}

// operands are what an expression may start with.
func (s *session) operands() []candidate {
	out := s.attributeCandidates()
	out = append(out, candidate{`label("`, counted(len(s.scope.LabelKeys), "label in use", "labels in use")},
		candidate{"has(", "the key is present"}, candidate{"num(", "a label as a number"}, candidate{"ver(", "a label as a version"},
		candidate{"any(" + selectors.Deploy + ": ", "something it runs is so"}, candidate{"every(" + selectors.Deploy + ": ", "all it runs is so"},
		candidate{"sample(", "a share of the devices"}, candidate{"take(", "some devices of a fleet"},
		candidate{"all", "the fleet of all devices"}, candidate{"none", "the empty fleet"}, candidate{"true", "every device"}, candidate{"false", "no device"})
	return append(out, s.nameCandidates()...)
}

func (s *session) attributeCandidates() []candidate {
	var out []candidate
	for _, name := range selectors.AttributeNames() {
		out = append(out, candidate{name, s.setOn(selectors.Key{Name: name})})
	}
	return out
}

func (s *session) setOn(k selectors.Key) string {
	n := s.ground.having(k)
	if n == 0 {
		return onNone
	}
	return fmt.Sprintf("set on %d/%d", n, s.ground.roster.Len())
}

// labelCandidates close the text and the parenthesis after the key.
func (s *session) labelCandidates() []candidate {
	var out []candidate
	for _, name := range s.scope.LabelKeys {
		out = append(out, candidate{strconv.Quote(name) + ")", s.setOn(selectors.Key{Label: true, Name: name})})
	}
	return out
}

func (s *session) keyCandidates() []candidate {
	out := s.attributeCandidates()
	for _, name := range s.scope.LabelKeys {
		k := selectors.Key{Label: true, Name: name}
		out = append(out, candidate{k.String(), s.setOn(k)})
	}
	return out
}

// valueCandidates are the values of a key, the most frequent first, bare where they can be.
func (s *session) valueCandidates(key string) []candidate {
	k, ok := keyOf(key)
	if !ok {
		return nil
	}
	var out []candidate
	for _, v := range s.valuesOf(algebra.Key{Label: k.Label, Name: k.Name}) {
		if len(out) == mostCandidates {
			break
		}
		text := strconv.Quote(v.value)
		if !k.Label || k.Cast != selectors.NoCast {
			if s.compares(key, "= "+v.value) {
				text = v.value
			} else if !s.compares(key, "= "+text) {
				continue // a value that cannot be read as what the key is
			}
		}
		out = append(out, candidate{text, counted(v.count, "device", "devices")})
	}
	return out
}

func (s *session) nameCandidates() []candidate {
	var out []candidate
	for _, d := range s.ground.definitions() {
		out = append(out, candidate{"@" + d.Name, fmt.Sprintf("%s, %s", sortWord(d.Expr), counted(s.size(d.Name, d.Expr), "device", "devices"))})
	}
	for _, l := range s.lets {
		out = append(out, candidate{"@" + l.name, fmt.Sprintf("%s, %s", sortWord(l.bound), counted(s.size(l.name, l.bound), "device", "devices"))})
	}
	return out
}

// deviceCandidates are the devices whose names start with what is typed.
func (s *session) deviceCandidates(typed string) []candidate {
	r := s.ground.roster
	first := sort.Search(r.Len(), func(i int) bool { return r.ID(uint32(i)).String() >= typed })
	var out []candidate
	for i := first; i < r.Len() && len(out) < mostCandidates && strings.HasPrefix(r.ID(uint32(i)).String(), typed); i++ {
		out = append(out, candidate{r.ID(uint32(i)).String(), ""})
	}
	return out
}

func (s *session) deploymentCandidates() []candidate {
	var out []candidate
	for _, d := range s.ground.world.Deployments {
		out = append(out, candidate{d.Ref().String() + "}", ""})
	}
	return out
}

func commandCandidates(lead string) []candidate {
	var out []candidate
	for _, c := range commands() {
		text := lead + c.name
		if c.args != "" && lead != "" {
			text += " "
		}
		out = append(out, candidate{text, c.about})
	}
	return out
}

func codeCandidates() []candidate {
	out := []candidate{{codes, "the codes of errors"}}
	for _, m := range selectors.Mistakes() {
		out = append(out, candidate{string(m.Code), m.Title})
	}
	return out
}

func (s *session) settingCandidates(name string) []candidate {
	var out []candidate
	switch name {
	case "":
		for _, set := range s.settings() {
			out = append(out, candidate{set[0] + " ", "now " + set[1]})
		}
	case "format":
		for _, f := range formats {
			out = append(out, candidate{f, ""})
		}
	case "timing":
		out = []candidate{{"on", ""}, {"off", ""}}
	case "columns":
		for _, k := range s.ground.roster.Keys() {
			out = append(out, candidate{column(k), ""})
		}
	}
	return out
}
