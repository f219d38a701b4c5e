package planfile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
)

// cases is how many a law is tried on.
const cases = 300

var request = planfile.Request{User: "ann", Groups: []string{"sre"}, Operation: "plan"}

// written is a situation's plan and its file. Some plans are partial.
func written(s algebratest.Situation) (planner.Plan, algebra.Reality, planfile.File) {
	r := s.Reality()
	p := planner.Make(s.World, r)
	if len(p.Changes)%3 == 1 {
		p = p.Only(p.Roster.Among([]uint32{0}))
	}
	p = p.Whole() // so that slots at rest are in it too
	return p, r, planfile.From(p, r, request, algebratest.Now)
}

// known are all deployments of a situation.
func known(s algebratest.Situation) map[algebra.Digest]algebra.Deployment {
	out := map[algebra.Digest]algebra.Deployment{}
	for digest, d := range s.Specs {
		out[digest] = d
	}
	for _, d := range s.World.Deployments {
		out[d.Digest()] = d.Deployment
	}
	return out
}

// roundLaw: bytes -> File -> Plan -> File -> bytes changes nothing; and without roster and
// deployments the plan reads the same and does the same.
func roundLaw(read func(planner.Plan) planner.Plan, some *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		p, r, f := written(s)
		if len(p.Changes) > 0 && len(p.Registry)+len(p.Blocked) > 0 {
			*some++
		}
		text := f.JSON()
		back, err := planfile.Decode(text)
		if err != nil || !bytes.Equal(back.JSON(), text) {
			return false
		}
		whole, err := back.Plan(p.Roster, known(s))
		if err != nil || !bytes.Equal(planfile.From(read(whole), r, request, algebratest.Now).JSON(), text) {
			return false
		}
		bare, err := back.Plan(nil, nil)
		return err == nil && planner.Text(read(bare), planner.Style{}) == planner.Text(p, planner.Style{})
	}, algebratest.Situations())
}

func TestPlanComesBackFromItsFile(t *testing.T) {
	some := 0
	algebratest.Law(t, cases)(roundLaw(func(p planner.Plan) planner.Plan { return p }, &some))
	if some < cases/5 {
		t.Errorf("changes beside others in %d of %d cases only", some, cases)
	}
}

func TestFileLawsSeeWrongReaders(t *testing.T) {
	ignored := 0
	plant := algebratest.Planted(t, cases)
	plant("no blocks", roundLaw(func(p planner.Plan) planner.Plan { p.Blocked = nil; return p }, &ignored))
	plant("no base", roundLaw(func(p planner.Plan) planner.Plan { p.Base = nil; return p }, &ignored))
	plant("partial", roundLaw(func(p planner.Plan) planner.Plan { p.Partial = true; return p }, &ignored))
	plant("unchecked", tamperLaw(func(text []byte) (planfile.File, error) {
		var f planfile.File
		return f, json.Unmarshal(text, &f)
	}, &ignored))
}

// tamperLaw: a file with another byte in one place is refused, or does what was written.
func tamperLaw(decode func([]byte) (planfile.File, error), refused *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation, seed int64) bool {
		_, _, f := written(s)
		text := f.JSON()
		r := rand.New(rand.NewSource(seed))
		for range 5 {
			changed := bytes.Clone(text)
			changed[r.Intn(len(text))] = byte(' ' + r.Intn(95))
			have, err := decode(changed)
			if errors.Is(err, planfile.ErrTampered) {
				*refused++
			}
			if err == nil && have.Digest() != f.Digest() {
				return false
			}
		}
		return true
	}, algebratest.Situations(), gen.Int64())
}

func TestChangedFileIsRefused(t *testing.T) {
	refused := 0
	algebratest.Law(t, cases)(tamperLaw(planfile.Decode, &refused))
	if refused < cases {
		t.Errorf("%d files refused as tampered with, out of %d", refused, 5*cases)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"kind":"FleetPlan","format_version":"1.0"}`))
	f.Add([]byte(`{"kind":"FleetPlan","format_version":"1.7","x":[1]}`))
	f.Add(planfile.File{Kind: planfile.Kind, FormatVersion: planfile.FormatVersion}.JSON())
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := planfile.Decode(text)
		if err != nil {
			return
		}
		if _, err := file.Plan(nil, nil); err != nil {
			t.Errorf("decoded, and no plan: %v", err)
		}
	})
}

// sealed gives a changed file the digest it has now, as its writer would.
func sealed(t *testing.T, text string) string {
	t.Helper()
	var f planfile.File
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	f.Metadata.Digest = f.Digest().String()
	f.Metadata.Name = "p-" + f.Digest().Short()
	return string(f.JSON())
}

func TestDecodeSaysWhatIsWrong(t *testing.T) {
	plain := string(planfile.File{Kind: planfile.Kind, FormatVersion: "1.0", Complete: true,
		Base: planfile.Base{WorldDigest: algebra.DigestOf(nil).String()}}.JSON())
	change := func(c planfile.Change) string {
		var f planfile.File
		if err := json.Unmarshal([]byte(plain), &f); err != nil {
			t.Fatal(err)
		}
		f.ResourceChanges = []planfile.Change{c}
		return sealed(t, string(f.JSON()))
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "not a plan file"},
		{"no json", "Changes\n  + a/b", "not a plan file"},
		{"other kind", `{"kind":"Pod"}`, `its kind is "Pod", want FleetPlan`},
		{"no version", `{"kind":"FleetPlan"}`, "no version"},
		{"major", `{"kind":"FleetPlan","format_version":"2.0"}`, "reads 1.x"},
		{"unsealed", plain, "changed after it was written"},
		{"renamed", strings.Replace(sealed(t, plain), `"name": "p-`, `"name": "p-x`, 1), "changed after it was written"},
		{"no world", sealed(t, strings.Replace(plain, `"world_digest": "sha256:`, `"world_digest": "md5:`, 1)), "base: digest"},
		{"type", change(planfile.Change{ID: "c1", Type: "service"}), `its type is "service"`},
		{"address", change(planfile.Change{ID: "c1", Type: "deployment", Address: "gw-1"}), "want DEVICE/APP"},
		{"reason", change(planfile.Change{ID: "c1", Type: "deployment", Address: "gw-1/web", ActionReason: "so"}), `unknown reason "so"`},
		{"verbs", change(planfile.Change{ID: "c1", Type: "deployment", Address: "gw-1/web", ActionReason: "stop_because_unassigned",
			Change: planfile.Transition{Actions: []string{"create"}}}), "do not fit"},
	} {
		if _, err := planfile.Decode([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// TestNewerMinorIsRead: a later muster adds keys, and covers them.
func TestNewerMinorIsRead(t *testing.T) {
	body := `"kind":"FleetPlan","format_version":"1.9","complete":true,"base":{"world_digest":"` + algebra.DigestOf(nil).String() + `"},"weather":{"rain":[1, 2]}`
	digest := algebra.DigestOf([]byte("{" + strings.ReplaceAll(body, ", ", ",") + "}"))
	text := `{"metadata":{"name":"p-` + digest.Short() + `","digest":"` + digest.String() + `"},` + body + `}`
	f, err := planfile.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if have, err := f.Recorded(); err != nil || have != digest {
		t.Errorf("recorded %v, want %v", have, digest)
	}
	if _, err := planfile.Decode([]byte(strings.Replace(text, "rain", "snow", 1))); !errors.Is(err, planfile.ErrTampered) {
		t.Errorf("another weather: %v", err)
	}
}
