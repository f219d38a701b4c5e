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
