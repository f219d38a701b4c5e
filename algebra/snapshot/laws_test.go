package snapshot_test

import (
	"bytes"
	"io"
	"maps"
	"testing"
	"time"

	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/leanovate/gopter"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/algebra/snapshot"
)

// reader is snapshot.Read or a wrong variant.
type reader func(io.Reader) (algebra.Reality, error)

func written(r algebra.Reality) []byte {
	var b bytes.Buffer
	if err := snapshot.Write(&b, r); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func readLaw(read reader, slots *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation, r *algebra.Roster, seed int64) bool {
		before := s.Reality()
		file := written(before)
		after, err := read(bytes.NewReader(file))
		other := algebra.NewReality(r, time.Time{})
		bare, bareErr := read(bytes.NewReader(written(other)))
		*slots += len(after.Slots)
		return err == nil && sameReality(before, after) && bytes.Equal(file, written(after)) &&
			bareErr == nil && sameReality(other, bare) && bytes.Equal(file, written(s.Shuffled(seed).Reality()))
	}, algebratest.Situations(), algebratest.ArbitraryRosters(), gen.Int64())
}

func sameReality(a, b algebra.Reality) bool {
	if !a.ObservedAt.Equal(b.ObservedAt) || a.Roster.Len() != b.Roster.Len() || !a.Published.On(b.Roster).Equal(b.Published) {
		return false
	}
	for i := range uint32(a.Roster.Len()) {
		x, y := a.Roster.Device(i), b.Roster.Device(i)
		if x.ID != y.ID || !maps.Equal(x.Labels, y.Labels) || !maps.Equal(x.Facts, y.Facts) {
			return false
		}
	}
	sameDigest := func(x, y algebra.Deployment) bool { return x.Digest() == y.Digest() }
	sameState := func(x, y algebra.SlotState) bool {
		since := x.Since.Equal(y.Since)
		x.Since, y.Since = time.Time{}, time.Time{}
		return since && x == y
	}
	sameRecord := func(x, y algebra.Record) bool {
		heard := x.Heard.Equal(y.Heard)
		x.Heard, y.Heard = time.Time{}, time.Time{}
		return heard && x == y
	}
	return maps.EqualFunc(a.Records, b.Records, sameRecord) && maps.EqualFunc(a.Slots, b.Slots, sameState) && maps.EqualFunc(a.Specs, b.Specs, sameDigest)
}

func TestReadGivesWhatWasWritten(t *testing.T) {
	slots := 0
	algebratest.Law(t, 300)(readLaw(snapshot.Read, &slots))
	if slots < 300 {
		t.Errorf("%d slots in 300 cases", slots)
	}
}

func TestReadGivesWhatWasWrittenSeesALostPart(t *testing.T) {
	n := 0
	for name, lose := range map[string]func(*algebra.Reality){
		"the time": func(r *algebra.Reality) { r.ObservedAt = r.ObservedAt.Add(time.Nanosecond) },
		"a slot's phase": func(r *algebra.Reality) {
			for at, s := range r.Slots {
				s.Phase = algebra.Pulling
				r.Slots[at] = s
			}
		},
		"records":        func(r *algebra.Reality) { clear(r.Records) },
		"specs":          func(r *algebra.Reality) { clear(r.Specs) },
		"what is placed": func(r *algebra.Reality) { r.Published = algebra.NewPlacing(r.Roster).Placement() },
		"labels": func(r *algebra.Reality) {
			var list []algebra.Device
			for d := range r.Roster.Devices() {
				list = append(list, algebra.Device{ID: d.ID, Facts: d.Facts})
			}
			r.Roster = algebratest.MustRoster(list)
			r.Published = r.Published.On(r.Roster)
		},
	} {
		algebratest.Planted(t, 300)(name, readLaw(func(from io.Reader) (algebra.Reality, error) {
			r, err := snapshot.Read(from)
			if err == nil {
				lose(&r)
			}
			return r, err
		}, &n))
	}
}

// damage is what happens to files, by three dice.
func damageLaw(read reader) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation, at uint32, flip uint8) bool {
		file := written(s.Reality())
		i := int(at % uint32(len(file)))
		_, cut := read(bytes.NewReader(file[:i]))
		_, more := read(bytes.NewReader(append(bytes.Clone(file), flip)))
		changed := bytes.Clone(file)
		changed[i] ^= max(flip, 1)
		_, wrong := read(bytes.NewReader(changed))
		return cut != nil && more != nil && wrong != nil
	}, algebratest.Situations(), gen.UInt32(), gen.UInt8())
}

func TestDamageIsRefused(t *testing.T) { algebratest.Law(t, 1000)(damageLaw(snapshot.Read)) }

func TestDamageIsRefusedSeesATrustfulReader(t *testing.T) {
	check := algebratest.Planted(t, 300)
	check("what follows is not looked at", damageLaw(func(from io.Reader) (algebra.Reality, error) {
		file, _ := io.ReadAll(from)
		r, err := snapshot.Read(bytes.NewReader(file))
		if err != nil {
			r, err = snapshot.Read(bytes.NewReader(file[:max(0, len(file)-1)]))
		}
		return r, err
	}))
	check("damage is forgiven", damageLaw(func(from io.Reader) (algebra.Reality, error) {
		r, err := snapshot.Read(from)
		if err != nil && len(err.Error()) > 0 && bytes.Contains([]byte(err.Error()), []byte("checksum")) {
			return r, nil
		}
		return r, err
	}))
}
