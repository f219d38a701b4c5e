package worldfile

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// str reads any scalar as the text it was written as: 1.10 is "1.10" and yes is "yes".
// An empty value is an error, since YAML tells it from the empty text.
func (f *file) str(n *yaml.Node, what string) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		f.at(n).fail("", "%s: want a text, have %s", what, kindOf(n))
	case n.Tag == "!!null":
		f.at(n).fail(`write "" for the empty text, or quote the word`, "%s: want a text, have nothing", what)
	default:
		return n.Value, true
	}
	return "", false
}

// filled reads a text that is not empty.
func (f *file) filled(n *yaml.Node, what string) (string, bool) {
	s, ok := f.str(n, what)
	if ok && strings.TrimSpace(s) == "" {
		f.at(n).fail("", "%s: must not be empty", what)
		return "", false
	}
	return s, ok
}

// strs reads a list of texts.
func (f *file) strs(n *yaml.Node, what string) ([]string, bool) {
	nodes, ok := f.items(n, what)
	var out []string
	for _, item := range nodes {
		s, fine := f.str(item, what)
		out, ok = append(out, s), ok && fine
	}
	return out, ok
}

// oneOf reads one of these words.
func (f *file) oneOf(n *yaml.Node, what string, words ...string) (string, bool) {
	s, ok := f.str(n, what)
	if !ok {
		return "", false
	}
	for _, w := range words {
		if s == w {
			return s, true
		}
	}
	f.at(n).fail(suggest(s, words), "%s: %q is not known", what, s)
	return "", false
}

// decimal is how whole numbers are written: YAML reads 010 as 8 and 1_0 as 10.
var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

// integer reads a whole number in decimal between least and most.
func (f *file) integer(n *yaml.Node, what string, least, most int64) (int64, bool) {
	if n.Kind != yaml.ScalarNode || !decimal.MatchString(n.Value) {
		f.at(n).fail("", "%s: want a whole number in decimal, have %s", what, f.shown(n))
		return 0, false
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil || v < least || v > most {
		f.at(n).fail("", "%s: %s is not between %d and %d", what, n.Value, least, most)
		return 0, false
	}
	return v, true
}

// boolean reads true or false.
func (f *file) boolean(n *yaml.Node, what string) (value, ok bool) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!bool" {
		return strings.EqualFold(n.Value, "true"), true
	}
	f.at(n).fail("", "%s: want true or false, have %s", what, f.shown(n))
	return false, false
}

// seconds reads a duration such as 5s or 1m30s.
func (f *file) seconds(n *yaml.Node, what string) (int, bool) {
	d, ok := f.duration(n, what, time.Second, 24*time.Hour)
	return int(d / time.Second), ok
}

// duration reads a duration in whole seconds between least and most.
func (f *file) duration(n *yaml.Node, what string, least, most time.Duration) (time.Duration, bool) {
	const hint = "write a duration in whole seconds, such as 5s, 10m or 1h"
	d, err := time.ParseDuration(n.Value)
	switch {
	case n.Kind != yaml.ScalarNode || err != nil:
		f.at(n).fail(hint, "%s: want a duration, have %s", what, f.shown(n))
	case d < least || d > most || d%time.Second != 0:
		f.at(n).fail(hint, "%s: %s is not a number of seconds from %s to %s", what, n.Value, brieflyFor(least), brieflyFor(most))
	default:
		return d, true
	}
	return 0, false
}

// brieflyFor is a duration of one unit as people write it.
func brieflyFor(d time.Duration) string {
	text := strings.TrimSuffix(d.String(), "0s")
	if text == "" {
		return "0s"
	}
	if whole, hours := strings.CutSuffix(text, "h0m"); hours {
		return whole + "h"
	}
	return text
}

var quantity = regexp.MustCompile(`^([1-9][0-9]{0,17})(B|[KMGT]iB|[kMGT]B)?$`)

var units = map[string]int64{
	"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
}

// size reads a number of bytes such as 64MiB.
func (f *file) size(n *yaml.Node, what string) (int64, bool) {
	m := quantity.FindStringSubmatch(n.Value)
	if n.Kind != yaml.ScalarNode || m == nil {
		hint := "write a whole number and a unit, such as 64MiB or 2GB"
		if strings.HasSuffix(n.Value, "i") && quantity.MatchString(n.Value+"B") {
			hint = "did you mean " + n.Value + "B?"
		}
		f.at(n).fail(hint, "%s: want a size, have %s", what, f.shown(n))
		return 0, false
	}
	v, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || v > math.MaxInt64/units[m[2]] {
		f.at(n).fail("", "%s: %s is too large", what, n.Value)
		return 0, false
	}
	return v * units[m[2]], true
}

// shown is a value as an error quotes it.
func (f *file) shown(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return kindOf(n)
	}
	if len(n.Value) > 40 {
		return strconv.Quote(strings.ToValidUTF8(n.Value[:40], "") + "…")
	}
	return strconv.Quote(n.Value)
}

// data reads what a policy takes as parameters: texts, numbers, true and false, lists and
// mappings of these.
func (f *file) data(n *yaml.Node, what string) (any, bool) {
	switch n.Kind {
	case yaml.MappingNode:
		entries, ok := f.entries(n, what)
		out := map[string]any{}
		for _, e := range entries {
			v, fine := f.data(e.value, what)
			out[e.name], ok = v, ok && fine
		}
		return out, ok
	case yaml.SequenceNode:
		out, ok := make([]any, 0, len(n.Content)), true
		for _, item := range n.Content {
			v, fine := f.data(item, what)
			out, ok = append(out, v), ok && fine
		}
		return out, ok
	}
	switch n.Tag {
	case "!!bool":
		return f.boolean(n, what)
	case "!!int":
		return f.integer(n, what, math.MinInt64, math.MaxInt64)
	case "!!float":
		v, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			f.at(n).fail("quote it to make it a text", "%s: %s is no number", what, n.Value)
			return nil, false
		}
		return v, true
	}
	return f.str(n, what)
}
