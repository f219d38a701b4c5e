package selectors_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

// TestOrders reads each line as a chain of values from the least to the greatest; those
// joined by a comma are equal. Every pair is decided in both directions.
func TestOrders(t *testing.T) {
	for _, c := range []struct{ key, read, chain string }{
		{"agent.version", "%s", "0.9 1.0.0-0 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0,1,1.0,v1.0.0+b7 1.0.1 1.2 1.10 2"},
		{"os.version", "%s", "9 12,12.0 12.5 22.04,22.4 24.04 99999999999999999999999"},
		{"kernel", "%s", "5.15.0 6.1-rc2 6.1-rc10 6.1,6.1.0 6.1.21 6.2"},
		{"mem", "%s", "0 1 1k,1000 1Ki,1KiB,1024 1.5KiB 1M,1MB 1MiB,1024KiB 1GB,1000M 1GiB 1.000000001GiB 16PiB"},
		{"cpus", "%s", "-2 0,00,-0 1 4,04 16"},
		{`label("n")`, "num(%s)", "-1.5 -1 0,0.0 0.1,0.10 2 10 100000000000000000000"},
		{`label("n")`, "ver(%s)", "1.2-rc1 1.2 1.10"},
	} {
		var values []string
		var rank []int
		for i, equal := range strings.Fields(c.chain) {
			for v := range strings.SplitSeq(equal, ",") {
				values, rank = append(values, v), append(rank, i)
			}
		}
		for i, value := range values {
			for j, constant := range values {
				for op, want := range map[string]bool{
					"<": rank[i] < rank[j], "<=": rank[i] <= rank[j], ">": rank[i] > rank[j],
					">=": rank[i] >= rank[j], "=": rank[i] == rank[j], "!=": rank[i] != rank[j],
				} {
					text := fmt.Sprintf(c.read+" %s %s", c.key, op, constant)
					if have := selectorstest.Small().MustBind(text).Matches(selectorstest.Device{c.key: value}); have != want {
						t.Errorf("%s on %s is %v", text, value, have)
					}
				}
			}
		}
	}
}

func TestUnreadableValuesAreAbsent(t *testing.T) {
	for key, values := range map[string][]string{
		"agent.version": {"", "dev", "1.", ".1", "1..2", "1.0-", "1.x", "1.0-a..b", "-1"},
		"mem":           {"", "GiB", "-1GiB", "1 GiB", "1e9", "0x10", "99999999999GiB", "1.0000000001k", "1.GiB"},
		"cpus":          {"", "1.5", "+1", "0x1", "99999999999999999999"},
		"ip":            {"", "10.0.0", "10.0.0.0/8", "fe80::1%eth0", "host"},
	} {
		for _, v := range values {
			constant := map[string]string{"agent.version": "1", "mem": "1", "cpus": "1", "ip": "10.0.0.7"}[key]
			b := selectorstest.Small().MustBind(key + " = " + constant)
			if b.Matches(selectorstest.Device{key: v}) {
				t.Errorf("%s: %q equals %s", key, v, constant)
			}
			if !selectorstest.Small().MustBind(key + " not in (" + constant + ")").Matches(selectorstest.Device{key: v}) {
				t.Errorf("%s: %q is not outside %s", key, v, constant)
			}
			if _, err := selectors.Parse(key + " = \"" + v + "\""); err != nil {
				t.Errorf("%s = %q: %v", key, v, err)
			}
		}
	}
}

func TestLongListsAreLookedUp(t *testing.T) {
	v := selectorstest.Small()
	var list []string
	for i := range 20 {
		list = append(list, fmt.Sprintf("%q", fmt.Sprint(i)))
	}
	in := v.MustBind(`label("ring") in (` + strings.Join(list, ", ") + ")")
	for value, want := range map[string]bool{"0": true, "19": true, "20": false, "": false} {
		if in.Matches(selectorstest.Device{`label("ring")`: value}) != want {
			t.Errorf("%q: want %v", value, want)
		}
	}
	if in.Matches(selectorstest.Device{}) {
		t.Error("an absent label is in the list")
	}
}

func TestNearest(t *testing.T) {
	known := []string{"prod", "canary", "edge", "in", "aarch64"}
	for word, want := range map[string]string{
		"prdo": "prod", "canry": "canary", "egde": "edge", "aarhc64": "aarch64", "prod": "", "xy": "", "i": "", "edges2x": "", "": "",
	} {
		if have, ok := selectors.Nearest(word, known); have != want || ok != (want != "") {
			t.Errorf("Nearest(%q) = %q, %v; want %q", word, have, ok, want)
		}
	}
}

func TestFoldTexts(t *testing.T) {
	for want, names := range map[string][]string{
		"":                            nil,
		"gw7":                         {"gw7", "gw7"},
		"edge[001-003],gw7":           {"gw7", "edge003", "edge001", "edge002"},
		"n[1-9,08-12]":                strings.Fields("n1 n2 n3 n4 n5 n6 n7 n8 n9 n08 n09 n10 n11 n12"),
		"n[8-11]":                     {"n8", "n9", "n10", "n11"},
		"rack[1-2]n[1-3]":             strings.Fields("rack1n1 rack1n2 rack1n3 rack2n1 rack2n2 rack2n3"),
		"rack1n[1-2],rack2n1":         {"rack1n1", "rack1n2", "rack2n1"},
		"edge-[1-2].eu1.example":      {"edge-1.eu1.example", "edge-2.eu1.example"},
		"[7,9]":                       {"7", "9"},
		"a,b":                         {"b", "a"},
		"x1234567890123456789,x[1,3]": {"x1234567890123456789", "x1", "x3"},
	} {
		if have := selectors.Fold(names); have != want {
			t.Errorf("%q folds as %s, want %s", names, have, want)
		}
		have, err := selectors.ExpandNodes(want)
		if sorted := slices.Compact(slices.Sorted(slices.Values(names))); want != "" && (err != nil || !slices.Equal(have, sorted)) {
			t.Errorf("%s expands as %q, %v", want, have, err)
		}
	}
}

func TestBindRecordsTheNamesThatOccur(t *testing.T) {
	v := selectorstest.Small()
	b := v.MustBind("@prod[@arm] - @arm")
	if b.Name("prod") != v.Names["prod"] || b.Name("arm") != v.Names["arm"] {
		t.Error("the names are not the definitions of the scope")
	}
	defer func() {
		if recover() == nil {
			t.Error("a name that does not occur has a definition")
		}
	}()
	b.Name("base")
}

func TestHostileTextsAreRefusedOrReadQuickly(t *testing.T) {
	const n = 300_000
	for _, text := range []string{
		strings.Repeat("(", n), strings.Repeat("!", n), strings.Repeat("@a[", n), "@a" + strings.Repeat("[@b]", n),
		"@a" + strings.Repeat(" | @a", n), strings.Repeat("num(", n), strings.Repeat("] | ", n), "arch in (" + strings.Repeat("a,", n), strings.Repeat("not ", n),
		strings.Repeat("@a - @b | ", n/10), strings.Repeat("!arch = aarch64 & ", n),
	} {
		if _, err := selectors.Parse(text); err == nil {
			t.Errorf("%.20s… is accepted", text)
		}
	}
}
