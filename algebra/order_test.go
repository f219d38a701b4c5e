package algebra_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
)

// orderLaw: documents and devices in another order make the same World and the same roster.
func orderLaw(digest func(algebra.World) algebra.Digest, moved *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		o := s.Shuffled(int64(len(s.Published)))
		if !slices.EqualFunc(s.Devices, o.Devices, func(x, y algebra.Device) bool { return x.ID == y.ID }) {
			*moved++
		}
		x, y := s.Reality().Roster, o.Reality().Roster
		return digest(s.World) == digest(o.World) &&
			slices.EqualFunc(slices.Collect(x.Devices()), slices.Collect(y.Devices()), sameDevice) &&
			slices.Equal(x.Keys(), y.Keys())
	}, algebratest.Situations())
}

func sameDevice(x, y algebra.Device) bool {
	return x.ID == y.ID && maps.Equal(x.Labels, y.Labels) && maps.Equal(x.Facts, y.Facts)
}

func TestOrderOfDocumentsAndDevicesDoesNotMatter(t *testing.T) {
	moved := 0
	algebratest.Law(t, cases)(orderLaw(algebra.World.Digest, &moved))
	if moved < cases/5 {
		t.Errorf("%d of %d cases were in another order", moved, cases)
	}
}

func TestOrderLawSeesAnOrder(t *testing.T) {
	n := 0
	algebratest.Planted(t, planted)("the first assignment counts", orderLaw(func(w algebra.World) algebra.Digest {
		return algebra.DigestOf([]byte(w.Assignments[0].Name))
	}, &n))
}

// TestDigestSeesEveryPart changes one thing a World says at a time.
func TestDigestSeesEveryPart(t *testing.T) {
	algebratest.Law(t, planted)(prop.ForAll(func(s algebratest.Situation) bool {
		seen := map[algebra.Digest]bool{s.World.Digest(): true}
		differs := func(w algebra.World) bool {
			d := w.Digest()
			fresh := !seen[d]
			seen[d] = true
			return fresh
		}
		for i := range s.World.Assignments {
			w := s.World
			w.Assignments = slices.Clone(w.Assignments)
			w.Assignments[i].Abstract = !w.Assignments[i].Abstract
			if !differs(w) {
				return false
			}
		}
		for i := range s.World.Deployments {
			w := s.World
			w.Deployments = slices.Delete(slices.Clone(w.Deployments), i, i+1)
			if !differs(w) {
				return false
			}
		}
		for i := range s.World.Devices {
			w := s.World
			w.Devices = slices.Clone(w.Devices)
			w.Devices[i].Labels = map[string]string{"new": w.Devices[i].ID.String()}
			if !differs(w) {
				return false
			}
		}
		w := s.World
		w.NoGates = true
		return differs(w)
	}, algebratest.Situations()))
}

// relabel is World.Relabel or a wrong variant.
type relabel func(algebra.World, *algebra.Roster) (*algebra.Roster, []algebra.Relabelling)

// relabelLaw: documents give their devices exactly their labels, facts stay, devices without a
// document stay as they are, each change is told with what was before, and to lay the documents
// on once more changes no label.
func relabelLaw(lay relabel, added *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		s = s.Shuffled(1)
		before := s.Reality().Roster
		after, changes := lay(s.World, before)
		told := map[algebra.DeviceID]algebra.Relabelling{}
		for i, c := range changes {
			told[c.Device] = c
			if i > 0 && changes[i-1].Device.Compare(c.Device) >= 0 {
				return false
			}
		}
		docs := map[algebra.DeviceID]algebra.DeclaredDevice{}
		for _, d := range s.World.Devices {
			docs[d.ID] = d
		}
		for d := range after.Devices() {
			doc, declared := docs[d.ID]
			old, known := algebra.Device{ID: d.ID, Labels: map[string]string{}, Facts: map[string]string{}}, false
			if i, ok := before.Ordinal(d.ID); ok {
				old, known = before.Device(i), true
			}
			want := old
			if declared {
				want.Labels = doc.Labels
			}
			c, isTold := told[d.ID]
			news := declared && (!known || doc.Decommissioned || !maps.Equal(old.Labels, doc.Labels))
			if !known {
				*added++
			}
			if !sameDevice(d, want) || !known && !declared || news != isTold ||
				isTold && (!maps.Equal(c.After, d.Labels) || known != (c.Before != nil) || !maps.Equal(c.Before, old.Labels)) {
				return false
			}
			delete(docs, d.ID)
		}
		again, more := lay(s.World, after)
		for _, c := range more {
			if !c.Decommissioned || !c.SameLabels() {
				return false
			}
		}
		return len(docs) == 0 && again.Len() == after.Len() && after.Len() >= before.Len()
	}, algebratest.Situations())
}

func TestRelabelLaysDocumentsOverTheRoster(t *testing.T) {
	added := 0
	algebratest.Law(t, cases)(relabelLaw(algebra.World.Relabel, &added))
	if added < cases/20 {
		t.Errorf("%d devices added in %d cases", added, cases)
	}
}

func TestRelabelLawSeesWrongLaying(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	check("labels are merged", relabelLaw(func(w algebra.World, r *algebra.Roster) (*algebra.Roster, []algebra.Relabelling) {
		w.Devices = slices.Clone(w.Devices)
		for i, d := range w.Devices {
			if ord, ok := r.Ordinal(d.ID); ok {
				merged := r.Device(ord).Labels
				maps.Copy(merged, d.Labels)
				w.Devices[i].Labels = merged
			}
		}
		return w.Relabel(r)
	}, &n))
	check("nothing is told", relabelLaw(func(w algebra.World, r *algebra.Roster) (*algebra.Roster, []algebra.Relabelling) {
		after, _ := w.Relabel(r)
		return after, nil
	}, &n))
}
