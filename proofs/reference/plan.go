package reference

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/musterfleet/muster/selectors"
)

// Deployment is one version of an app.
type Deployment struct {
	App, Version, Digest string
	// Resources are what it holds of its host; Requires are apps; Takes are the keys that
	// it takes values from.
	Resources, Requires []string
	Takes               []selectors.Key
}

// Release is what fills a slot; the zero Release is none.
type Release struct{ Version, Deployment, Values string }

// Placement is what fills which slot.
type Placement map[Slot]Release

// World is what is declared.
type World struct {
	Names Names
	// Assignments are those that are not abstract.
	Assignments []selectors.Expr
	Deployments map[string]Deployment // by app@version
	Devices     []Document
}

// Document is a Device document: these and no other labels.
type Document struct {
	ID             string
	Labels         map[string]string
	Decommissioned bool
}

// Reality is what is published and reported.
type Reality struct {
	Devices                 []Device
	Revoked, Decommissioned Set
	Published               Placement
	Reports                 map[Slot]Report
	Specs                   []Deployment // of releases that are published
}

// Report is what a device said of a slot.
type Report struct {
	Release          Release
	Refused, Running bool
}

// Plan is what Make finds.
type Plan struct {
	Want     Placement // with every blocked slot as it is
	Actions  []Action
	Blocked  map[Slot]string // the first reason of the list in World.Make
	Relabels Set             // devices whose registry entry changes
	Running  int             // slots that are published as wanted and run
	InFlight map[Slot]bool   // slots that are published as wanted and do not run so
}

// Action changes one slot from Have to Want: a start if Have is zero, a stop if Want is.
type Action struct {
	At         Slot
	Have, Want Release
}

// Diff is the actions from have to want.
func Diff(want, have Placement) []Action {
	var out []Action
	for at, w := range want {
		if w != have[at] {
			out = append(out, Action{at, have[at], w})
		}
	}
	for at, h := range have {
		if _, ok := want[at]; !ok && h != (Release{}) {
			out = append(out, Action{At: at, Have: h})
		}
	}
	return out
}

// Apply does actions one after the other.
func Apply(have Placement, actions ...Action) Placement {
	out := Placement{}
	for at, h := range have {
		out[at] = h
	}
	for _, a := range actions {
		out[a.At] = a.Want
		if a.Want == (Release{}) {
			delete(out, a.At)
		}
	}
	return out
}

// Make is the plan. The reason it gives for a blocked slot is the first of this list that holds
// once all blocks are found: device_revoked, conflict, value_missing, refused_by_device,
// resource_clash, requirement_missing.
func (w World) Make(r Reality) Plan {
	devices, relabels, retired := w.relabel(r)
	plan := Plan{Want: Placement{}, Blocked: map[Slot]string{}, Relabels: relabels, InFlight: map[Slot]bool{}}

	claims := Claims{}
	for _, x := range w.Assignments {
		for c := range w.Names.Claims(x, devices) {
			if !retired[c.Device] {
				claims[c] = true
			}
		}
	}
	winners := Resolve(claims)

	slots := map[Slot]bool{} // all that are claimed or filled
	wanted := map[Slot]Deployment{}
	for at, top := range winners {
		slots[at] = true
		if len(top) == 1 {
			wanted[at] = w.Deployments[top[0].Deployment]
		}
	}
	known := map[string]Deployment{}
	for _, d := range r.Specs {
		known[d.Digest] = d
	}
	for _, d := range w.Deployments {
		known[d.Digest] = d
	}
	for at := range r.Published {
		slots[at] = true
	}
	asked, missing := Placement{}, map[Slot]bool{}
	for at, d := range wanted {
		asked[at], missing[at] = release(d, find(devices, at.Device))
	}

	// why is the reason for which a slot is blocked, given those that are already.
	why := func(at Slot) string {
		d, wants := wanted[at]
		switch {
		case r.Revoked[at.Device]:
			return "device_revoked"
		case len(winners[at]) > 1:
			return "conflict"
		case !wants:
			return ""
		case missing[at]:
			return "value_missing"
		case r.Reports[at].Refused && r.Reports[at].Release == asked[at]:
			return "refused_by_device"
		}
		for other := range slots {
			if other.Device != at.Device || other == at {
				continue
			}
			o, has := wanted[other]
			if has && share(d, o) || plan.Blocked[other] != "" && share(d, known[r.Published[other].Deployment]) {
				return "resource_clash"
			}
		}
		for _, app := range d.Requires {
			need := Slot{at.Device, app}
			if _, has := wanted[need]; !has || plan.Blocked[need] != "" {
				return "requirement_missing"
			}
		}
		return ""
	}
	for before := -1; before < len(plan.Blocked); { // more blocks only ever block more
		before = len(plan.Blocked)
		for at := range slots {
			if reason := why(at); reason != "" {
				plan.Blocked[at] = reason
			}
		}
	}
	for at := range plan.Blocked {
		plan.Blocked[at] = why(at)
	}

	for at := range slots {
		rel := asked[at]
		if plan.Blocked[at] != "" {
			rel = r.Published[at]
		}
		if rel != (Release{}) {
			plan.Want[at] = rel
		}
		if rel == (Release{}) || rel != r.Published[at] || plan.Blocked[at] != "" {
			continue
		}
		if s := r.Reports[at]; s.Running && s.Release == rel {
			plan.Running++
		} else {
			plan.InFlight[at] = true
		}
	}
	plan.Actions = Diff(plan.Want, r.Published)
	return plan
}

// relabel lays the Device documents over the registry.
func (w World) relabel(r Reality) (devices []Device, changed, retired Set) {
	devices, changed, retired = slices.Clone(r.Devices), Set{}, Set{}
	for id := range r.Decommissioned {
		retired[id] = true
	}
	for _, doc := range w.Devices {
		if doc.Decommissioned {
			retired[doc.ID] = true
		}
		i := slices.IndexFunc(devices, func(d Device) bool { return d.ID == doc.ID })
		if i < 0 {
			devices = append(devices, Device{ID: doc.ID, Labels: doc.Labels})
			changed[doc.ID] = true
			continue
		}
		same := len(doc.Labels) == len(devices[i].Labels)
		for k, v := range doc.Labels {
			old, ok := devices[i].Labels[k]
			same = same && ok && old == v
		}
		if gone := r.Decommissioned[doc.ID] || r.Revoked[doc.ID]; !same || doc.Decommissioned && !gone {
			changed[doc.ID] = true
		}
		devices[i].Labels = doc.Labels
	}
	return devices, changed, retired
}

func find(devices []Device, id string) Device {
	i := slices.IndexFunc(devices, func(d Device) bool { return d.ID == id })
	return devices[i]
}

// release is the deployment with the values it takes from the device; missing if it lacks one.
func release(d Deployment, dev Device) (rel Release, missing bool) {
	values := map[string]string{}
	for _, k := range d.Takes {
		v, ok := dev.Value(k)
		if !ok {
			return Release{}, true
		}
		name := "fact:" + k.Name
		if k.Label {
			name = "label:" + k.Name
		}
		values[name] = v
	}
	text, _ := json.Marshal(values) // strings always encode, with their keys in order
	sum := sha256.Sum256(text)
	return Release{d.Version, d.Digest, "sha256:" + hex.EncodeToString(sum[:])}, false
}

func share(a, b Deployment) bool {
	return slices.ContainsFunc(a.Resources, func(r string) bool { return slices.Contains(b.Resources, r) })
}
