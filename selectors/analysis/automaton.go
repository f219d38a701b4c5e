package analysis

import (
	"encoding/binary"
	"iter"
	"slices"
)

// machine is a deterministic automaton whose states are made as they are reached. What it says
// of a text is a small number, not just yes or no.
type machine interface {
	start() int
	step(state int, symbol rune) int
	verdict(state int) byte
}

// joint is the product of machines over as few symbols as tell them apart: the subset
// construction of all patterns of a key at once, breadth first, so that each combination of
// verdicts is first reached by a shortest word.
type joint struct {
	machines []machine
	symbols  []rune
	tuples   [][]int
	from     []int  // the state before
	by       []rune // and the symbol that led here
	next     [][]int
	classes  map[string][]int // states by their verdicts
	order    []string         // classes as they were reached
}

// steps remembers where a machine goes: a product has many times as many states.
type steps struct {
	machine machine
	symbols []rune
	known   *[][]int // by state and symbol; what is not known is -1
}

func newSteps(m machine, symbols []rune) steps { return steps{m, symbols, &[][]int{}} }

func (s steps) to(state, symbol int) int {
	for len(*s.known) <= state {
		*s.known = append(*s.known, slices.Repeat([]int{-1}, len(s.symbols)))
	}
	row := (*s.known)[state]
	if row[symbol] < 0 {
		row[symbol] = s.machine.step(state, s.symbols[symbol])
	}
	return row[symbol]
}

// explore builds the product. alive prunes states that lead nowhere; nil keeps all.
func (j *joint) explore(alive func(tuple []int) bool) bool {
	j.classes = map[string][]int{}
	ids := map[string]int{}
	var known []steps
	for _, m := range j.machines {
		known = append(known, newSteps(m, j.symbols))
	}
	var key []byte
	state := func(tuple []int, from int, by rune) int {
		if alive != nil && !alive(tuple) {
			return -1
		}
		key = key[:0]
		for _, s := range tuple {
			key = binary.AppendUvarint(key, uint64(s))
		}
		id, ok := ids[string(key)]
		if !ok {
			id = len(j.tuples)
			ids[string(key)] = id
			j.tuples, j.from, j.by = append(j.tuples, slices.Clone(tuple)), append(j.from, from), append(j.by, by)
			verdicts := make([]byte, len(tuple))
			for i, m := range j.machines {
				verdicts[i] = m.verdict(tuple[i])
			}
			class := string(verdicts)
			if j.classes[class] == nil {
				j.order = append(j.order, class)
			}
			j.classes[class] = append(j.classes[class], id)
		}
		return id
	}
	first := make([]int, len(j.machines))
	for i, m := range j.machines {
		first[i] = m.start()
	}
	state(first, -1, 0)
	for s := 0; s < len(j.tuples); s++ {
		if len(j.tuples) > mostStates {
			return false
		}
		row := make([]int, len(j.symbols))
		tuple := make([]int, len(j.machines))
		for k, symbol := range j.symbols {
			for i := range j.machines {
				tuple[i] = known[i].to(j.tuples[s][i], k)
			}
			row[k] = state(tuple, s, symbol)
		}
		j.next = append(j.next, row)
	}
	return true
}

// word is the text that first reached a state.
func (j *joint) word(state int) string {
	var runes []rune
	for ; j.from[state] >= 0; state = j.from[state] {
		runes = append(runes, j.by[state])
	}
	slices.Reverse(runes)
	return string(runes)
}

// words yields all texts over the symbols that end in one of the states, shorter ones first.
func (j *joint) words(class string) iter.Seq[string] {
	far := j.distances(class)
	type partial struct {
		state int
		text  string
	}
	return func(yield func(string) bool) {
		if far[0] < 0 {
			return
		}
		// Texts wait by the length they have at least when they end.
		waiting := map[int][]partial{far[0]: {{0, ""}}}
		for length := far[0]; len(waiting) > 0; length++ {
			for len(waiting[length]) > 0 {
				p := waiting[length][0]
				waiting[length] = waiting[length][1:]
				if far[p.state] == 0 && !yield(p.text) {
					return
				}
				for k, to := range j.next[p.state] {
					if to >= 0 && far[to] >= 0 {
						at := len(p.text) + 1 + far[to]
						waiting[at] = append(waiting[at], partial{to, p.text + string(j.symbols[k])})
					}
				}
			}
			delete(waiting, length)
		}
	}
}

// distances are how many symbols it takes from each state into the class; -1 for never.
func (j *joint) distances(class string) []int {
	back := make([][]int, len(j.tuples))
	for s, row := range j.next {
		for _, to := range row {
			if to >= 0 {
				back[to] = append(back[to], s)
			}
		}
	}
	far := slices.Repeat([]int{-1}, len(j.tuples))
	queue := slices.Clone(j.classes[class])
	for _, s := range queue {
		far[s] = 0
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, s := range back[queue[0]] {
			if far[s] < 0 {
				far[s] = far[queue[0]] + 1
				queue = append(queue, s)
			}
		}
	}
	return far
}
