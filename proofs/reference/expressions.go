package reference

import (
	"fmt"

	"github.com/musterfleet/muster/selectors"
)

// Device is a device: labels by operators, facts by its agent.
type Device struct {
	ID            string
	Labels, Facts map[string]string
}

// Value is the text of a key, and whether the device has it.
func (d Device) Value(k selectors.Key) (string, bool) {
	from := d.Facts
	if k.Label {
		from = d.Labels
	} else if k.Name == "name" || k.Name == "id" {
		return d.ID, true
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
	out := Set{}
	for _, d := range devices {
		if n.Admits(x, d) {
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
		return x.Holds(d.Value(x.Key))
	case selectors.Contains:
		return x.Holds(d.Value(x.Key))
	case selectors.Sample:
		return x.Admits(d.ID)
	case selectors.Within, selectors.Quant, selectors.Take:
		panic("reference: not static")
	case selectors.Not:
		return !n.Admits(x.X, d)
	case selectors.Binary:
		l, r := n.Admits(x.L, d), n.Admits(x.R, d)
		return map[selectors.BinaryOp]bool{
			selectors.Or: l || r, selectors.And: l && r, selectors.Minus: l && !r, selectors.Xor: l != r,
		}[x.Op]
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
	case selectors.Rule:
	}
	panic(fmt.Sprintf("reference: %T is no set of devices", x))
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
