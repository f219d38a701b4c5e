package planfile

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// Risk is what people weigh before a plan runs. It is made of the rest of the file, policy
// results among it, and bounds what happens: it foretells nothing.
type Risk struct {
	Disruption Disruption `json:"disruption"`
	// Down has, for each label that groups devices, the group of which the largest share may be
	// down at one time; the fleet, whose key is empty, comes first.
	Down     []DownGroup `json:"down_at_once"`
	Pull     Pull        `json:"pull"`
	Rollback Rollback    `json:"rollback"`
}

// Disruption counts devices with a slot that is stopped or replaced, and these slots. Largest is
// the group of which the largest share is disrupted.
type Disruption struct {
	Devices int        `json:"devices"`
	Of      int        `json:"of"`
	Replace int        `json:"replace"`
	Stop    int        `json:"stop"`
	Largest ShareGroup `json:"largest"`
}

// ShareGroup is the devices with a value of a label; its key is empty where there is none.
type ShareGroup struct {
	Key       string `json:"key"`
	Value     string `json:"value"`
	Devices   int    `json:"devices"`
	Disrupted int    `json:"disrupted"`
}

// DownGroup says of a group how many were down before, how many one wave disrupts at most, and
// how many are down at one time at most.
type DownGroup struct {
	Key        string `json:"key"`
	Value      string `json:"value"`
	Devices    int    `json:"devices"`
	DownBefore int    `json:"down_before"`
	OneWave    int    `json:"one_wave"`
	MaxDown    int    `json:"max_down"`
}

// Pull is what devices fetch of images at most. Bytes is the sum over devices of the sizes that
// are known; Unknown lists the images whose size is not.
type Pull struct {
	Images  int      `json:"images"`
	Pulls   int      `json:"pulls"` // by one device each
	Bytes   int64    `json:"bytes"`
	Unknown []string `json:"unknown"`
}

// Rollback says whether all that the plan does may be undone, and of how many changes it may not.
type Rollback struct {
	Available bool     `json:"available"`
	Changes   int      `json:"changes"`
	Kept      int      `json:"kept"`
	Why       []string `json:"why"`
}

// mostWhys is how many reasons are told.
const mostWhys = 3

// Weighed is the risk as the rest of the file has it.
func (f File) Weighed() Risk {
	r := Risk{Disruption: f.disruption(), Down: []DownGroup{downGroup("", "", f.Aggregates.Fleet)},
		Pull: Pull{Images: len(f.Images), Unknown: []string{}}}
	for _, key := range f.grouping() {
		value, g := f.worst(key, func(g Group) int { return g.MaxDown })
		if g.MaxDown > 0 {
			r.Down = append(r.Down, downGroup(key, value, g))
		}
	}
	for _, i := range f.Images {
		r.Pull.Pulls += i.Devices
		r.Pull.Bytes += i.Size * int64(i.Devices)
		if !i.SizeKnown {
			r.Pull.Unknown = append(r.Pull.Unknown, i.Image)
		}
	}
	r.Rollback = f.rollback()
	return r
}

func downGroup(key, value string, g Group) DownGroup {
	return DownGroup{key, value, g.Devices, g.DownBefore, g.MaxConcurrent, g.MaxDown}
}

// grouping is the labels by which devices are counted: those of budgets, and the site.
func (f File) grouping() []string {
	keys := map[string]bool{}
	if _, ok := f.Aggregates.ByLabel["site"]; ok {
		keys["site"] = true
	}
	for _, r := range f.Rollouts {
		key, err := selectors.ParseKey(r.Budget.By)
		if _, known := f.Aggregates.ByLabel[key.Name]; err == nil && key.Label && known {
			keys[key.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// worst is the group of a label that has the largest share of something; of equal ones the
// larger, then the first.
func (f File) worst(key string, of func(Group) int) (value string, worst Group) {
	groups := f.Aggregates.ByLabel[key]
	for _, v := range slices.Sorted(maps.Keys(groups)) {
		g := groups[v]
		if cmp.Or(cmp.Compare(of(g)*max(worst.Devices, 1), of(worst)*max(g.Devices, 1)), cmp.Compare(of(g), of(worst))) > 0 {
			value, worst = v, g
		}
	}
	return value, worst
}

func (f File) disruption() Disruption {
	d := Disruption{Devices: f.Aggregates.Fleet.Disrupted, Of: f.Aggregates.Fleet.Devices, Replace: f.Summary.Replace, Stop: f.Summary.Delete}
	for _, key := range f.grouping() {
		value, g := f.worst(key, func(g Group) int { return g.Disrupted })
		if g.Disrupted*max(d.Largest.Devices, 1) > d.Largest.Disrupted*max(g.Devices, 1) {
			d.Largest = ShareGroup{key, value, g.Devices, g.Disrupted}
		}
	}
	return d
}

func (f File) rollback() Rollback {
	r := Rollback{Changes: f.Summary.Create + f.Summary.Replace + f.Summary.Delete, Why: []string{}}
	for _, c := range f.ResourceChanges {
		if c.Type == "device" && slices.Equal(c.Change.Actions, []string{"create"}) {
			r.Changes-- // the registry is not rolled back
		}
	}
	kept := map[string]bool{}
	for _, p := range f.PolicyResults {
		if !p.Inverse || p.Waiver != "" {
			continue
		}
		kept[p.ChangeID] = true
		if why := p.Rule + ": " + strings.TrimPrefix(p.Msg, "its rollback is denied: "); !slices.Contains(r.Why, why) {
			r.Why = append(r.Why, why)
		}
	}
	slices.Sort(r.Why)
	r.Kept = len(kept)
	r.Available = r.Kept == 0
	return r
}
