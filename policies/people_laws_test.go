package policies_test

import (
	"crypto/ed25519"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

// reachHolds compares the changes that a review finds out of reach with those that are.
func reachHolds(t *testing.T, review func(policies.Proposal) policies.Report, out *int) bool {
	p := pt.Upgrade(t)
	law := prop.ForAll(func(mask uint16, limited bool) string {
		var within []string
		devices := p.Reality.Roster.None()
		for i := range uint32(p.Reality.Roster.Len()) {
			if mask>>(i%16)&1 == 1 {
				devices = devices.Union(only(p.Reality.Roster, i))
				within = append(within, p.Reality.Roster.ID(i).String())
			}
		}
		reach := policies.Reach{Who: "ana", On: []string{"@some"}, Devices: devices, Limited: limited}
		asked := p
		asked.Reach = reach
		report := review(asked)
		var have, want []string
		for _, r := range report.Results {
			if r.Rule == "muster/reach" && r.Level == policies.Deny {
				have = append(have, r.ChangeID)
			}
		}
		for _, c := range report.File.ResourceChanges {
			if limited && !slices.Contains(within, c.Device.ID) {
				want = append(want, c.ID)
			}
		}
		*out += len(want)
		slices.Sort(have)
		slices.Sort(want)
		if !slices.Equal(have, want) {
			return fmt.Sprintf("out of reach are %v, and found %v", want, have)
		}
		return ""
	}, gen.UInt16(), gen.Bool())
	return law.Check(parameters()).Passed()
}

func only(r *algebra.Roster, ordinal uint32) algebra.Fleet {
	f, _ := r.Fleet(slices.Values([]algebra.DeviceID{r.ID(ordinal)}))
	return f
}

func TestReach(t *testing.T) {
	out := 0
	if !reachHolds(t, func(p policies.Proposal) policies.Report {
		_, r := policies.Review(p, nil, policies.Options{NoGates: true})
		return r
	}, &out) {
		t.Error("a change out of reach passes, or one within does not")
	}
	if out < runs {
		t.Errorf("%d changes out of reach in %d runs: the law was hardly tried", out, runs)
	}
}

func TestReachCatchesPlantedBugs(t *testing.T) {
	bugs := map[string]func(*policies.Reach, *algebra.Roster){
		"nobody is limited":           func(r *policies.Reach, _ *algebra.Roster) { r.Limited = false },
		"who has nothing may all":     func(r *policies.Reach, _ *algebra.Roster) { r.Limited = r.Limited && !r.Devices.IsEmpty() },
		"the first device is for all": func(r *policies.Reach, roster *algebra.Roster) { r.Devices = r.Devices.Union(only(roster, 0)) },
	}
	for name, bug := range bugs {
		n := 0
		if reachHolds(t, func(p policies.Proposal) policies.Report {
			bug(&p.Reach, p.Reality.Roster)
			_, r := policies.Review(p, nil, policies.Options{NoGates: true})
			return r
		}, &n) {
			t.Errorf("not seen: %s", name)
		}
	}
}

// approvers is policies.Approvers, or a broken one.
type approvers func(planfile.File, []ed25519.PublicKey) ([]string, []error)

// word is one thing that happens to a plan: somebody approves it by a key, or writes another name
// over an approval, or the plan becomes another.
type word struct{ what, key, name int }

func approvalsHold(t *testing.T, count approvers, counted *int) bool {
	_, report := policies.Review(pt.Upgrade(t), nil, policies.Options{NoGates: true})
	var keys []ed25519.PrivateKey
	var trusted []ed25519.PublicKey
	for i := range 4 {
		keys = append(keys, ed25519.NewKeyFromSeed(slices.Repeat([]byte{byte(i + 1)}, 32)))
		if i > 0 { // the first is not trusted
			trusted = append(trusted, keys[i].Public().(ed25519.PublicKey))
		}
	}
	law := prop.ForAll(func(whats, ks, names []int) string {
		f := report.File
		f.Summary.Create = report.File.Summary.Create
		model := map[int]string{} // the names that count, by key
		for i := range min(len(whats), len(ks), len(names)) {
			w := word{whats[i], ks[i], names[i]}
			name := fmt.Sprint("p", w.name)
			switch {
			case w.what < 7:
				policies.Approve(&f, identity.Principal{}, name, keys[w.key], pt.At)
				if delete(model, w.key); w.key > 0 {
					model[w.key] = name
				}
			case w.what == 7:
				f.Summary.Create++ // another plan: no word is for it
				clear(model)
			default:
				f.Approvals = slices.Clone(f.Approvals)
				for j := range f.Approvals {
					if f.Approvals[j].Name == name {
						f.Approvals[j].Name = "eve"
					}
				}
				maps.DeleteFunc(model, func(_ int, n string) bool { return n == name })
			}
		}
		want := slices.Sorted(maps.Values(model))
		want = slices.Compact(want)
		have, problems := count(f, trusted)
		*counted += len(have)
		if !slices.Equal(have, want) {
			return fmt.Sprintf("%v count, want %v (%v)", have, want, problems)
		}
		return ""
	}, gen.SliceOfN(6, gen.IntRange(0, 8)), gen.SliceOfN(6, gen.IntRange(0, 3)), gen.SliceOfN(6, gen.IntRange(0, 2)))
	result := law.Check(parameters())
	if !result.Passed() {
		t.Logf("%v %v", result.Labels, result.Args)
	}
	return result.Passed()
}

func TestApprovalsCount(t *testing.T) {
	n := 0
	if !approvalsHold(t, policies.Approvers, &n) {
		t.Error("an approval counts that should not, or one does not that should")
	}
	if n < runs {
		t.Errorf("%d approvals counted in %d runs: the law was hardly tried", n, runs)
	}
}

func TestApprovalsCatchPlantedBugs(t *testing.T) {
	bugs := map[string]approvers{
		"names are believed": func(f planfile.File, _ []ed25519.PublicKey) (names []string, _ []error) {
			for _, a := range f.Approvals {
				names = append(names, a.Name)
			}
			slices.Sort(names)
			return slices.Compact(names), nil
		},
		"any key counts": func(f planfile.File, trusted []ed25519.PublicKey) ([]string, []error) {
			return policies.Approvers(f, append(trusted, ed25519.NewKeyFromSeed(slices.Repeat([]byte{1}, 32)).Public().(ed25519.PublicKey)))
		},
		"the last word is lost": func(f planfile.File, trusted []ed25519.PublicKey) ([]string, []error) {
			f.Approvals = f.Approvals[:max(0, len(f.Approvals)-1)]
			return policies.Approvers(f, trusted)
		},
	}
	for name, bug := range bugs {
		n := 0
		if approvalsHold(t, bug, &n) {
			t.Errorf("not seen: %s", name)
		}
	}
}
