package faults_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// history judges what happened, in its order. The names of the laws are those of proofs/sim.
type history struct {
	size     map[string]int // devices of a site
	devices  map[string]*told
	attempts map[attempt]uint64 // by which fence, at least
	holders  map[uint64]string  // of fences
	fence    uint64             // of the last publication whose executor is known
	granted  uint64             // of the lease
	runs     map[string]entry
	breaches []string
	met      map[string]int // how often each law had something to judge
}

// told is what is known of a device.
type told struct {
	runs    int // what its slot holds
	newest  int // that it ever ran
	ordered int // what is published to it
	orders  map[int]bool
	at      uint64 // the generation of that
	awaited bool   // it does not run yet what was ordered
	revived int64  // when its slot came to hold something that nobody had ordered just before
}

type attempt struct {
	device     string
	generation uint64
}

// heardWithin is how long an executor may go on to take a device that was revived for one that is down.
const heardWithin = 2 * time.Second

// mayBeDown is the budget of a site: a tenth, as in the World.
func (h *history) mayBeDown(site string) int { return max(1, h.size[site]/10) }

func siteOf(device string) string { site, _, _ := strings.Cut(device, "-"); return site }

// canary reports one device of each site, and not the first.
func canary(device string) bool { return strings.HasSuffix(device, "-1") }

// judge finds what must not have happened: in the middle, and that not all runs that version at the
// end. A version of 0 leaves the end open.
func judge(devices []string, entries []entry, version int) *history {
	h := &history{size: map[string]int{}, devices: map[string]*told{}, attempts: map[attempt]uint64{}, holders: map[uint64]string{}, runs: map[string]entry{}, met: map[string]int{}}
	for _, d := range devices {
		h.size[siteOf(d)]++
		h.devices[d] = &told{orders: map[int]bool{}}
	}
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.At, b.At) })
	for _, e := range entries { // of two who try the same only the store knows who was let
		if e.What == publishes {
			at := attempt{e.Device, e.Generation}
			h.attempts[at] = max(h.attempts[at], e.Fence)
		}
	}
	for _, e := range entries {
		h.sees(e)
	}
	for _, d := range slices.Sorted(maps.Keys(h.devices)) {
		if t := h.devices[d]; version > 0 && (t.runs != version || t.ordered != version) {
			h.wrong(entry{Who: d, What: "ends"}, "all comes to stand as declared", "runs %d, and is ordered %d, not %d", t.runs, t.ordered, version)
		}
	}
	return h
}

func (h *history) wrong(e entry, law, format string, args ...any) {
	h.breaches = append(h.breaches, fmt.Sprintf("%s: %s %s %s", law, e.Who, e.What, fmt.Sprintf(format, args...)))
}

func (h *history) sees(e entry) {
	switch e.What {
	case publishes:
		if holder, taken := h.holders[e.Fence]; taken && holder != e.Who {
			h.wrong(e, "one acts at a time", "to %s by fence %d, which %s has", e.Device, e.Fence, holder)
		}
		h.holders[e.Fence] = e.Who
	case published:
		h.publishes(e)
	case lease:
		h.met["one acts at a time"]++
		if e.Fence < h.granted {
			h.wrong(e, "one acts at a time", "fence %d after %d", e.Fence, h.granted)
		}
		h.granted = e.Fence
	case run:
		before := h.runs[e.Who]
		h.met["an ended run stays so"]++
		if before.Ended {
			h.wrong(e, "an ended run stays so", "is written again")
		}
		if e.Fence < before.Fence {
			h.wrong(e, "one acts at a time", "fence %d after %d", e.Fence, before.Fence)
		}
		h.runs[e.Who] = e
	default:
		h.acts(h.devices[e.Who], e)
	}
}

// acts judges what a machine does.
func (h *history) acts(d *told, e entry) {
	switch e.What {
	case boots, stopped, started:
		d.runs = e.Version
		if e.What == stopped {
			d.runs = 0
		}
		d.newest = max(d.newest, d.runs)
		if !d.awaited {
			d.revived = e.At
		}
		d.awaited = d.awaited && d.runs != d.ordered
	case stops:
		h.met["absence stops nothing"]++
		if e.Version != 0 && e.Version == d.ordered {
			h.wrong(e, "absence stops nothing", "%d, which is ordered", e.Version)
		}
	case starts:
		h.met["one deployment an app"]++
		if d.runs != 0 {
			h.wrong(e, "one deployment an app", "%d while %d runs", e.Version, d.runs)
		}
		if e.Version < d.newest {
			h.wrong(e, "a stale generation never wins", "%d after %d", e.Version, d.newest)
		}
		if !d.orders[e.Version] {
			h.wrong(e, "what is not assigned never runs", "%d, which was never ordered", e.Version)
		}
	}
}

// publishes judges what was stored for a device.
func (h *history) publishes(e entry) {
	d := h.devices[e.Device]
	if e.Generation <= d.at {
		h.wrong(e, "generations grow", "%d to %s after %d", e.Generation, e.Device, d.at)
	}
	d.at = e.Generation
	if e.Version == d.ordered {
		return // it only makes sure that nothing older comes
	}
	fence, known := h.attempts[attempt{e.Device, e.Generation}]
	if !known {
		h.wrong(e, "no action without an approval", "%d to %s, and no executor says so", e.Version, e.Device)
	}
	if h.met["one acts at a time"]++; known && fence < h.fence {
		h.wrong(e, "one acts at a time", "to %s by fence %d, after %d has", e.Device, fence, h.fence)
	}
	h.fence = max(h.fence, fence)
	// What starts where nothing runs takes nothing down, and what was revived just now may not be heard yet.
	disrupts := d.runs != 0 && time.Duration(e.At-d.revived) > heardWithin
	d.ordered, d.orders[e.Version], d.awaited = e.Version, true, e.Version != d.runs
	down, behind := 0, ""
	for name, other := range h.devices {
		if other.awaited && siteOf(name) == siteOf(e.Device) {
			down++
		}
		if canary(name) && other.newest < e.Version {
			behind = name
		}
	}
	h.met["a budget is kept"]++
	if most := h.mayBeDown(siteOf(e.Device)); disrupts && down > most {
		h.wrong(e, "a budget is kept", "%d to %s: %d devices of its site are down, %d may be", e.Version, e.Device, down, most)
	}
	h.met["waves follow passed gates"]++
	if behind != "" && !canary(e.Device) {
		h.wrong(e, "waves follow passed gates", "%d to %s, and canary %s does not run it", e.Version, e.Device, behind)
	}
}
