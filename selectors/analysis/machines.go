package analysis

import (
	"regexp/syntax"
	"slices"
	"unicode"

	"github.com/musterfleet/muster/selectors"
)

// interned numbers states that can be compared.
type interned[S comparable] struct {
	ids    map[S]int
	states []S
}

func (n *interned[S]) id(s S) int {
	i, ok := n.ids[s]
	if !ok {
		if n.ids == nil {
			n.ids = map[S]int{}
		}
		i = len(n.states)
		n.ids[s] = i
		n.states = append(n.states, s)
	}
	return i
}

// trie tells constants from other texts.
type trie struct {
	next []map[rune]int // 0 is off the tree, 1 its root
	ends []bool
}

func newTrie(texts []string) *trie {
	t := &trie{next: []map[rune]int{nil, {}}, ends: []bool{false, false}}
	for _, text := range texts {
		at := 1
		for _, r := range text {
			if t.next[at][r] == 0 {
				t.next[at][r] = len(t.next)
				t.next, t.ends = append(t.next, map[rune]int{}), append(t.ends, false)
			}
			at = t.next[at][r]
		}
		t.ends[at] = true
	}
	return t
}

func (t *trie) start() int                 { return 1 }
func (t *trie) step(state int, r rune) int { return t.next[state][r] }
func (t *trie) verdict(state int) byte     { return yes(t.ends[state]) }

func yes(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// patternMachine runs a regular expression: a state is the set of threads that are alive.
type patternMachine struct {
	program *syntax.Prog
	states  interned[string]
	threads [][]int // of each state, before what needs no character
}

// newPatternMachine takes a pattern that regexp.Compile has taken.
func newPatternMachine(pattern string) *patternMachine {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		panic("analysis: a pattern of a bound atom does not parse: " + err.Error())
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		panic("analysis: a pattern of a bound atom does not compile: " + err.Error())
	}
	return &patternMachine{program: program}
}

func (m *patternMachine) state(threads []int, begin bool) int {
	key := signature(threads)
	if begin {
		key += "^"
	}
	id := m.states.id(key)
	if id == len(m.threads) {
		m.threads = append(m.threads, threads)
	}
	return id
}

// start is state 0.
func (m *patternMachine) start() int { return m.state([]int{m.program.Start}, true) }

func (m *patternMachine) isDead(state int) bool { return len(m.threads[state]) == 0 }

func (m *patternMachine) step(state int, r rune) int {
	seen, threads := map[int]bool{}, []int{}
	for _, pc := range m.closure(state, false) {
		i := &m.program.Inst[pc]
		switch i.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if i.MatchRune(r) && !seen[int(i.Out)] {
				seen[int(i.Out)] = true
				threads = append(threads, int(i.Out))
			}
		}
	}
	slices.Sort(threads)
	return m.state(threads, false)
}

func (m *patternMachine) verdict(state int) byte {
	for _, pc := range m.closure(state, true) {
		if m.program.Inst[pc].Op == syntax.InstMatch {
			return 1
		}
	}
	return 0
}

// closure are the instructions the threads reach without a character, at the end of the text or
// before it. The first state alone is at its beginning.
func (m *patternMachine) closure(state int, end bool) []int {
	var out []int
	seen := make([]bool, len(m.program.Inst))
	var visit func(pc int)
	visit = func(pc int) {
		if seen[pc] {
			return
		}
		seen[pc] = true
		switch i := &m.program.Inst[pc]; i.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			visit(int(i.Out))
			visit(int(i.Arg))
		case syntax.InstCapture, syntax.InstNop:
			visit(int(i.Out))
		case syntax.InstEmptyWidth:
			at := syntax.EmptyOp(0)
			if state == 0 {
				at |= syntax.EmptyBeginText | syntax.EmptyBeginLine
			}
			if end {
				at |= syntax.EmptyEndText | syntax.EmptyEndLine
			}
			if need := syntax.EmptyOp(i.Arg); need&^at == 0 {
				visit(int(i.Out))
			}
		case syntax.InstFail:
		case syntax.InstMatch, syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			out = append(out, pc)
		}
	}
	for _, pc := range m.threads[state] {
		visit(pc)
	}
	return out
}

// program notes where the characters that a pattern tells apart begin.
func (b boundaries) program(p *syntax.Prog) {
	for i := range p.Inst {
		inst := &p.Inst[i]
		switch inst.Op {
		case syntax.InstRune, syntax.InstRune1:
			if len(inst.Rune) == 1 {
				r := inst.Rune[0]
				b.span(r, r)
				if syntax.Flags(inst.Arg)&syntax.FoldCase != 0 {
					for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
						b.span(f, f)
					}
				}
				continue
			}
			for k := 0; k+1 < len(inst.Rune); k += 2 {
				b.span(inst.Rune[k], inst.Rune[k+1])
			}
		case syntax.InstRuneAnyNotNL:
			b.span('\n', '\n')
		case syntax.InstAlt, syntax.InstAltMatch, syntax.InstCapture, syntax.InstEmptyWidth, syntax.InstMatch,
			syntax.InstFail, syntax.InstNop, syntax.InstRuneAny:
		}
	}
}

// castMachines tell apart texts by what they are when read as numbers or versions.
func (v *variable) castMachines(cast selectors.Cast) []machine {
	k := v.key
	k.Cast = cast
	least := "0" // so that what can be read is told from what cannot
	if cast == selectors.AsAddress {
		least = "::"
	}
	constants := append(v.constants(k), least)
	var out []machine
	for _, c := range constants {
		switch cast {
		case selectors.AsNumber:
			out = append(out, newNumberMachine(c))
		case selectors.AsVersion:
			out = append(out, newVersionMachine(c))
		case selectors.AsAddress:
			out = append(out, newAddressMachine(c))
		case selectors.NoCast:
		}
	}
	return out
}
