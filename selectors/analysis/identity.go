package analysis

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"

	"github.com/musterfleet/muster/selectors"
)

// samples are the samples that ask about the variable, which is then the id.
func (v *variable) samples() []*selectors.Sample {
	var out []*selectors.Sample
	for _, a := range v.atoms {
		if a.sample != nil {
			out = append(out, a.sample)
		}
	}
	return out
}

// sampledWords are words for each way in which the samples can decide one: in every seed a
// word is in one of the stretches that the shares cut. The words of one pattern may be few, and
// then these are all looked at; else it takes about as many as the least share says.
func (v *variable) sampledWords(texts []string, samples []*selectors.Sample, words iter.Seq[string]) ([]string, error) {
	ways := map[string][]selectors.Percent{}
	for _, s := range samples {
		if 0 < s.Share && s.Share < 10_000 && !slices.Contains(ways[s.Seed], s.Share) {
			ways[s.Seed] = append(ways[s.Seed], s.Share)
		}
	}
	all := 1
	for _, shares := range ways {
		all *= len(shares) + 1
	}
	var out []string
	found := map[string]bool{}
	tried := 0
	for w := range words {
		if contains(texts, w) || v.forbids(w) {
			continue
		}
		var on []int
		for i, s := range samples {
			if s.Admits(w) {
				on = append(on, i)
			}
		}
		if key := signature(on); !found[key] {
			found[key] = true
			out = append(out, w)
		}
		if len(found) == all {
			return out, nil
		}
		if tried++; tried > mostWords {
			return nil, &Budget{fmt.Sprintf("too many small samples: among %d ids there is none for each of %d ways to be in them", mostWords, all)}
		}
	}
	return out, nil
}

// numbered are ids without end.
func numbered(base string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for n := 1; yield(fmt.Sprintf("%s-%d", base, n)); n++ {
		}
	}
}

// addressSpellings are other ways to write an address, as many as are likely to be needed: there
// are finitely many.
func addressSpellings(text string) []string {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return nil
	}
	out := []string{text + fmt.Sprintf("/%d", a.BitLen())}
	if a.Is4() {
		mapped := netip.AddrFrom16(a.As16())
		out = append(out, mapped.String(), "0:0:0:0:0:ffff:"+text, "::FFFF:"+text, mapped.StringExpanded())
	} else {
		out = append(out, a.StringExpanded())
	}
	return out
}
