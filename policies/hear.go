package policies

import (
	"errors"
	"runtime"
	"sync"

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
			if r.batch != nil && r.file.Batches[i].Index != *r.batch {
				continue
			}
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
	asking := r.asking(h.gate.Gate)
	if asking.classed && h.gate.policy.Match == nil && asking.isSilentOnAll(Input{File: r.file, Memo: r.memo}) {
		h.evaluations += len(r.plan.Changes)
		return
	}
	for i := range r.plan.Changes {
		if !h.gate.isOn(r.devices[i]) {
			continue
		}
		h.evaluations++
		if h.note(asking.of(r, i, false)) || r.stuck[i] == nil && h.note(asking.of(r, i, true)) {
			return
		}
	}
}

// isOn reports whether the gate judges the actions of a device. One that is nowhere is everywhere.
func (a *asked) isOn(ordinal int) bool {
	return a.policy.Match == nil || ordinal < 0 || a.fleet.Contains(uint32(ordinal))
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
