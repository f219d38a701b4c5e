package algebratest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/leanovate/gopter"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

// Crowds makes rosters of up to some hundred devices, in which some keys have few devices a
// value (serial, slots) and some have many (ring, site): an index keeps them in different ways.
func Crowds() gopter.Gen {
	return throw(func(p *gopter.GenParameters) *algebra.Roster { return MustRoster(crowd(p)) })
}

// CrowdVocabulary is what expressions about crowds speak of.
func CrowdVocabulary() selectorstest.Vocabulary {
	v := Vocabulary()
	v.Nodes = []string{"edge000", "edge001", "edge017", "gw7"}
	v.Labels["serial"] = []string{"s1", "s2", "s3", "s250", "s900"}
	v.Labels["slots"] = []string{"0", "1", "17", "18", "1000"}
	return v
}

func crowd(p *gopter.GenParameters) []algebra.Device {
	var list []algebra.Device
	for i := range p.Rng.Intn(pick(p.Rng, []int{3, 40, 400})) {
		if p.Rng.Intn(8) > 0 {
			list = append(list, crowded(p, i))
		}
	}
	return list
}

func crowded(p *gopter.GenParameters, i int) algebra.Device {
	d := device(p, fmt.Sprintf("edge%03d", i))
	d.Labels["serial"] = fmt.Sprint("s", i)
	if p.Rng.Intn(4) > 0 {
		d.Labels["slots"] = strconv.Itoa(p.Rng.Intn(1 + p.Rng.Intn(40)))
	}
	if i%3 == 0 {
		delete(d.Labels, "site")
	}
	return d
}

// History is devices and what becomes of them.
type History struct {
	Devices []algebra.Device
	Deltas  []algebra.Delta
}

// Histories makes crowds and three deltas each: devices that come, change and go, some of
// which were never there.
func Histories() gopter.Gen {
	return throw(func(p *gopter.GenParameters) History {
		h := History{Devices: crowd(p)}
		for range 3 {
			h.Deltas = append(h.Deltas, delta(p, h.Devices))
		}
		return h
	})
}

func delta(p *gopter.GenParameters, known []algebra.Device) algebra.Delta {
	put, gone := map[string]algebra.Device{}, map[string]bool{}
	stays := p.Rng.Intn(3) > 0 && len(known) > 0          // in two of three deltas no device comes or goes
	for range p.Rng.Intn(pick(p.Rng, []int{6, 6, 120})) { // few changes are patched in, many are not
		dev := crowded(p, p.Rng.Intn(500))
		switch {
		case stays:
			dev = relabelled(p, pick(p.Rng, known))
		case p.Rng.Intn(2) == 0:
			gone[dev.ID.String()] = true
			delete(put, dev.ID.String())
			continue
		}
		put[dev.ID.String()] = dev
		delete(gone, dev.ID.String())
	}
	var d algebra.Delta
	for _, id := range slices.Sorted(maps.Keys(put)) {
		d.Put = append(d.Put, put[id])
	}
	for _, id := range slices.Sorted(maps.Keys(gone)) {
		d.Remove = append(d.Remove, algebra.MustDeviceID(id))
	}
	return d
}

func relabelled(p *gopter.GenParameters, d algebra.Device) algebra.Device {
	d.Labels = maps.Clone(d.Labels)
	d.Labels["ring"] = pick(p.Rng, []string{"0", "1", "2", "new"})
	if p.Rng.Intn(3) == 0 {
		delete(d.Labels, pick(p.Rng, []string{"serial", "slots", "site"}))
	}
	return d
}
