package analysis

// node is a set of devices in a diagram: a choice by the region of one variable, and below each
// choice a node of later variables. Equal sets are the same node.
type node int32

const (
	nobody node = iota
	everybody
)

// diagram is a store of nodes, each made once: a multi-valued decision diagram.
type diagram struct {
	sizes []int   // regions of each variable, which is a level
	level []int32 // of each node
	first []int32 // where its children start in kids
	kids  []node
	table []node // open addressing; 0 is a free place
	memo  [2][]joined
	apart []pair
	most  int
}

// joined remembers what two nodes make, pair that two nodes have or lack a common device.
type joined struct{ a, b, is node }

type pair struct {
	a, b node
	yes  bool
}

// overflow is panicked when the diagram grows beyond its budget; Space turns it into an error.
type overflow struct{}

const (
	opAnd = iota
	opOr
)

// The sizes of the lossy memories, powers of two: an entry that is pushed out is worked out anew.
const (
	memoSize  = 1 << 14
	apartSize = 1 << 12
)

func newDiagram(sizes []int, most int) *diagram {
	d := &diagram{sizes: sizes, most: most, table: make([]node, 1<<10)}
	last := int32(len(sizes))
	d.level, d.first = []int32{last, last}, []int32{0, 0}
	return d
}

func (d *diagram) children(n node) []node {
	at := d.first[n]
	return d.kids[at : int(at)+d.sizes[d.level[n]]]
}

// size is how many nodes there are.
func (d *diagram) size() int { return len(d.level) }

// make is the node that goes on so; the slice is copied.
func (d *diagram) make(level int, kids []node) node {
	same := true
	hash := uint64(level)*0x9e3779b97f4a7c15 + 1
	for _, k := range kids {
		same = same && k == kids[0]
		hash = (hash ^ uint64(k)) * 0x100000001b3
		hash ^= hash >> 29
	}
	if same {
		return kids[0]
	}
	mask := uint64(len(d.table) - 1)
	at := hash & mask
	for ; d.table[at] != 0; at = (at + 1) & mask {
		if n := d.table[at]; d.is(n, level, kids) {
			return n
		}
	}
	if len(d.level) >= d.most || len(d.kids) > 64*d.most {
		panic(overflow{})
	}
	n := node(len(d.level))
	d.level = append(d.level, int32(level))
	d.first = append(d.first, int32(len(d.kids)))
	d.kids = append(d.kids, kids...)
	d.table[at] = n
	if 2*len(d.level) > len(d.table) {
		d.grow()
	}
	return n
}

func (d *diagram) is(n node, level int, kids []node) bool {
	if int(d.level[n]) != level {
		return false
	}
	for i, k := range d.children(n) {
		if k != kids[i] {
			return false
		}
	}
	return true
}

func (d *diagram) grow() {
	d.table = make([]node, 4*len(d.table))
	mask := uint64(len(d.table) - 1)
	for n := node(2); int(n) < len(d.level); n++ {
		hash := uint64(d.level[n])*0x9e3779b97f4a7c15 + 1
		for _, k := range d.children(n) {
			hash = (hash ^ uint64(k)) * 0x100000001b3
			hash ^= hash >> 29
		}
		at := hash & mask
		for d.table[at] != 0 {
			at = (at + 1) & mask
		}
		d.table[at] = n
	}
}

// where is the set of devices that are in some regions of a variable.
func (d *diagram) where(level int, in regions) node {
	kids := make([]node, d.sizes[level])
	for r := range kids {
		if in.has(r) {
			kids[r] = everybody
		}
	}
	return d.make(level, kids)
}

func (d *diagram) and(a, b node) node { return d.join(opAnd, a, b) }
func (d *diagram) or(a, b node) node  { return d.join(opOr, a, b) }

