package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// mostRows is how many rows a listing has.
const mostRows = 40

// columns writes rows without heads, aligned.
func columns(w io.Writer, rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	return table(w, rows[0], rows[1:])
}

func (s *session) typeOf(_ context.Context, c call) error {
	b, err := s.bind(c.entry, c.from)
	if err != nil {
		return err
	}
	rows := [][]string{{"sort", sortWord(b)}, {"text", selectors.Print(b.Expr())}, {"effect", effects[b.Effect()]}}
	seen := noted{keys: map[selectors.Key]bool{}}
	seen.expr(b.Expr())
	for i, k := range seen.order {
		head := ""
		if i == 0 {
			head = "reads"
		}
		rows = append(rows, []string{head, fmt.Sprintf("%s, set on %s", k, s.share(s.ground.having(k)))})
	}
	return columns(s.console.out, rows)
}

// effects say what an expression depends on, in a word and what that means.
var effects = map[selectors.Effect]string{
	selectors.Static:   "static: labels and facts alone",
	selectors.Observed: "observed: what devices run too",
	selectors.Clock:    "clock: what devices run, and the time too",
}

// having counts the devices that have a key.
func (g ground) having(k selectors.Key) int {
	if !k.Label && (k.Name == "name" || k.Name == "id") {
		return g.roster.Len()
	}
	return has(g.roster.All(), algebra.Key{Label: k.Label, Name: k.Name})
}

// keys lists the facts, then the labels, those first that most devices have. An argument
// keeps those that contain it.
func (s *session) keys(ctx context.Context, c call) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	var found []algebra.Key
	for _, k := range s.ground.roster.Keys() {
		if strings.Contains(written(k), c.arg()) {
			found = append(found, k)
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("no key in use contains %q; :keys lists all", c.arg())
	}
	all := s.ground.roster.All()
	slices.SortStableFunc(found, func(a, b algebra.Key) int {
		if a.Label != b.Label {
			if b.Label {
				return -1
			}
			return 1
		}
		return cmp.Compare(has(all, b), has(all, a))
	})
	var rows [][]string
	for _, k := range found[:min(len(found), mostRows)] {
		values := s.valuesOf(k)
		var few []string
		for _, v := range values[:min(len(values), 3)] {
			few = append(few, v.value)
		}
		if len(values) > 3 {
			few = append(few, "…")
		}
		rows = append(rows, []string{written(k), fmt.Sprintf("%d/%d", has(all, k), all.Len()), strconv.Itoa(len(values)), strings.Join(few, ", ")})
	}
	if err := s.fittingTable([]string{"KEY", "SET ON", "VALUES", "MOST FREQUENT"}, rows); err != nil {
		return err
	}
	if left := len(found) - len(rows); left > 0 {
		fmt.Fprintln(s.console.out, s.dim(fmt.Sprintf("%d more; :keys PART lists those that contain it", left)))
	}
	return nil
}

// fittingTable is a table whose last column is cut where the page ends.
func (s *session) fittingTable(heads []string, rows [][]string) error {
	cutLast(heads, rows, s.console.columns())
	return table(s.console.out, heads, rows)
}

// cutLast cuts the last column where a page of that width ends.
func cutLast(heads []string, rows [][]string, page int) {
	last, used := len(heads)-1, 0
	for i := range last {
		wide := len([]rune(heads[i]))
		for _, r := range rows {
			wide = max(wide, len([]rune(r[i])))
		}
		used += wide + 2
	}
	for _, r := range rows {
		r[last] = cut(r[last], page-used)
	}
}

// cut is a text in at most so many characters.
func cut(text string, most int) string {
	if r := []rune(text); len(r) > max(most, 8) {
		return string(r[:max(most, 8)-1]) + "…"
	}
	return text
}

// written is a key as the language has it.
func written(k algebra.Key) string { return selectors.Key{Label: k.Label, Name: k.Name}.String() }

// valuesOf are the values of a key on all devices, the most frequent first.
func (s *session) valuesOf(k algebra.Key) []valueCount { return s.frequency(k).values }

// frequency is the values of a key on all devices, and how many devices lack it.
type frequency struct {
	values []valueCount
	absent int
}

func (s *session) frequency(k algebra.Key) frequency {
	f, ok := s.frequent[k]
	if !ok {
		f.values, f.absent = s.ground.values(s.ground.roster.All(), k)
		s.frequent[k] = f
	}
	return f
}

func (s *session) values(ctx context.Context, c call) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	k, err := s.ground.key(c.arg())
	if err != nil {
		return err
	}
	f := s.frequency(k)
	var rows [][]string
	for _, v := range f.values[:min(len(f.values), mostRows)] {
		rows = append(rows, []string{strconv.Itoa(v.count), strconv.Quote(v.value)})
	}
	if f.absent > 0 {
		rows = append(rows, []string{strconv.Itoa(f.absent), "(absent)"})
	}
	right(rows, 0)
	if err := columns(s.console.out, rows); err != nil {
		return err
	}
	text := counted(len(f.values), "value", "values") + " on " + s.share(s.ground.roster.Len()-f.absent)
	if len(f.values) > mostRows {
		text += fmt.Sprintf("; the %d most frequent are shown", mostRows)
	}
	fmt.Fprintln(s.console.out, s.dim(text))
	return nil
}

// right aligns a column of numbers.
func right(rows [][]string, column int) {
	wide := 0
	for _, r := range rows {
		wide = max(wide, len(r[column]))
	}
	for _, r := range rows {
		r[column] = strings.Repeat(" ", wide-len(r[column])) + r[column]
	}
}

// key finds the label or fact that a word means: label("site"), label.site, site or arch. So are
// keys of what runs, where anything does.
func (g ground) key(word string) (algebra.Key, error) {
	if k := (algebra.Key{Name: word}); isElementKey(k) && len(g.reality.Slots) > 0 {
		return k, nil
	}
	all := g.roster.Keys()
	var known []string
	for _, k := range all {
		if slices.Contains([]string{written(k), column(k)}, word) {
			return k, nil
		}
		known = append(known, column(k))
	}
	if i := slices.Index(all, algebra.Key{Label: true, Name: word}); i >= 0 {
		return all[i], nil
	}
	return algebra.Key{}, fmt.Errorf("no device has %s; %s", word, suggest(word, slices.Concat(known, g.roster.LabelKeys()), ":keys lists the keys in use"))
}
