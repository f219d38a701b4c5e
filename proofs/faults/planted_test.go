package faults_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFaultsSeePlantedBugs rolls versions out with executors and agents in which something is wrong,
// and has the laws find it in what those really did.
func TestFaultsSeePlantedBugs(t *testing.T) {
	r := usual(t)
	find := func(bug, law string) {
		t.Helper()
		if news := r.news(); !slices.ContainsFunc(news, func(b string) bool { return strings.HasPrefix(b, law+":") }) {
			t.Errorf("%s: no breach of %q was found, but %q", bug, law, news)
		}
	}
	if news := r.news(); len(news) > 0 {
		t.Fatalf("with no bug: %q", news)
	}
	for bug, law := range map[string]string{noBudget: "a budget is kept", noWaves: "waves follow passed gates"} {
		r.planted = bug
		r.roll(nil)
		find(bug, law)
	}
	r.planted = noFence
	r.roll(func() {
		r.execute()
		r.acting[0].freeze(2 * time.Second)
	})
	find(noFence, "one acts at a time")

	r.planted = ""
	for i, p := range r.fleet {
		r.agents[i].kill()
		p.Bug = startsFirst
		r.agents[i] = p.start(t)
	}
	r.roll(nil)
	find(startsFirst, "one deployment an app")
	r.reboot(false)
}

// TestHistoryLawsSeeFaults plants each thing that must not happen in a history.
func TestHistoryLawsSeeFaults(t *testing.T) {
	devices := []string{"s0-1", "s0-0", "s0-2"}
	var good []entry
	note := func(e entry) {
		e.At = int64(len(good)+1) * 10e9
		good = append(good, e)
	}
	for version := 1; version <= 2; version++ {
		for _, d := range devices {
			note(entry{What: publishes, Who: "x", Device: d, Generation: uint64(version), Version: version, Fence: 1})
			note(entry{What: published, Device: d, Generation: uint64(version), Version: version})
			note(entry{What: stops, Who: d, Version: version - 1})
			note(entry{What: stopped, Who: d, Version: version - 1})
			note(entry{What: starts, Who: d, Version: version})
			note(entry{What: started, Who: d, Version: version})
		}
	}
	if h := judge(devices, good, 2); len(h.breaches) > 0 {
		t.Fatalf("a good history: %q", h.breaches)
	}
	last := good[len(good)-1].At
	for law, plant := range map[string]func(h []entry) []entry{
		"one deployment an app":           func(h []entry) []entry { h[21].What = stops; return h },
		"a stale generation never wins":   func(h []entry) []entry { return append(h, entry{At: last + 1, What: starts, Who: "s0-1", Version: 1}) },
		"what is not assigned never runs": func(h []entry) []entry { return append(h, entry{At: last + 1, What: starts, Who: "s0-1", Version: 3}) },
		"absence stops nothing":           func(h []entry) []entry { return append(h, entry{At: last + 1, What: stops, Who: "s0-1", Version: 2}) },
		"generations grow":                func(h []entry) []entry { h[19].Generation = 1; return h },
		"no action without an approval":   func(h []entry) []entry { return slices.Delete(h, 18, 19) },
		"a budget is kept":                func(h []entry) []entry { h[24].At, h[25].At = h[19].At+1, h[19].At+2; return h },
		"waves follow passed gates":       func(h []entry) []entry { h[25].At = h[18].At + 1; return h },
		"one acts at a time":              func(h []entry) []entry { h[30].Fence, h[24].Fence = 1, 2; h[24].Who = "y"; return h },
		"an ended run stays so": func(h []entry) []entry {
			return append(h, entry{At: last + 1, What: run, Who: "r", Ended: true}, entry{At: last + 2, What: run, Who: "r"})
		},
		"all comes to stand as declared": func(h []entry) []entry { return h[:len(h)-1] },
	} {
		h := judge(devices, plant(slices.Clone(good)), 2)
		if !slices.ContainsFunc(h.breaches, func(b string) bool { return strings.HasPrefix(b, law+":") }) {
			t.Errorf("no breach of %q is found, but %q", law, h.breaches)
		}
	}
}
