package reference

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/musterfleet/muster/selectors"
)

// Device is a device: labels by operators, facts by its agent. Now is when it is looked at,
// Heard when it was last heard and Runs what it reports to run, by keys such as phase.
type Device struct {
	ID            string
	Labels, Facts map[string]string
	Now, Heard    time.Time
	Runs          []map[string]string
}

// Value is the text of a key, and whether the device has it.
func (d Device) Value(k selectors.Key) (string, bool) {
	from := d.Facts
	if k.Label {
		from = d.Labels
	} else if k.Name == "name" || k.Name == "id" {
		return d.ID, true
	} else if k.Name == "heartbeat" {
		return d.Heard.Format(time.RFC3339Nano), !d.Heard.IsZero()
	}
	v, ok := from[k.Name]
	return v, ok
}

// Set is a set of device ids.
type Set map[string]bool

// Names are the definitions that a @name may stand for, each a checked tree.
type Names map[string]selectors.Expr

// Fleet is the devices that a selector admits or that a fleet expression denotes.
func (n Names) Fleet(x selectors.Expr, devices []Device) Set {
	switch x := x.(type) {
	case selectors.Take:
		return n.take(x, devices)
	case selectors.Name:
		return n.Fleet(n[x.Name], devices)
	case selectors.Filter:
		return n.Fleet(selectors.Binary{Op: selectors.And, L: x.X, R: x.By}, devices)
	case selectors.Binary:
		l, r, out := n.Fleet(x.L, devices), n.Fleet(x.R, devices), Set{}
		for _, d := range devices {
			if joined(x.Op, l[d.ID], r[d.ID]) {
				out[d.ID] = true
			}
		}
		return out
	case selectors.Const, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within, selectors.Quant,
		selectors.Sample, selectors.Not, selectors.Universe, selectors.Nodes, selectors.Rule: // each device on its own
	}
	out := Set{}
	for _, d := range devices {
		if n.Admits(x, d) {
			out[d.ID] = true
		}
	}
	return out
}

func joined(op selectors.BinaryOp, l, r bool) bool {
	return map[selectors.BinaryOp]bool{
		selectors.Or: l || r, selectors.And: l && r, selectors.Minus: l && !r, selectors.Xor: l != r,
	}[op]
}

// take is the devices that have fewer than the wanted number before them in their group.
func (n Names) take(x selectors.Take, devices []Device) Set {
	from, out := n.Fleet(x.X, devices), Set{}
	group := func(d Device) string {
		v, ok := d.Value(x.By)
		return fmt.Sprint(v, ok)
	}
	for _, d := range devices {
		before, all := 0, 0
		for _, e := range devices {
			if !from[e.ID] || x.By != (selectors.Key{}) && group(d) != group(e) {
				continue
			}
			all++
			dr, er := selectors.TakeRank(d.ID), selectors.TakeRank(e.ID)
			if er < dr || er == dr && e.ID < d.ID {
				before++
			}
		}
		wanted := x.Amount.Count
		if x.Amount.Shared {
			wanted = int(math.Ceil(float64(all) * float64(x.Amount.Share) / 10_000))
		}
		if from[d.ID] && before < wanted {
			out[d.ID] = true
		}
	}
	return out
}

// Admits decides a selector or fleet expression on one device.
func (n Names) Admits(x selectors.Expr, d Device) bool {
	switch x := x.(type) {
	case selectors.Const:
		return x.Value
	case selectors.Universe:
		return !x.Empty
	case selectors.Compare:
		if v, ok := d.Value(x.Key); isText(x.Key) && x.Op == selectors.Equal {
			return ok && v == x.Value.Text
		} else if isText(x.Key) && x.Op == selectors.NotEqual {
			return !ok || v != x.Value.Text
		}
		return x.Holds(d.Value(x.Key))
	case selectors.In:
		if !isText(x.Key) {
			return x.Holds(d.Value(x.Key))
		}
		v, ok := d.Value(x.Key)
		for _, c := range x.Values {
			if ok && v == c.Text {
				return !x.Negated
			}
		}
		return x.Negated
	case selectors.Has:
		if isText(x.Key) {
			_, ok := d.Value(x.Key)
			return ok
		}
		return x.Holds(d.Value(x.Key))
	case selectors.Glob:
		v, ok := d.Value(x.Key)
		return (ok && globbed([]rune(x.Pattern.Text), []rune(v))) != x.Negated
	case selectors.Contains:
		return x.Holds(d.Value(x.Key))
	case selectors.Sample:
		return x.Admits(d.ID)
	case selectors.Within:
		v, ok := d.Value(x.Key)
		t, err := time.Parse(time.RFC3339, v)
		return ok && err == nil && d.Now.Sub(t) <= length(x.Length.Text)
	case selectors.Quant:
		found := false
		for _, run := range d.Runs {
			found = found || n.Admits(x.By, Device{Facts: run, Now: d.Now}) != x.Every
		}
		return found != x.Every
	case selectors.Not:
		return !n.Admits(x.X, d)
	case selectors.Binary:
		return joined(x.Op, n.Admits(x.L, d), n.Admits(x.R, d))
	case selectors.Name:
		return n.Admits(n[x.Name], d)
	case selectors.Nodes:
		for _, name := range x.Names {
			if name == d.ID {
				return true
			}
		}
		return false
	case selectors.Filter:
		return n.Admits(x.X, d) && n.Admits(x.By, d)
	case selectors.Take, selectors.Rule:
	}
	panic(fmt.Sprintf("reference: %T is no question about one device", x))
}

