package main

import (
	"cmp"
	"context"
	"errors"
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

// size is how many devices a name denotes; of an assignment, how many it makes claims at.
func (s *session) size(name string, b *selectors.Bound) int {
	n, ok := s.answers[name]
	if !ok {
		n = s.ground.devices(b, b.Expr()).Len()
		s.answers[name] = n
	}
	return n
}

func (s *session) names(ctx context.Context, _ call) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	var rows [][]string
	for _, d := range s.ground.definitions() {
		rows = append(rows, s.nameRow(d.Name, d.Expr, d.Source.String()))
	}
	for _, l := range s.lets {
		rows = append(rows, s.nameRow(l.name, l.bound, "here"))
	}
	if len(rows) == 0 {
		return errors.New("no names are defined; give one by let NAME = EXPR, or a World by -w DIR")
	}
	return s.fittingTable([]string{"NAME", "SORT", "DEVICES", "DEFINED", "MEANING"}, rows)
}

func (s *session) nameRow(name string, b *selectors.Bound, where string) []string {
	return []string{"@" + name, sortWord(b), strconv.Itoa(s.size(name, b)), where, selectors.Print(b.Expr())}
}

// sortWord is what a sort is called in a table.
func sortWord(b *selectors.Bound) string {
	_, word, _ := strings.Cut(b.Sort().String(), " ")
	return word
}

func (s *session) fleet(ctx context.Context, c call) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	switch arg := c.arg(); {
	case arg == "":
		return s.wholeFleet()
	case arg[0] == '@':
		return s.named(c)
	default:
		ordinal, err := s.ground.ordinal(arg)
		if err != nil {
			return err
		}
		return s.oneDevice(ordinal)
	}
}

func (s *session) wholeFleet() error {
	g := s.ground
	keys := g.roster.Keys()
	labels := len(g.roster.LabelKeys())
	rows := [][]string{
		{"devices", fmt.Sprintf("%d, from %s", g.roster.Len(), s.label(g))},
		{"keys", fmt.Sprintf("%s, %s", counted(labels, "label", "labels"), counted(len(keys)-labels, "fact", "facts"))},
		{"names", fmt.Sprintf("%d of the World, %d given here", len(g.definitions()), len(s.lets))},
	}
	if n := len(g.reality.Records); n > 0 {
		rows = append(rows, []string{"heard", fmt.Sprintf("%d within %s", n-s.stale(g.roster.All()), algebra.OnlineWithin)})
	}
	return columns(s.console.out, rows)
}

func (s *session) named(c call) error {
	b, err := s.bind(c.entry, c.from)
	if err != nil {
		return err
	}
	if n, ok := b.Expr().(selectors.Name); ok {
		fmt.Fprintln(s.console.out, s.dim("≡ "+selectors.Print(b.Name(n.Name).Expr())))
	}
	return s.answer(selectors.Query{X: b.Expr()}, b)
}

// oneDevice shows all that is known of a device.
func (s *session) oneDevice(ordinal uint32) error {
	g := s.ground
	d := g.roster.Device(ordinal)
	rows := [][]string{{"device", d.ID.String()}}
	for _, k := range g.roster.Keys() {
		if v, ok := g.roster.Value(ordinal, k); ok {
			rows = append(rows, []string{written(k), v})
		}
	}
	var in []string
	for _, def := range g.definitions() {
		if g.devices(def.Expr, def.Expr.Expr()).Contains(ordinal) {
			in = append(in, "@"+def.Name)
		}
	}
	for _, l := range s.lets {
		if g.devices(l.bound, l.bound.Expr()).Contains(ordinal) {
			in = append(in, "@"+l.name)
		}
	}
	if len(in) > 0 {
		rows = append(rows, []string{"in", strings.Join(in, ", ")})
	}
	if r, ok := g.reality.Records[d.ID]; ok {
		heard := "never"
		if !r.Heard.IsZero() {
			heard = r.Heard.UTC().Format("2006-01-02 15:04:05Z")
		}
		rows = append(rows, []string{"heard", heard})
	}
	rows = append(rows, s.running(d.ID)...)
	return columns(s.console.out, rows)
}

func (s *session) running(id algebra.DeviceID) [][]string {
	var rows [][]string
	for slot, state := range s.ground.reality.Slots {
		if slot.Device == id {
			rows = append(rows, []string{slot.App.String(), strings.TrimSpace(state.Phase.String() + " " + state.Detail)})
		}
	}
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return rows
}
