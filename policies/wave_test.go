package policies_test

import (
	"crypto/ed25519"
	"fmt"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/policiestest"
)

// inWaves is an upgrade of ten devices in three waves.
func inWaves(t *testing.T) policies.Proposal {
	before := policiestest.World(t, policiestest.Deployment("web", "1", "r/web:1"), policiestest.Assignment("web", "all", "web"))
	after := policiestest.World(t, policiestest.Deployment("web", "2", "r/web:2"), policiestest.Assignment("web", "all", "web"),
		"kind: Rollout\nmetadata: {name: web}\nspec: {for: web, waves: [{percent: 20}, {percent: 60}, {rest: true}]}")
	return policiestest.Propose(t, policiestest.Devices(10), before, after)
}

type waveJudge func(a policies.Approved, batch int, gates policies.Gates, now time.Time) []policies.Result

// waveLaw: a wave is denied iff its batch's gates deny it at that time. frozen is the batch that
// a freeze is about, from is when it begins; of is the batch that starts, at is when.
func waveLaw(t *testing.T, judge waveJudge, denied *int) gopter.Prop {
	p := inWaves(t)
	return prop.ForAll(func(frozen, of, from, at int) string {
		begins := policiestest.At.Add(time.Duration(from) * time.Minute)
		gates := policies.Gates{policiestest.Gate(t, "all", "action", "deny", policiestest.Always),
			policiestest.Gate(t, "freeze", "batch", "deny", func(in policies.Input) ([]policies.Finding, error) {
				if in.Batch.Wave == frozen && !in.File.Now.Before(begins) {
					return policiestest.Never(in)
				}
				return nil, nil
			})}
		a, report := policies.Review(p, gates, policies.Options{})
		if a.IsZero() {
			return "denied before the freeze: " + report.Text(false)
		}
		got := judge(a, a.File().Batches[of].Index, gates, policiestest.At.Add(time.Duration(at)*time.Minute))
		want := frozen == of && at >= from
		if want {
			*denied++
		}
		if (len(got) > 0) != want {
			return fmt.Sprintf("of batch %d after %d minutes, frozen batch %d after %d: %v", of, at, frozen, from, got)
		}
		return ""
	}, gen.IntRange(0, 2), gen.IntRange(0, 2), gen.IntRange(1, 60), gen.IntRange(0, 60))
}

func TestWavesAreJudgedAsTheyStart(t *testing.T) {
	denied := 0
	algebratest.Law(t, 200)(waveLaw(t, func(a policies.Approved, batch int, gates policies.Gates, now time.Time) []policies.Result {
		return a.Wave(batch, gates, policies.Options{}, now)
	}, &denied))
	if denied < 10 {
		t.Errorf("only %d waves were denied", denied)
	}
}

func TestWaveLawSeesPlantedBugs(t *testing.T) {
	ignored, check := 0, algebratest.Planted(t, 200)
	check("what was approved stays so", waveLaw(t, func(policies.Approved, int, policies.Gates, time.Time) []policies.Result { return nil }, &ignored))
	check("the time is that of the review", waveLaw(t, func(a policies.Approved, batch int, gates policies.Gates, _ time.Time) []policies.Result {
		return a.Wave(batch, gates, policies.Options{}, policiestest.At)
	}, &ignored))
	check("all batches are judged", waveLaw(t, func(a policies.Approved, _ int, gates policies.Gates, now time.Time) []policies.Result {
		var out []policies.Result
		for _, b := range a.File().Batches {
			out = append(out, a.Wave(b.Index, gates, policies.Options{}, now)...)
		}
		return out
	}, &ignored))
}

// TestGatesThatAreNotAtHandDeny: an approval remembers, through its seal too, that gates are to
// judge its waves.
func TestGatesThatAreNotAtHandDeny(t *testing.T) {
	gates := policies.Gates{policiestest.Gate(t, "pace", "batch", "deny", policiestest.Always)}
	for name, gates := range map[string]policies.Gates{"one of scope batch": gates, "none": nil} {
		a, _ := policies.Review(inWaves(t), gates, policies.Options{NoGates: true})
		key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
		text, err := a.Seal(func(m []byte) (string, []byte) { return "ops", ed25519.Sign(key, m) })
		if err != nil {
			t.Fatal(err)
		}
		again, err := policies.Reopen(text, func(string, []byte, []byte) error { return nil },
			func(algebra.Digest) (algebra.Deployment, error) { return algebra.Deployment{}, nil })
		if err != nil {
			t.Fatal(err)
		}
		for from, a := range map[string]policies.Approved{"reviewed": a, "reopened": again} {
			batch := a.File().Batches[0].Index
			if got := a.Wave(batch, nil, policies.Options{}, policiestest.At); (len(got) > 0) != (gates != nil) {
				t.Errorf("%s, reviewed by %s, without gates: %v", from, name, got)
			}
			if got := a.Wave(batch, gates, policies.Options{}, policiestest.At); len(got) > 0 {
				t.Errorf("%s, reviewed by %s, by the same: %v", from, name, got)
			}
		}
	}
}

// TestABriefApprovalLetsNoGateThrough: it has no plan to show to a gate, and says the rest as before.
func TestABriefApprovalLetsNoGateThrough(t *testing.T) {
	pass := policies.Gates{policiestest.Gate(t, "freeze", "batch", "deny", policiestest.Always)}
	for name, gates := range map[string]policies.Gates{"judged by batch": pass, "not judged by batch": nil} {
		a, report := policies.Review(inWaves(t), gates, policies.Options{NoGates: gates == nil})
		if a.IsZero() {
			t.Fatal(report.Text(false))
		}
		b := a.Brief()
		if b.IsZero() || b.Digest() != a.Digest() || len(b.Plan().Changes) > 0 {
			t.Errorf("%s: the brief of %s is %s, with %d changes", name, a.Digest(), b.Digest(), len(b.Plan().Changes))
		}
		for _, c := range a.Plan().Changes {
			if a.Reverses(c.ID) != b.Reverses(c.ID) {
				t.Errorf("%s: %s is reversed: %t, in brief %t", name, c.ID, a.Reverses(c.ID), b.Reverses(c.ID))
			}
		}
		wave := func(a policies.Approved, gates policies.Gates) int {
			return len(a.Wave(0, gates, policies.Options{}, policiestest.At))
		}
		if wave(a, nil) != wave(b, nil) {
			t.Errorf("%s: without gates %d denials, in brief %d", name, wave(a, nil), wave(b, nil))
		}
		if wave(a, pass) != 0 || wave(b, pass) != 1 {
			t.Errorf("%s: a gate that denies nothing: %d denials, in brief %d; want 0 and 1", name, wave(a, pass), wave(b, pass))
		}
	}
}
