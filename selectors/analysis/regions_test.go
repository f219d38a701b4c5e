package analysis

import (
	"math/rand"
	"strconv"
	"strings"
	"testing"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

// fragments are pieces of which texts are made that numbers, versions, addresses and patterns
// may read one way or another.
var fragments = strings.Split(`0 1 2 9 10 04 1.5 1.4.0 . .. - -rc.1 -rc1 -alpha.2 +b v x a b ab edge edge- 22 22.04 :: ffff: fe80 :1 0a
 10.0.0.7 10.0.0. 10.1.2.3 ::ffff:10.0.0.7 /32 /128 /8 255 256 GiB MiB 1024 , gpu é A`, " ")

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.Intn(4) {
		b.WriteString(fragments[r.Intn(len(fragments))])
	}
	return strings.ReplaceAll(b.String(), "\n", "")
}

// questions are atoms on one key each, in groups that are asked together.
var questions = [][]string{
	{`num(label("k")) < 10`, `num(label("k")) >= 1.5`, `num(label("k")) = -2`, `label("k") = "1"`},
	{`ver(label("k")) < 1.4.0`, `ver(label("k")) >= 1.4.0-rc.1`, `ver(label("k")) = 22.04`, `label("k") in ("1.4.0", "22.4")`},
	{`ver(label("k")) < 10.1`, `num(label("k")) > 1`, `num(label("k")) <= 22.04`, `has(ver(label("k")))`},
	{`ver(label("k")) < 1.4.0-alpha.2`, `label("k") glob "1.*"`, `label("k") =~ "[0-9]+(\\.[0-9]+)*"`},
	{`ip(label("k")) in 10.0.0.0/16`, `ip(label("k")) = 10.0.0.7`, `ip(label("k")) in ("fe80::/10")`, `has(ip(label("k")))`},
	{`ip(label("k")) in 10.0.0.0/15`, `label("k") glob "10.0.*"`, `ver(label("k")) > 10.0.0.5`, `ip(label("k")) in ("::/0")`},
	{`ip(label("k")) in ("::ffff:0:0/96")`, `ip(label("k")) in 10.0.0.4/30`, `label("k") glob "*ffff*"`, `num(label("k")) >= 0`},
	{`label("k") glob "*a*"`, `label("k") glob "*b"`, `label("k") =~ "(?i)ED?GE.*|x{2,}"`, `label("k") = "ab"`, `label("k") = "a"`},
	{`label("k") =~ "[^a]?"`, `label("k") glob "?"`, `label("k") in ("a", "b", "")`, `label("k") =~ "^$|\\x{e9}+"`},
	{`mem < 8GiB`, `mem >= 1024`, `mem = 0`, `has(mem)`},
	{`cpus < 4`, `cpus > 2`, `cpus = 3`},
	{`os.version >= 22.04`, `os.version < 22.4.1-rc.1`, `os.version != 0-0`},
	{`kernel < 6.1`, `kernel >= 6.2-rc1`, `kernel = 6.2-rc2`},
	{`ip in 10.0.0.0/8`, `ip != 10.0.0.7`, `ip in ("::/0")`, `has(ip)`},
	{`name glob "edge*"`, `name = "edge1"`, `{edge[1-3], gw7}`, `name =~ "[a-z]+"`},
	{`heartbeat within 5m`, `heartbeat < "2026-11-23T12:00:00Z"`, `has(heartbeat)`},
}

// TestEveryValueIsInARegion tries many texts: each is in some region of its key, and the atoms
// decide it as they decide the region's own value.
func TestEveryValueIsInARegion(t *testing.T) {
	v := selectorstest.Small()
	r := rand.New(rand.NewSource(1))
	for _, texts := range questions {
		var of []Predicate
		for _, text := range texts {
			of = append(of, Of(v.MustBind(text)))
		}
		s, err := NewSpace(Options{Now: selectorstest.Now}, of...)
		if err != nil {
			t.Fatalf("%q: %v", texts, err)
		}
		key := s.variables[0]
		met, lost := tryTexts(key, r)
		if lost != "" {
			t.Fatalf("%q: %s is in no region", texts, lost)
		}
		t.Logf("%2d regions, %2d met by chance: %q", len(key.regions), met, texts)
	}
}

// tryTexts counts the regions that random texts are in, or gives a text that is in none.
func tryTexts(key *variable, r *rand.Rand) (regions int, lost string) {
	met := map[int]bool{}
	for range 20_000 {
		value := randomText(r)
		if key.name == selectors.Heartbeat || key.forbids != nil && key.forbids(value) {
			continue
		}
		at, ok := key.regionOf(selectorstest.Device{key.name: value, "name": value}, selectorstest.Now)
		if !ok {
			return len(met), strconv.Quote(value)
		}
		met[at] = true
	}
	return len(met), ""
}

// TestRegionLawSeesALostValue takes from each key one region that chance meets.
func TestRegionLawSeesALostValue(t *testing.T) {
	for _, texts := range questions[:14] {
		var of []Predicate
		for _, text := range texts {
			of = append(of, Of(selectorstest.Small().MustBind(text)))
		}
		s, err := NewSpace(Options{Now: selectorstest.Now}, of...)
		if err != nil {
			t.Fatal(err)
		}
		key := s.variables[0]
		delete(key.found, signature(key.holding("1", true)))
		if _, lost := tryTexts(key, rand.New(rand.NewSource(1))); lost == "" {
			t.Errorf("%q: a region is gone, and no text misses it", texts)
		}
	}
}
