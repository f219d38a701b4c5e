package agent_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/proofs/oracletest"
)

// history is a life in the words of the proved model: what was offered, saved and lost with the
// generation in force after each, and what was stopped and started.
type history struct {
	events      []oracletest.Node
	generations []oracletest.Node
	have        map[algebra.App]agent.Observed // when the steps began
	steps       []oracletest.Node
	runs        []string // finished ones, as questions whether they are safe
}

// fed notes an event that has to do with desired states.
func (h *history) fed(e agent.Event, after agent.State) {
	switch e := e.(type) {
	case agent.Offered:
		v, err := wire.Open(e.Raw, simDevice, simRing)
		content := "none"
		if err == nil {
			content = strings.TrimPrefix(v.Digest().String(), "sha256:")[:6]
		}
		h.note(after, oracletest.Call("offer", oracletest.Flag(err == nil), oracletest.Num(int(v.State().Generation)), oracletest.W(content)))
	case agent.Saved:
		h.note(after, oracletest.Call("saved", oracletest.Flag(e.Err == nil)))
	case agent.Fetched, agent.Prepared, agent.Started, agent.Stopped, agent.Looked, agent.Changed, agent.Woke, agent.Repeat, agent.End:
	}
}

// crashed notes a restart: whether the save under way was done, on a disk that can be read.
func (h *history) crashed(done bool, after agent.State) {
	h.note(after, oracletest.Call("crash", oracletest.Flag(done), oracletest.Flag(true)))
}

func (h *history) note(after agent.State, e oracletest.Node) {
	h.events, h.generations = append(h.events, e), append(h.generations, oracletest.Num(int(after.Generation())))
}

// delivery is the question what generations are in force, and the agent's answer.
func (h *history) delivery() (ask, answer string) {
	return oracletest.Call("deliver", oracletest.L(h.events...)).String(), oracletest.L(h.generations...).String()
}

// stopped and started note a step that was done; real is what ran before it.
func (h *history) stopped(app algebra.App, real map[algebra.App]agent.Observed) {
	h.step(real, oracletest.Call("empty", oracletest.W(app.String())))
}

func (h *history) started(app algebra.App, r algebra.Release, real map[algebra.App]agent.Observed) {
	h.step(real, oracletest.Call("fill", oracletest.W(app.String()), releaseWord(app, r)))
}

func (h *history) step(real map[algebra.App]agent.Observed, n oracletest.Node) {
	if len(h.steps) == 0 {
		h.have = maps.Clone(real)
	}
	h.steps = append(h.steps, n)
}

// broken ends a run of steps: something else changed what runs.
func (h *history) broken() {
	if len(h.steps) > 0 {
		h.runs = append(h.runs, oracletest.Call("check", slots(), holdings(), oracletest.L(h.steps...), placed(h.have)).String())
	}
	h.steps = nil
}

func releaseWord(app algebra.App, r algebra.Release) oracletest.Node {
	return oracletest.W(fmt.Sprintf("%s@%s", app, r.Version))
}

func slots() oracletest.Node { return oracletest.Words("a", "b", "c") }

// holdings are the ports and names of all that may run.
func holdings() oracletest.Node {
	var all []oracletest.Node
	for _, app := range slices.SortedFunc(maps.Keys(simSpecs), algebra.App.Compare) {
		for _, d := range simSpecs[app] {
			all = append(all, oracletest.L(oracletest.W(d.String()), oracletest.Words(fmt.Sprint(port(d)), app.String())))
		}
	}
	return oracletest.L(all...)
}

func placed(real map[algebra.App]agent.Observed) oracletest.Node {
	var all []oracletest.Node
	for _, app := range slices.SortedFunc(maps.Keys(real), algebra.App.Compare) {
		all = append(all, oracletest.L(oracletest.W(app.String()), releaseWord(app, real[app].Release)))
	}
	return oracletest.L(all...)
}