// globbed tries every way to read the pattern.
func globbed(p, v []rune) bool {
	switch {
	case len(p) == 0:
		return len(v) == 0
	case p[0] == '*':
		return globbed(p[1:], v) || len(v) > 0 && globbed(p, v[1:])
	case len(v) == 0:
		return false
	case p[0] == '[':
		end := slices.Index(p, ']')
		for i := 1; i < end; i++ {
			if i+2 < end && p[i+1] == '-' && p[i] <= v[0] && v[0] <= p[i+2] || p[i] == v[0] {
				return globbed(p[end+1:], v[1:])
			}
		}
		return false
	}
	return (p[0] == '?' || p[0] == v[0]) && globbed(p[1:], v[1:])
}

// length is 1w2d3h4m5s.
func length(text string) time.Duration {
	var total, n time.Duration
	for _, c := range text {
		if unit, ok := map[rune]time.Duration{'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800}[c]; ok {
			total, n = total+n*unit*time.Second, 0
		} else {
			n = n*10 + time.Duration(c-'0')
		}
	}
	return total
}

// isText reports a label whose text is compared as it is.
func isText(k selectors.Key) bool { return k.Label && k.Cast == selectors.NoCast }

// Claim says that a deployment, by its app@version, should run in its app's slot on a device.
type Claim struct {
	Device, App string
	Priority    int
	Deployment  string
}

// Claims is a set of claims.
type Claims map[Claim]bool

// Claims is what an assignment expression claims at the devices.
func (n Names) Claims(x selectors.Expr, devices []Device) Claims {
	out := Claims{}
	switch x := x.(type) {
	case selectors.Rule:
		for id := range n.Fleet(x.From, devices) {
			for _, d := range x.Deploy {
				out[Claim{id, d.App, x.Priority, d.App + "@" + d.Version}] = true
			}
		}
		return out
	case selectors.Filter:
		admitted := n.Fleet(x.By, devices)
		for c := range n.Claims(x.X, devices) {
			if admitted[c.Device] {
				out[c] = true
			}
		}
		return out
	case selectors.Name:
		return n.Claims(n[x.Name], devices)
	case selectors.Binary:
		l, r := n.Claims(x.L, devices), n.Claims(x.R, devices)
		for c := range l {
			out[c] = x.Op == selectors.Or || x.Op == selectors.And && r[c] || x.Op == selectors.Minus && !r[c]
			if !out[c] {
				delete(out, c)
			}
		}
		for c := range r {
			if x.Op == selectors.Or {
				out[c] = true
			}
		}
		return out
	case selectors.Const, selectors.Universe, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Quant, selectors.Sample, selectors.Not, selectors.Nodes, selectors.Take:
	}
	panic(fmt.Sprintf("reference: %T is no assignment", x))
}

// Slot is one app's place on one device.
type Slot struct{ Device, App string }

// Resolve keeps the claims of the highest priority in each slot: one of them settles the
// slot, more are a conflict.
func Resolve(claims Claims) map[Slot][]Claim {
	out := map[Slot][]Claim{}
	for c := range claims {
		at := Slot{c.Device, c.App}
		switch top := out[at]; {
		case len(top) == 0 || c.Priority > top[0].Priority:
			out[at] = []Claim{c}
		case c.Priority == top[0].Priority:
			out[at] = append(top, c)
		}
	}
	return out
}
