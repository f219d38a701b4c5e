package selectors

import "time"

// Span is a half-open range of bytes in the text an expression was parsed from.
type Span struct{ Start, End int }

// Expr is a node of the syntax tree. Its variants are exactly the types of this file.
//
//sumtype:decl
type Expr interface {
	// Span is where the node was written; the zero Span for nodes made by code.
	Span() Span
	expr() // sealed
}

// Atom is an expression about the value of one key: Compare, In, Glob, Contains and Has. It
// can be decided on that value alone, so an index evaluates it once for each distinct value.
type Atom interface {
	Expr
	// Subject is the key the atom asks about.
	Subject() Key
	// Holds decides the atom on a value of its key, or on its absence. The atom must come
	// from a Bound: an atom whose constant does not fit its key holds nowhere.
	Holds(value string, present bool) bool
}

// Const is the selector true or false.
type Const struct {
	At    Span
	Value bool
}

// Compare is an atom such as arch = aarch64 or mem >= 8GiB.
// NotEqual holds where Equal does not; the order operators are false on an absent key.
type Compare struct {
	At    Span
	Key   Key
	Op    CompareOp
	Value Value
	test  *test // made by Bind
}

// In is label("ring") in ("0", "1"). Negated it is the complement, absent keys included.
type In struct {
	At      Span
	Key     Key
	Values  []Value // sorted, without duplicates
	Negated bool
	test    *test // made by Bind
}

// Glob is name glob "edge-*": the whole text of the key fits the pattern, in which * is any
// text, ? any character and [a-c] one of a class. Negated it is the complement.
type Glob struct {
	At      Span
	Key     Key
	Pattern Value
	Negated bool
	test    *test // made by Bind
}

// Contains is tags contains "gpu": the set has that element. Negated it is the complement.
type Contains struct {
	At      Span
	Key     Key
	Element Value
	Negated bool
	test    *test // made by Bind
}

// Has is has(label("site")): the key is present. Of a cast key it asks whether the value
// can be read that way.
type Has struct {
	At   Span
	Key  Key
	test *test // made by Bind
}

// Within is heartbeat within 5m: the instant is at most so long ago. It is no Atom: it asks
// the clock too.
type Within struct {
	At     Span
	Key    Key
	Length Value
	length time.Duration // made by Bind
}

// Quant is any(deploy: P) or every(deploy: P): some element of the device's collection is as
// P says, or all are. The keys in P are the element's. Every is true of an empty collection.
type Quant struct {
	At           Span
	Every        bool
	Collection   string
	CollectionAt Span
	By           Expr
}

// Sample is sample(5%, "seed"): the devices whose id falls into the first buckets of the
// seed's ten thousand. It depends on the id alone, so that 5% lies within 10% of one seed.
type Sample struct {
	At    Span
	Share Percent
	Seed  string
}

// Not is the complement of a selector. Fleets and assignments have no complement, only
// a difference.
type Not struct {
	At Span
	X  Expr
}

// Binary joins two expressions of one sort.
type Binary struct {
	At   Span
	Op   BinaryOp
	OpAt Span // where the operator itself stands
	L, R Expr
}

// Name is @prod: a fleet, selector or assignment defined elsewhere.
type Name struct {
	At   Span
	Name string
}

// Universe is all, or none if Empty: the greatest and the least fleet.
type Universe struct {
	At    Span
	Empty bool
}

// Nodes is {edge[001-100], gw7}: the fleet of the devices with these names.
type Nodes struct {
	At    Span
	Names []string // sorted, without duplicates
}

// Filter is F[s]: the devices of F, or the claims of an assignment, that s admits.
type Filter struct {
	At Span
	X  Expr
	By Expr
}

// Take is take(F, 10) or take(F, 5% by label("site")): the first devices of a fleet in the
// order of TakeRank, with By the first of each value's devices and of those that lack the key.
// It depends on who else is in the fleet: in a World it must be frozen.
type Take struct {
	At     Span
	X      Expr
	Amount Amount
	By     Key // the zero Key for none
}

// Amount is how many to take: a number, or a share that is rounded up.
type Amount struct {
	Count int
	Share Percent
	// Shared tells a share from a number.
	Shared bool
}

// Percent is a share in hundredths of a percent: 0.05% is 5, the whole 10000.
type Percent uint16

// Rule is F -> {web@2.1.0} at 10: the claims that give each device of From each deployment.
type Rule struct {
	At       Span
	From     Expr
	Deploy   []DeployRef
	Priority int
}

// DeployRef names a deployment in a Rule. Version is empty where the text gives the app
// alone; Bind fills it in when there is exactly one version.
type DeployRef struct {
	At      Span
	App     string
	Version string
}

// Key is what an atom asks about: an attribute of the device, or one of its labels.
type Key struct {
	At    Span
	Label bool
	Name  string
	Cast  Cast
}

// Cast says how the text of a label is to be read, which gives it an order.
type Cast uint8

// The casts. A value that cannot be read so counts as absent.
const (
	NoCast    Cast = iota
	AsNumber       // num(label("slots"))
	AsVersion      // ver(label("fw"))
	AsAddress      // ip(label("gateway"))
)

// Value is a constant as written. Quoted tells "8" from 8: only bare words are read as
// numbers, quantities and versions; enums and strings may be either.
type Value struct {
	At     Span
	Text   string
	Quoted bool
}

// CompareOp is the operator of a Compare.
type CompareOp uint8

// The comparison operators. Order operators need an attribute with an order.
const (
	Equal CompareOp = iota + 1
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	Matches    // =~ with a regular expression for the whole text
	NotMatches // !~, its complement
)

// BinaryOp is the operator of a Binary; its value is its glyph.
type BinaryOp byte

// The operators of the algebra. Minus and Xor do not apply to selectors, Xor not to
// assignments.
const (
	Or    BinaryOp = '|'
	And   BinaryOp = '&'
	Minus BinaryOp = '-'
	Xor   BinaryOp = '^'
)

func (x Const) Span() Span    { return x.At }
func (x Compare) Span() Span  { return x.At }
func (x In) Span() Span       { return x.At }
func (x Glob) Span() Span     { return x.At }
func (x Contains) Span() Span { return x.At }
func (x Has) Span() Span      { return x.At }
func (x Within) Span() Span   { return x.At }
func (x Quant) Span() Span    { return x.At }
func (x Sample) Span() Span   { return x.At }
func (x Not) Span() Span      { return x.At }
func (x Binary) Span() Span   { return x.At }
func (x Name) Span() Span     { return x.At }
func (x Universe) Span() Span { return x.At }
func (x Nodes) Span() Span    { return x.At }
func (x Filter) Span() Span   { return x.At }
func (x Take) Span() Span     { return x.At }
func (x Rule) Span() Span     { return x.At }

func (Const) expr()    {}
func (Compare) expr()  {}
func (In) expr()       {}
func (Glob) expr()     {}
func (Contains) expr() {}
func (Has) expr()      {}
func (Within) expr()   {}
func (Quant) expr()    {}
func (Sample) expr()   {}
func (Not) expr()      {}
func (Binary) expr()   {}
func (Name) expr()     {}
func (Universe) expr() {}
func (Nodes) expr()    {}
func (Filter) expr()   {}
func (Take) expr()     {}
func (Rule) expr()     {}
