package policies

import (
	"errors"
	"runtime"
	"slices"
	"sync"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies/classes"
)

// Reader is an engine that can tell what it reads of the change it judges. Whatever else it
// reads must be the same for all changes of a plan. The law: changes that agree on
// Reads().Verdict are all objected to, or none is; those that agree on Words too get the same
// findings or the same error. False means that it cannot be told.
type Reader interface {
	Reads() (classes.Reads, bool)
}

// answer is what a gate says to one question.
type answer struct {
	found []Finding
	err   error
}

func (a answer) isSilent() bool { return a.err == nil && len(a.found) == 0 }

// heard is an answer that is not silent.
type heard struct {
	answer
	in    Input
	order int  // of the change, or of the batch
	back  bool // it is about the inverse of the change
}

// hearing is all that one gate says.
type hearing struct {
	gate        *asked
	heard       []heard // in the order of the plan
	evaluations int     // of actions, batches and plans; inverses are not counted
}

// hear has every gate judge all there is in its scope, each for itself and several at a time.
// What a gate says is the same as if it had been asked of each change in the order of the plan.
func (r *review) hear() []hearing {
	out := make([]hearing, len(r.gates))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(r.gates)) {
		workers.Go(func() {
			for i := range next {
				out[i] = r.hearOne(r.gates[i])
			}
		})
	}
	for i := range r.gates {
		next <- i
	}
	close(next)
	workers.Wait()
	return out
}

func (r *review) hearOne(g *asked) hearing {
	h := hearing{gate: g}
	switch g.scope {
	case Action:
		r.hearActions(&h)
	case Batch:
		for i := range r.file.Batches {
			in := Input{File: r.file, Memo: r.memo, Batch: &r.file.Batches[i]}
			h.evaluations++
			if h.note(heard{answer: g.ask(in), in: in, order: i}) {
				break
			}
		}
	case Plan, Aggregate:
		in := Input{File: r.file, Memo: r.memo}
		h.evaluations++
		h.note(heard{answer: g.ask(in), in: in})
	}
	return h
}

// hearActions asks of each action on the gate's devices, and of its inverse. A gate that
// gives up is asked no more.
func (r *review) hearActions(h *hearing) {
	there, back := r.forward.asking(h.gate.Gate), r.back.asking(h.gate.Gate)
	for i, c := range r.plan.Changes {
		if ordinal, known := r.plan.Roster.Ordinal(c.Action.Target().Device); known && !h.gate.fleet.Contains(ordinal) {
			continue
		}
		h.evaluations++
		if h.note(there.of(r, i, false)) || r.stuck[i] == nil && h.note(back.of(r, i, true)) {
			return
		}
	}
}

// note keeps an answer that is not silent, and reports whether the gate gave up.
func (h *hearing) note(a heard) bool {
	if !a.isSilent() {
		h.heard = append(h.heard, a)
	}
	return errors.Is(a.err, ErrCost)
}

// ask puts one question to the engine.
func (g Gate) ask(in Input) answer {
	found, err := g.Judge(in)
	return answer{found, err}
}

// side is the actions of a plan, or their inverses.
type side struct {
	changes []*planfile.Change
	table   *classes.Table
}

func newSide(changes []*planfile.Change) side { return side{changes, classes.NewTable(changes)} }

// asking is one gate asked of one side, once for each class of changes.
type asking struct {
	side
	gate    Gate
	reads   classes.Reads
	classed bool
	verdict classes.Partition
	words   classes.Partition // once a class is objected to
	loud    []bool            // by class of verdict, where asked
	asked   []bool
	said    map[uint32]answer // by class of words
}

func (s side) asking(g Gate) *asking {
	a := &asking{side: s, gate: g, said: map[uint32]answer{}}
	if a.reads, a.classed = g.Reads(); a.classed {
		a.verdict = s.table.Partition(a.reads.Verdict)
		a.loud, a.asked = make([]bool, len(a.verdict.First)), make([]bool, len(a.verdict.First))
	}
	return a
}

// of is what the gate says of a change.
func (a *asking) of(r *review, i int, back bool) heard {
	h := heard{in: Input{File: r.file, Memo: r.memo, Change: a.changes[i]}, order: len(r.plan.Registry) + i, back: back}
	if !a.classed {
		h.answer = a.gate.ask(h.in)
		return h
	}
	class := a.verdict.Of[i]
	if a.asked[class] && !a.loud[class] {
		return h
	}
	if !a.asked[class] {
		h.answer = a.gate.ask(h.in)
		a.asked[class], a.loud[class] = true, !h.isSilent()
		if h.isSilent() {
			return h
		}
		a.said[a.wordsOf(i)] = h.answer
		return h
	}
	words := a.wordsOf(i)
	said, ok := a.said[words]
	if !ok {
		said = a.gate.ask(h.in)
		a.said[words] = said
	}
	h.answer = said
	return h
}

func (a *asking) wordsOf(i int) uint32 {
	if a.words.Of == nil {
		a.words = a.table.Partition(slices.Concat(a.reads.Verdict, a.reads.Words))
	}
	return a.words.Of[i]
}
