package worldfile

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// waveDraft is a wave; only one of a fleet has an expression, which binding turns into it.
type waveDraft struct {
	algebra.Wave
	fleet expression
}

// readWaves reads {fleet: F}, {percent: P} and {rest: true}. Where the last wave may leave
// some devices out, the rest is a wave more.
func (r *rolloutDraft) readWaves(spec object) {
	list, given := spec.get("waves")
	if !given {
		for _, w := range r.Rollout.Waves {
			r.waves = append(r.waves, waveDraft{Wave: w})
		}
		return
	}
	f := r.file
	items, ok := f.items(list, "waves")
	if ok && len(items) == 0 {
		f.at(list).fail("leave waves out for 1%, 10%, rest", "waves: must not be empty")
	}
	var share selectors.Percent
	for i, n := range items {
		w, ok := f.wave(n)
		if !ok {
			continue
		}
		switch x := w.Wave.(type) {
		case algebra.ShareWave:
			if x.Share <= share {
				f.at(n).fail("the shares are of the whole target and count what came before", "waves: %s adds nothing after %s", x.Share, share)
			}
			share = x.Share
		case algebra.RestWave:
			if i < len(items)-1 {
				f.at(n).fail("make it the last", "waves: after the rest no device is left")
			}
		case algebra.FleetWave:
		}
		r.waves = append(r.waves, w)
	}
	if n := len(r.waves); n > 0 {
		last := r.waves[n-1].Wave
		if _, rest := last.(algebra.RestWave); !rest && last != (algebra.ShareWave{Share: wholeShare}) {
			r.waves = append(r.waves, waveDraft{Wave: algebra.RestWave{}})
		}
	}
}

const wholeShare selectors.Percent = 10_000

func (f *file) wave(n *yaml.Node) (w waveDraft, ok bool) {
	o, ok := f.object(n, "wave", "fleet", "percent", "rest")
	if !ok {
		return w, false
	}
	if len(o.fields) != 1 {
		if 2*len(o.fields) == len(n.Content) { // else what is unknown was told already
			f.at(n).fail("one of {fleet: '@canary'}, {percent: 25} and {rest: true}", "wave: want one of fleet, percent and rest")
		}
		return w, false
	}
	if n, given := o.get("fleet"); given {
		w.fleet, ok = f.expression(n, "fleet")
		w.Wave = algebra.FleetWave{}
		return w, ok
	}
	if n, given := o.get("percent"); given {
		share, ok := f.share(n, "percent")
		w.Wave = algebra.ShareWave{Share: share}
		return w, ok
	}
	n, _ = o.get("rest")
	rest, ok := f.boolean(n, "rest")
	if ok && !rest {
		f.at(n).fail("leave the wave out", "rest: want true")
	}
	w.Wave = algebra.RestWave{}
	return w, ok && rest
}

// share reads 25, 25% or 0.5%: more than nothing, at most all.
func (f *file) share(n *yaml.Node, what string) (selectors.Percent, bool) {
	text, ok := f.filled(n, what)
	if !ok {
		return 0, false
	}
	share, ok := selectors.ParsePercent(strings.TrimSuffix(text, "%") + "%")
	if !ok || share == 0 {
		f.at(n).fail("write 25% or 0.5%, at most 100%", "%s: %s is no share of the devices", what, f.shown(n))
	}
	return share, ok && share > 0
}
