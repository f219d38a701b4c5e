package policies

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/musterfleet/muster/policies/classes"
)

// asking is one gate asked of the actions of a plan and of their inverses, by as few questions as
// will do: an inverse may be of the class of its action.
type asking struct {
	gate      Gate
	table     *classes.Table
	reads     classes.Reads
	classed   bool
	questions classes.Questions
	known     []knowledge       // by question
	words     classes.Partition // once something is objected to
	said      map[uint32]answer // by class of words
}

// knowledge is what is known of a question.
type knowledge uint8

const (
	unasked knowledge = iota
	silent
	loud
)

func (r *review) asking(g Gate) *asking {
	a := &asking{gate: g, table: r.table, said: map[uint32]answer{}}
	if a.reads, a.classed = g.Reads(); a.classed {
		a.questions = a.table.Questions(a.reads)
		a.known = make([]knowledge, len(a.questions.Ask))
	}
	return a
}

// of is what the gate says of a change, or of its inverse.
func (a *asking) of(r *review, i int, back bool) heard {
	at := i
	if back {
		at += len(r.plan.Changes)
	}
	h := heard{in: Input{File: r.file, Memo: r.memo, Change: r.judged[at]}, order: len(r.plan.Registry) + i, back: back}
	switch {
	case !a.classed:
		h.answer = a.gate.ask(h.in)
	case !a.isSilent(h.in, at):
		h.answer = a.says(h.in, at)
	}
	return h
}

// isSilent reports whether the gate has nothing to say of a change.
func (a *asking) isSilent(in Input, at int) bool {
	for _, q := range a.questions.Of(at) {
		if a.known[q] == unasked {
			a.keep(q, a.put(in, int(q)))
		}
		if a.known[q] == loud {
			return false
		}
	}
	return true
}

// put asks one question.
func (a *asking) put(in Input, question int) answer {
	in.Change = a.questions.Ask[question]
	return a.gate.ask(in)
}

// keep notes what was said to a question. Where that is a change of the plan, it is said of all
// that get the same words.
func (a *asking) keep(question uint32, said answer) {
	a.known[question] = silent
	if !said.isSilent() {
		a.known[question] = loud
		if a.questions.First != nil {
			a.said[a.wordsOf(a.questions.First[question])] = said
		}
	}
}

// isSilentOnAll reports whether the gate has nothing to say of any change. It asks several
// questions at a time, and no more of them once the gate gives up.
func (a *asking) isSilentOnAll(in Input) bool {
	answers := make([]answer, len(a.questions.Ask))
	next, gaveUp := atomic.Int64{}, atomic.Bool{}
	const atATime = 64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 1+len(answers)/atATime) {
		workers.Go(func() {
			for !gaveUp.Load() {
				begin := int(next.Add(atATime)) - atATime
				for i := begin; i < min(begin+atATime, len(answers)); i++ {
					if answers[i] = a.put(in, i); errors.Is(answers[i].err, ErrCost) {
						gaveUp.Store(true)
						return
					}
				}
				if begin >= len(answers) {
					return
				}
			}
		})
	}
	workers.Wait()
	if gaveUp.Load() {
		return false // which of them it was depends on chance: ask again, one after the other
	}
	all := true
	for q, said := range answers {
		a.keep(uint32(q), said)
		all = all && said.isSilent()
	}
	return all
}

// says is what the gate says of a change that it is not silent about.
func (a *asking) says(in Input, at int) answer {
	words := a.wordsOf(at)
	said, ok := a.said[words]
	if !ok {
		said = a.gate.ask(in)
		a.said[words] = said
	}
	return said
}

func (a *asking) wordsOf(at int) uint32 {
	if a.words.Of == nil {
		a.words = a.table.Partition(a.reads.All())
	}
	return a.words.Of[at]
}
