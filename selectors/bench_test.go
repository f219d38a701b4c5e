package selectors_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

// twentyTerms is a selector with twenty atoms.
var twentyTerms = strings.Repeat(`arch = aarch64 & label("ring") in ("0", "1") | mem >= 8GiB & !has(label("hold")) | `, 5)

func BenchmarkParse20Terms(b *testing.B) {
	text := strings.TrimSuffix(twentyTerms, " | ")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := selectors.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBind20Terms(b *testing.B) {
	x, err := selectors.Parse(strings.TrimSuffix(twentyTerms, " | "))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := selectors.Bind(x, selectors.Scope{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatches20Terms(b *testing.B) {
	bound := selectorstest.Small().MustBind(strings.TrimSuffix(twentyTerms, " | "))
	d := selectorstest.Device{"arch": "x86_64", "mem": "4GiB", `label("ring")`: "1"}
	b.ReportAllocs()
	for b.Loop() {
		bound.Matches(d)
	}
}

func BenchmarkFoldMillion(b *testing.B) {
	for _, format := range []string{"edge%07d", "edge-%d.site7.example", "rack%[2]dn%03[3]d"} {
		names := make([]string, 1_000_000)
		for i := range names {
			names[i] = fmt.Sprintf(format, i, i/500, i%500)
			names[i], _, _ = strings.Cut(names[i], "%!")
		}
		b.Run(format, func(b *testing.B) {
			for b.Loop() {
				if folded := selectors.Fold(names); len(folded) > 100 {
					b.Fatalf("%.200s", folded)
				}
			}
		})
	}
}

func BenchmarkExpandMillion(b *testing.B) {
	for b.Loop() {
		if names, err := selectors.ExpandNodes("edge[0-999999]"); err != nil || len(names) != 1_000_000 {
			b.Fatal(len(names), err)
		}
	}
}
