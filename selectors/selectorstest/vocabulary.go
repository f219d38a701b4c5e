package selectorstest

import (
	"maps"
	"slices"

	"github.com/musterfleet/muster/selectors"
)

// Vocabulary is what random expressions may speak of. Empty parts are left out of them.
type Vocabulary struct {
	Labels   map[string][]string         // the values of each label
	Names    map[string]*selectors.Bound // what @names stand for
	Versions map[string][]string         // the versions of each app
	Nodes    []string                    // names of devices
	// Observed lets selectors ask what devices run and when they were heard, Takes lets fleets
	// be taken from others. Expressions are static and say each device alone without them.
	Observed, Takes bool
}

// Small is a vocabulary that suits most laws: two labels, two devices in a row, one name
// of each sort and two apps.
func Small() Vocabulary {
	v := Vocabulary{
		Labels:   map[string][]string{"ring": {"0", "1", "2"}, "fw": {"1.4.0", "1.4.0-rc.1", "1.10", "beta", "10.0.0.1"}},
		Versions: map[string][]string{"web": {"2.1.0", "2.2.0"}, "agent": {"0.9"}},
		Nodes:    []string{"edge001", "edge002", "edge003", "gw7"},
	}
	v.Names = map[string]*selectors.Bound{
		"arm":  v.MustBind(`arch = aarch64`),
		"prod": v.MustBind(`all[label("ring") != "0"]`),
		"base": v.MustBind(`label("ring") = "1" -> {agent}`),
	}
	return v
}

// Scope is where expressions over the vocabulary bind.
func (v Vocabulary) Scope() selectors.Scope {
	return selectors.Scope{Names: v.Names, Versions: v.Versions, LabelKeys: slices.Sorted(maps.Keys(v.Labels))}
}

// Full is Small with everything the language has.
func Full() Vocabulary {
	v := Small()
	v.Observed, v.Takes = true, true
	v.Names["failed"] = v.MustBind(`any(deploy: phase = Failed)`)
	v.Names["silent"] = v.MustBind(`all[!(heartbeat within 5m)]`)
	v.Names["canary"] = v.MustBind(`take(@prod, 1 by label("ring"))`)
	return v
}

// MustBind is the text, parsed and bound in the vocabulary's scope. It panics on an error.
func (v Vocabulary) MustBind(text string) *selectors.Bound {
	x, err := selectors.Parse(text)
	if err != nil {
		panic("selectorstest: " + err.Error())
	}
	return v.Bind(x)
}

// Bind is x bound in the vocabulary's scope. It panics on an error.
func (v Vocabulary) Bind(x selectors.Expr) *selectors.Bound {
	b, err := selectors.Bind(x, v.Scope())
	if err != nil {
		panic("selectorstest: " + selectors.Print(x) + ": " + err.Error())
	}
	return b
}

// namesOf are the names that stand for a sort.
func (v Vocabulary) namesOf(sorts ...selectors.Sort) []string {
	var names []string
	for _, n := range slices.Sorted(maps.Keys(v.Names)) {
		if slices.Contains(sorts, v.Names[n].Sort()) {
			names = append(names, n)
		}
	}
	return names
}