// join is the intersection or union of two sets.
func (d *diagram) join(op int, a, b node) node {
	zero, one := nobody, everybody
	if op == opOr {
		zero, one = one, zero
	}
	switch {
	case a == b || b == one || a == zero:
		return a
	case a == one || b == zero:
		return b
	case a > b:
		a, b = b, a
	}
	if d.memo[op] == nil {
		d.memo[op] = make([]joined, memoSize)
	}
	slot := &d.memo[op][place(a, b)&(memoSize-1)]
	if slot.a == a && slot.b == b && a != 0 {
		return slot.is
	}
	level := min(d.level[a], d.level[b])
	kids := make([]node, d.sizes[level])
	for i := range kids {
		x, y := a, b
		if d.level[a] == level {
			x = d.kids[int(d.first[a])+i]
		}
		if d.level[b] == level {
			y = d.kids[int(d.first[b])+i]
		}
		if i > 0 && x == lastOf(d, a, level, i) && y == lastOf(d, b, level, i) {
			kids[i] = kids[i-1]
			continue
		}
		kids[i] = d.join(op, x, y)
	}
	n := d.make(int(level), kids)
	*slot = joined{a, b, n}
	return n
}

// lastOf is the child before the i-th, or the node itself if it does not choose at that level.
func lastOf(d *diagram, n node, level int32, i int) node {
	if d.level[n] == level {
		return d.kids[int(d.first[n])+i-1]
	}
	return n
}

func place(a, b node) uint64 {
	h := uint64(uint32(a))<<32 | uint64(uint32(b))
	h = (h ^ h>>31) * 0xbf58476d1ce4e5b9
	return h ^ h>>27
}

// not is the complement.
func (d *diagram) not(a node) node {
	return d.complement(a, map[node]node{nobody: everybody, everybody: nobody})
}

func (d *diagram) complement(a node, done map[node]node) node {
	if n, ok := done[a]; ok {
		return n
	}
	level := int(d.level[a])
	kids := make([]node, d.sizes[level])
	for i := range kids {
		kids[i] = d.complement(d.kids[int(d.first[a])+i], done)
	}
	n := d.make(level, kids)
	done[a] = n
	return n
}

// disjoint reports whether no device is in both. It makes no node: as every node but nobody has
// a device, it is enough to find one way down that both have.
func (d *diagram) disjoint(a, b node) bool {
	switch {
	case a == nobody || b == nobody:
		return true
	case a == b || a == everybody || b == everybody:
		return false
	case a > b:
		a, b = b, a
	}
	if d.apart == nil {
		d.apart = make([]pair, apartSize)
	}
	slot := &d.apart[place(a, b)&(apartSize-1)]
	if slot.a == a && slot.b == b {
		return slot.yes
	}
	yes := d.findApart(a, b)
	*slot = pair{a, b, yes}
	return yes
}

func (d *diagram) findApart(a, b node) bool {
	la, lb := d.level[a], d.level[b]
	level := min(la, lb)
	lastA, lastB := nobody, nobody
	for i := range d.sizes[level] {
		x, y := a, b
		if la == level {
			x = d.kids[int(d.first[a])+i]
		}
		if lb == level {
			y = d.kids[int(d.first[b])+i]
		}
		if x == nobody || y == nobody || x == lastA && y == lastB {
			continue
		}
		lastA, lastB = x, y
		if !d.disjoint(x, y) {
			return false
		}
	}
	return true
}

// within reports whether every device of a is in b, without making a node.
func (d *diagram) within(a, b node, done map[[2]node]bool) bool {
	switch {
	case a == nobody || b == everybody || a == b:
		return true
	case a == everybody || b == nobody:
		return false
	}
	if yes, ok := done[[2]node{a, b}]; ok {
		return yes
	}
	level := min(d.level[a], d.level[b])
	yes := true
	for i := range d.sizes[level] {
		x, y := a, b
		if d.level[a] == level {
			x = d.kids[int(d.first[a])+i]
		}
		if d.level[b] == level {
			y = d.kids[int(d.first[b])+i]
		}
		if !d.within(x, y, done) {
			yes = false
			break
		}
	}
	done[[2]node{a, b}] = yes
	return yes
}
