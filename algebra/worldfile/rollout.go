package worldfile

import (
	"math"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// rolloutDraft is a Rollout whose expressions are not bound yet.
type rolloutDraft struct {
	algebra.Rollout
	document
	claims *yaml.Node // the app or the fleet; nil if it cannot be read
	fleet  expression // what the rollout is for, unless for an app
	waves  []waveDraft
}

// waveDraft is a wave; only one of a fleet has an expression, which binding turns into it.
type waveDraft struct {
	algebra.Wave
	fleet expression
}

// longest is how long any part of a rollout may take.
const longest = 30 * 24 * time.Hour

// rollout reads a Rollout document. What is not written is as in algebra.DefaultRollout.
func (l *loader) rollout(d document) {
	f := d.file
	r := &rolloutDraft{Rollout: algebra.DefaultRollout(), document: d}
	r.Rollout.Name, r.Rollout.Source = d.name, d.source()
	l.rollouts = append(l.rollouts, r)
	spec, ok := d.readSpec("for", "waves", "budget", "gate", "progressDeadline", "windows", "maxPerMinute", "onFailure")
	if !ok {
		return
	}
	if n, ok := spec.need("for"); ok {
		r.readFor(n)
	}
	r.readWaves(spec)
	if n, given := spec.get("budget"); given {
		r.Budget = f.budget(n)
	}
	if n, given := spec.get("gate"); given {
		f.gate(n, &r.Gate)
	}
	if n, given := spec.get("progressDeadline"); given {
		r.Deadline, _ = f.duration(n, "progressDeadline", time.Second, longest)
	}
	if n, given := spec.get("windows"); given {
		r.Windows = f.windows(n)
	}
	if n, given := spec.get("maxPerMinute"); given {
		most, _ := f.integer(n, "maxPerMinute", 1, math.MaxInt32)
		r.MaxPerMinute = int(most)
	}
	if failure := word[algebra.OnFailure](spec, "onFailure", string(algebra.Pause), string(algebra.Rollback)); failure != "" {
		r.OnFailure = failure
	}
}

// readFor reads what is claimed: an app by its name, else a fleet. The words all and none are
// fleets.
func (r *rolloutDraft) readFor(n *yaml.Node) {
	text, ok := r.file.filled(n, "for")
	if !ok {
		return
	}
	if app, err := algebra.ParseApp(text); err == nil && text != "all" && text != "none" {
		r.App, r.claims = app, n
		return
	}
	if r.fleet, ok = r.file.expression(n, "for"); ok {
		r.claims = n
	}
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

// budget reads {maxUnavailable: 3 or 10%, by: key}.
func (f *file) budget(n *yaml.Node) (b algebra.Budget) {
	o, ok := f.object(n, "budget", "maxUnavailable", "by")
	if !ok {
		return b
	}
	if n, ok := o.need("maxUnavailable"); ok {
		b.Max = f.most(n)
	}
	if n, given := o.get("by"); given {
		if text, ok := f.filled(n, "by"); ok {
			key, err := selectors.ParseKey(text)
			if err != nil {
				expression{file: f, parts: []part{{n, 0}}}.fail("by", err)
			}
			key.At = selectors.Span{}
			b.By = key
		}
	}
	return b
}

func (f *file) most(n *yaml.Node) (a selectors.Amount) {
	const what = "maxUnavailable"
	switch {
	case n.Kind == yaml.ScalarNode && (n.Value == "0" || n.Value == "0%"):
		f.at(n).fail("leave the budget out to bound nothing; to change nothing, use onFailure and windows, or pause the run",
			"%s: with %s no device could ever change", what, n.Value)
	case n.Kind == yaml.ScalarNode && strings.HasSuffix(n.Value, "%"):
		a.Share, a.Shared = f.share(n, what)
	default:
		count, _ := f.integer(n, what, 1, math.MaxInt32)
		a.Count = int(count)
	}
	return a
}

func (f *file) gate(n *yaml.Node, g *algebra.Gate) {
	o, ok := f.object(n, "gate", "healthy", "minimum", "soak")
	if !ok {
		return
	}
	if n, given := o.get("healthy"); given {
		g.Healthy, _ = f.share(n, "healthy")
	}
	if n, given := o.get("minimum"); given {
		least, _ := f.integer(n, "minimum", 1, math.MaxInt32)
		g.Minimum = int(least)
	}
	if n, given := o.get("soak"); given {
		g.Soak, _ = f.duration(n, "soak", 0, longest)
	}
}

// windows reads [{cron: '0 22 * * 1-5', for: 6h}].
func (f *file) windows(n *yaml.Node) (out []algebra.Window) {
	items, ok := f.items(n, "windows")
	if ok && len(items) == 0 {
		f.at(n).fail("leave windows out to be always open", "windows: must not be empty")
	}
	for _, item := range items {
		o, ok := f.object(item, "window", "cron", "for")
		if !ok {
			continue
		}
		var w algebra.Window
		if n, ok := o.need("cron"); ok {
			w.Cron = f.cron(n)
		}
		if n, ok := o.need("for"); ok {
			w.For, _ = f.duration(n, "for", time.Minute, 7*24*time.Hour)
		}
		out = append(out, w)
	}
	return out
}

// cron reads the five fields of a cron expression. Time zones are the devices' own.
func (f *file) cron(n *yaml.Node) string {
	text, ok := f.filled(n, "cron")
	if !ok {
		return ""
	}
	const hint = "write minute, hour, day of month, month, day of week: 0 22 * * 1-5"
	if strings.Contains(text, "=") || strings.HasPrefix(text, "@") {
		f.at(n).fail(hint, "cron: %s is not five fields; the time zone is each device's own, told by its label or fact timezone", f.shown(n))
		return ""
	}
	if _, err := cron.ParseStandard(text); err != nil {
		f.at(n).fail(hint, "cron: %v", err)
		return ""
	}
	return text
}

// bindRollout binds the expressions of a rollout. They may be of any effect, and take: a plan
// has their devices as a list.
func (l *loader) bindRollout(r *rolloutDraft, scope selectors.Scope) {
	bind := func(e expression, what string) *selectors.Bound {
		b, ok := l.bindExpression(e, what, scope)
		if ok && b.Sort() == selectors.AssignmentSort {
			e.at(e.expr.Span()).fail("name the devices, not what they run", "%s: want a fleet or a selector, and this is an assignment", what)
			return nil
		}
		return b
	}
	if r.claims != nil && r.App.IsZero() {
		r.Fleet = bind(r.fleet, "for")
	}
	r.Rollout.Waves = nil
	for _, w := range r.waves {
		if _, fleet := w.Wave.(algebra.FleetWave); fleet {
			w.Wave = algebra.FleetWave{Fleet: bind(w.fleet, "fleet")}
		}
		r.Rollout.Waves = append(r.Rollout.Waves, w.Wave)
	}
}

// checkRollouts looks up the apps that rollouts are for, each of which has one at most.
func (l *loader) checkRollouts() {
	first := map[algebra.App]*rolloutDraft{}
	for _, r := range l.rollouts {
		if r.App.IsZero() {
			continue
		}
		at := r.file.at(r.claims)
		if _, known := l.versions[r.App.String()]; !known && !l.unread {
			at.fail(suggest(r.App.String(), keys(l.versions)), "for: "+noDeployment+"%s", r.App)
		}
		if other := first[r.App]; other != nil {
			at.fail("keep one of the two", "for: %s has two rollouts, %s at %s and %s at %s", r.App,
				other.Rollout.Name, other.file.where(other.claims), r.Rollout.Name, r.file.where(r.claims))
			continue
		}
		first[r.App] = r
	}
}
