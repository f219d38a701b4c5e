package analysis

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/musterfleet/muster/selectors"
)

// variableKind is what the regions of a variable are.
type variableKind uint8

const (
	keyed        variableKind = iota + 1 // values of a key, absent included
	presence                             // a set is there or not
	elementOfSet                         // a set that is there has an element or not
	deployed                             // what a device runs
	open                                 // yes or no, decided by nothing here
)

// variable is a key of possible devices, cut into the regions its atoms tell apart.
type variable struct {
	name    string
	kind    variableKind
	key     selectors.Key // without a cast
	element string        // of an elementOfSet
	bodies  []Predicate   // of deployed, one for each atom
	inner   *Space        // of deployed, of the elements
	copies  int           // how many values of a region are wanted, at least 1

	atoms []atom
	index map[string]int // atoms by text

	regions []region
	where   []regions      // in which regions each atom holds
	found   map[string]int // regions by the atoms that hold there
	listed  map[string][]int
	others  []int // atoms that no list decides
	forbids func(string) bool
}

// atom is one question about a variable's value.
type atom struct {
	holds     func(value string, present bool) bool
	key       selectors.Key // with its cast
	listed    bool          // it holds on its constants, and nowhere else
	constants []string
	pattern   string // a regular expression for the whole value
	sample    *selectors.Sample
}

// region is a part of a variable's values that no atom tells apart, and one of them.
type region struct {
	value    string
	more     []string // other values, where several are wanted
	present  bool     // the key is there, or the answer is yes
	elements []Element
}

// atom is the number of an atom, noted if it is new.
func (v *variable) atom(text string, a atom) int {
	i, ok := v.index[text]
	if !ok {
		i = len(v.atoms)
		v.index[text] = i
		v.atoms = append(v.atoms, a)
	}
	return i
}

// settle finds the regions.
func (v *variable) settle(o Options) error {
	v.found = map[string]int{}
	switch v.kind {
	case presence, elementOfSet, open:
		v.regions = []region{{}, {present: true, value: "x"}}
		for range v.atoms {
			yes := noRegions(2)
			yes.add(1)
			v.where = append(v.where, yes)
		}
		return nil
	case deployed:
		return v.settleDeployed(o)
	case keyed:
		return v.settleKey(o)
	}
	panic(fmt.Sprintf("analysis: unknown variable kind %d", v.kind))
}

// settleKey tries values that reach every region, and keeps the first of each.
func (v *variable) settleKey(o Options) error {
	v.listed = map[string][]int{}
	for i, a := range v.atoms {
		if !a.listed {
			v.others = append(v.others, i)
			continue
		}
		for _, c := range a.constants {
			if n := len(v.listed[c]); n == 0 || v.listed[c][n-1] != i {
				v.listed[c] = append(v.listed[c], i)
			}
		}
	}
	values, err := v.candidates(o)
	if err != nil {
		return err
	}
	if len(values)*len(v.others) > mostDecisions {
		return &Budget{fmt.Sprintf("too many constants on %s: %d values and %d comparisons", v.name, len(values), len(v.others))}
	}
	var holding [][]int
	add := func(value string, present bool) {
		on := v.holding(value, present)
		key := signature(on)
		r, ok := v.found[key]
		if !ok {
			v.found[key] = len(v.regions)
			v.regions = append(v.regions, region{value: value, present: present})
			holding = append(holding, on)
		} else if one := &v.regions[r]; len(one.more) < v.copies-1 && value != one.value && !slices.Contains(one.more, value) {
			one.more = append(one.more, value)
		}
	}
	if v.mayLack() {
		add("", false)
	}
	for _, value := range values {
		if v.forbids == nil || !v.forbids(value) {
			add(value, true)
		}
	}
	for range v.atoms {
		v.where = append(v.where, noRegions(len(v.regions)))
	}
	for r, on := range holding {
		for _, a := range on {
			v.where[a].add(r)
		}
	}
	return nil
}

// holding are the atoms that hold on a value, or on its absence.
func (v *variable) holding(value string, present bool) []int {
	var on []int
	if present {
		on = append(on, v.listed[value]...)
	}
	for _, i := range v.others {
		if v.atoms[i].decide(value, present) {
			on = append(on, i)
		}
	}
	return on
}

func (a atom) decide(value string, present bool) bool {
	if a.sample != nil {
		return present && a.sample.Admits(value)
	}
	return a.holds(value, present)
}

func signature(on []int) string {
	b := make([]byte, 0, 2*len(on))
	for _, i := range on {
		b = binary.AppendUvarint(b, uint64(i))
	}
	return string(b)
}

// regionOf is the region a device is in; false if it is in none, as no possible device has such
// a value, or it is not known.
func (v *variable) regionOf(d selectors.Attributes, now time.Time) (int, bool) {
	truth := func(yes bool) int {
		if yes {
			return 1
		}
		return 0
	}
	switch v.kind {
	case keyed:
		r, ok := v.found[signature(v.holding(d.Value(v.key)))]
		return r, ok
	case presence:
		_, present := d.Value(v.key)
		return truth(present), true
	case elementOfSet:
		return truth(v.atoms[0].holds(d.Value(v.key))), true
	case deployed:
		return v.deployedRegion(d, now)
	case open:
		return 0, false
	}
	panic(fmt.Sprintf("analysis: unknown variable kind %d", v.kind))
}

// mayLack reports whether a device can be without the key.
func (v *variable) mayLack() bool {
	return v.key.Label || !slices.Contains([]string{"id", "app", "restarts"}, v.key.Name)
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
