package analysis

import (
	"slices"

	"github.com/musterfleet/muster/selectors"
)

// Change is a value that a key would need; absent where it is not Present. Of a set it is that
// an element is there or is not.
type Change struct {
	Key     selectors.Key
	Element string
	Value   string
	Present bool
}

// What a change costs. One of labels can be made by an operator, one of facts by nobody alone,
// and neither what a device is called nor what it runs can be changed to match a selector.
const (
	labelCost = 1
	factCost  = 1 << 12
	fixedCost = 1 << 30
)

// Repairs are the ways to bring a device into the set by the fewest changes: none of a fact
// where labels alone do, and then as few labels as can be. There are at most so many ways, all
// of them equally few; an empty way where the device is in the set, none where no change of
// labels and facts does it. It takes time linear in the nodes of the set.
func (a Set) Repairs(d selectors.Attributes, most int) ([][]Change, error) {
	if !a.built {
		return nil, tooManyNodes
	}
	s := a.space
	have := s.locate(d, s.options.Now)
	at := map[*variable]int{}
	for i, v := range s.variables {
		at[v] = have[i]
	}
	prices := s.costsFrom(have)
	best := map[node]int{everybody: 0}
	if least := s.least(a.node, prices, best); least >= fixedCost {
		return nil, nil
	}
	var out [][]Change
	var walk func(n node, made []Change)
	walk = func(n node, made []Change) {
		if len(out) == most {
			return
		}
		if n == everybody {
			out = append(out, slices.Clone(made))
			return
		}
		v := int(s.diagram.level[n])
		for r, k := range s.diagram.children(n) {
			switch {
			case k == nobody || prices.of[v][r]+best[k] != best[n]:
			case r == have[v]:
				walk(k, made)
			default:
				walk(k, append(made, s.variables[v].change(r)))
			}
		}
	}
	walk(a.node, nil)
	return out, nil
}

func (v *variable) change(r int) Change {
	return Change{Key: v.key, Element: v.element, Value: v.regions[r].value, Present: v.regions[r].present}
}

// costsFrom are what it takes to go from some regions to others.
func (s *Space) costsFrom(have []int) priced {
	p := priced{free: have}
	for i, v := range s.variables {
		price := factCost
		switch {
		case v.kind == open || v.kind == deployed || v.key.Name == "id" && !v.key.Label || v.key.Name == selectors.Heartbeat && !v.key.Label:
			price = fixedCost
		case v.key.Label:
			price = labelCost
		}
		row := slices.Repeat([]int{price}, len(v.regions))
		if have[i] >= 0 {
			row[have[i]] = 0
		}
		p.of = append(p.of, row)
	}
	return p
}

// Reasons are the fewest keys that force a device of the set to be in it, whatever its other
// keys: by the names that Keys gives them. It is false if the device is not in the set.
func (a Set) Reasons(d selectors.Attributes) ([]string, bool) {
	s := a.space
	have := s.locate(d, s.options.Now)
	if !a.built || !s.contains(a.node, have) {
		return nil, false
	}
	fixed := make([]bool, len(s.variables))
	var used []int
	for _, v := range s.support(a.node) {
		fixed[v] = true
		used = append(used, v)
	}
	// Facts are dropped before labels, so that what is left is what operators said.
	slices.SortStableFunc(used, func(x, y int) int { return rank(s.variables[x]) - rank(s.variables[y]) })
	for _, v := range used {
		fixed[v] = false
		if !s.forced(a.node, have, fixed, map[node]bool{}) {
			fixed[v] = true
		}
	}
	var out []string
	for v, yes := range fixed {
		if yes {
			out = append(out, s.variables[v].name)
		}
	}
	return out, true
}

func rank(v *variable) int {
	if v.key.Label {
		return 1
	}
	return 0
}

// support are the variables that a set depends on.
func (s *Space) support(n node) []int {
	seen, on := map[node]bool{}, make([]bool, len(s.variables))
	var visit func(n node)
	visit = func(n node) {
		if n <= everybody || seen[n] {
			return
		}
		seen[n] = true
		on[s.diagram.level[n]] = true
		for _, k := range s.diagram.children(n) {
			visit(k)
		}
	}
	visit(n)
	var out []int
	for v, yes := range on {
		if yes {
			out = append(out, v)
		}
	}
	return out
}

// forced reports whether all devices that agree in the fixed variables are in the set.
func (s *Space) forced(n node, have []int, fixed []bool, done map[node]bool) bool {
	if n <= everybody {
		return n == everybody
	}
	if yes, ok := done[n]; ok {
		return yes
	}
	v := s.diagram.level[n]
	yes := true
	if fixed[v] {
		yes = s.forced(s.diagram.children(n)[have[v]], have, fixed, done)
	} else {
		for _, k := range s.diagram.children(n) {
			if !s.forced(k, have, fixed, done) {
				yes = false
				break
			}
		}
	}
	done[n] = yes
	return yes
}
