package kube

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/musterfleet/muster/algebra"
)

// heardEvery is how far the statuses of a fleet may lag behind when its devices were heard: as each
// time costs a write, no more than some thirty a second are told in all.
func heardEvery(devices int) time.Duration {
	every := 5 * time.Minute
	for every < time.Duration(devices)*30*time.Millisecond {
		every *= 2 // in steps, lest one device more has the statuses of all written
	}
	return every
}

// heardSaid is when a device was heard, for its status, which says said or nothing: that stays while it
// is not far behind a device that is online.
func heardSaid(said string, heard time.Time, online bool, every time.Duration) string {
	heard = heard.UTC().Truncate(time.Second)
	if before, err := time.Parse(time.RFC3339, said); online && err == nil && !before.After(heard) && heard.Sub(before) < every {
		return said
	}
	return heard.Format(time.RFC3339)
}

// device is the status of a device's object.
func (p *projection) device(o *unstructured.Unstructured) DeviceStatus {
	r := p.view.Reality
	id, _ := algebra.ParseDeviceID(o.GetName())
	record := r.Records[id]
	s := DeviceStatus{}
	if !record.Heard.IsZero() {
		said, _ := statusOf(o)["heard"].(string)
		s.Heard = moment(heardSaid(said, record.Heard, record.Online(r.ObservedAt), heardEvery(r.Roster.Len())))
	}
	i, known := r.Roster.Ordinal(id)
	ok := accepted(o, p.view)
	if !known {
		s.Conditions = stamped(o, r.ObservedAt, ok, metav1.Condition{Type: Ready, Status: metav1.ConditionFalse, Reason: unknown,
			Message: "the registry does not know it yet; a plan that is applied enters it"})
		return s
	}
	d := r.Roster.Device(i)
	s.Lifecycle, s.Labels, s.Facts = record.Lifecycle.String(), d.Labels, d.Facts
	s.Apps = apps(r, i)
	list := []metav1.Condition{heardOf(record, s.Apps, r.ObservedAt)}
	if hasSpec(o) {
		list = append(list, ok)
	}
	s.Conditions = stamped(o, r.ObservedAt, list...)
	return s
}

// apps are the slots of a device that something is published to, or that report something.
func apps(r algebra.Reality, ordinal uint32) (out []AppStatus) {
	by := map[algebra.App]AppStatus{}
	for app, rel := range r.Published.At(ordinal) {
		by[app] = AppStatus{App: app.String(), Published: rel.Version.String()}
	}
	id := r.Roster.ID(ordinal)
	for _, app := range slices.SortedFunc(maps.Keys(by), algebra.App.Compare) {
		s := by[app]
		if state, ok := r.Slots[algebra.Slot{Device: id, App: app}]; ok {
			s.Running, s.Phase, s.Detail, s.Restarts = state.Release.Version.String(), state.Phase.String(), state.Detail, int64(state.Restarts)
		}
		out = append(out, s)
	}
	return out
}

func heardOf(record algebra.Record, apps []AppStatus, now time.Time) metav1.Condition {
	var wrong []string
	for _, a := range apps {
		if a.Phase == algebra.Failed.String() || a.Phase == algebra.Refused.String() {
			wrong = append(wrong, fmt.Sprintf("%s: %s", a.App, a.Detail))
		}
	}
	c := metav1.Condition{Type: Ready, Status: metav1.ConditionFalse}
	switch {
	case record.Lifecycle == algebra.Requested:
		c.Reason, c.Message = notServed, "it waits to be let in: muster device approve ID"
	case !record.Lifecycle.Served():
		c.Reason, c.Message = notServed, "it is "+record.Lifecycle.String()
	case !record.Online(now):
		c.Reason, c.Message = offline, "nothing was heard of it for a while"
	case len(wrong) > 0:
		c.Reason, c.Message = broken, strings.Join(wrong, "; ")
	default:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, online, "it is heard, and nothing on it failed"
	}
	return c
}

func hasField(t reflect.Type, name string) bool {
	_, ok := fieldNamed(t, name)
	return ok
}
