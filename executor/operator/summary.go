package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/operator/rota"
)

// Summary is how a part of the fleet stands: what status shows, in little, and cheap to read
// however many devices there are.
type Summary struct {
	// World is what was declared, At when the summary was last another.
	World   algebra.Digest `json:"world,omitzero"`
	At      time.Time      `json:"at,omitzero"`
	Devices int            `json:"devices"`
	Online  int            `json:"online"`
	// Pending devices differ from what is declared; on Blocked ones something is left alone.
	Pending     int               `json:"pending"`
	Blocked     int               `json:"blocked"`
	Deployments []DeploymentCount `json:"deployments"`
	Fleets      []FleetCount      `json:"fleets"`
}

// DeploymentCount is how a deployment stands on the devices it is published to. Silent ones have
// not said anything of it. LastError is that of the device that failed last.
type DeploymentCount struct {
	Deployment string    `json:"deployment"`
	Published  int       `json:"published"`
	Running    int       `json:"running"`
	Underway   int       `json:"underway"`
	Failed     int       `json:"failed"`
	Silent     int       `json:"silent"`
	LastError  string    `json:"lastError,omitempty"`
	FailedAt   time.Time `json:"failedAt,omitzero"`
}

// FleetCount is how the devices of a fleet of the World stand. A healthy device is online and runs
// all that is published to it.
type FleetCount struct {
	Fleet   string `json:"fleet"`
	Devices int    `json:"devices"`
	Online  int    `json:"online"`
	Healthy int    `json:"healthy"`
	Failed  int    `json:"failed"`
	Pending int    `json:"pending"`
	Blocked int    `json:"blocked"`
}

// Count counts one device's slot with this release published.
func (c *DeploymentCount) Count(want algebra.Release, have algebra.SlotState) {
	c.Published++
	switch have.Phase {
	case algebra.Running, algebra.Completed:
		if have.Release == want {
			c.Running++
		} else {
			c.Underway++ // still the one before
		}
	case algebra.Pending, algebra.Pulling, algebra.Starting, algebra.Stopping:
		c.Underway++
	case algebra.Failed, algebra.Refused:
		c.Failed++
		if c.LastError == "" || have.Since.After(c.FailedAt) {
			c.LastError, c.FailedAt = have.Detail, have.Since
		}
	default:
		c.Silent++
	}
}

// Sum is the summary of all parts together.
func Sum(parts ...Summary) Summary {
	var out Summary
	deployments, fleets := map[string]*DeploymentCount{}, map[string]*FleetCount{}
	for _, p := range parts {
		out.Devices, out.Online = out.Devices+p.Devices, out.Online+p.Online
		out.Pending, out.Blocked = out.Pending+p.Pending, out.Blocked+p.Blocked
		if p.At.After(out.At) {
			out.World, out.At = p.World, p.At
		}
		for _, d := range p.Deployments {
			s := at(deployments, d.Deployment)
			s.Deployment = d.Deployment
			s.Published, s.Running, s.Underway = s.Published+d.Published, s.Running+d.Running, s.Underway+d.Underway
			s.Failed, s.Silent = s.Failed+d.Failed, s.Silent+d.Silent
			if d.LastError != "" && (s.LastError == "" || d.FailedAt.After(s.FailedAt)) {
				s.LastError, s.FailedAt = d.LastError, d.FailedAt
			}
		}
		for _, f := range p.Fleets {
			s := at(fleets, f.Fleet)
			s.Fleet = f.Fleet
			s.Devices, s.Online, s.Healthy = s.Devices+f.Devices, s.Online+f.Online, s.Healthy+f.Healthy
			s.Failed, s.Pending, s.Blocked = s.Failed+f.Failed, s.Pending+f.Pending, s.Blocked+f.Blocked
		}
	}
	out.Deployments, out.Fleets = sorted(deployments), sorted(fleets)
	return out
}

func at[T any](m map[string]*T, name string) *T {
	if m[name] == nil {
		m[name] = new(T)
	}
	return m[name]
}

func sorted[T any](m map[string]*T) []T {
	out := make([]T, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, *m[name])
	}
	return out
}

// summarize counts the devices of each shard of these. It costs time in proportion to the fleet.
func (l *loop) summarize(shards [rota.Shards]bool) [rota.Shards]Summary {
	live, now := l.mirror.Live, l.Now()
	r := live.Reality()
	w := live.World()
	roster, _ := w.Relabel(r.Roster)
	w.Assignments = nil // only fleets are asked for
	demand := w.On(r.Of(roster))
	type members struct {
		name string
		algebra.Fleet
	}
	var named []members
	for _, def := range w.Fleets {
		named = append(named, members{def.Name, demand.Fleet(def.Expr)})
	}
	var out [rota.Shards]Summary
	deployments := [rota.Shards]map[string]*DeploymentCount{}
	fleets := [rota.Shards]map[string]*FleetCount{}
	digest := w.Digest()
	for n := range out {
		out[n].World = digest
		deployments[n], fleets[n] = map[string]*DeploymentCount{}, map[string]*FleetCount{}
		for _, f := range named {
			at(fleets[n], f.name).Fleet = f.name
		}
	}
	names := map[algebra.App]map[algebra.Version]string{}
	for i := range uint32(r.Roster.Len()) {
		id := r.Roster.ID(i)
		n := rota.ShardOf(id.String())
		if !shards[n] {
			continue
		}
		here := FleetCount{Devices: 1}
		if r.Records[id].Online(now) {
			here.Online = 1
		}
		healthy := here.Online == 1
		for app, rel := range r.Published.At(i) {
			have := r.Slots[algebra.Slot{Device: id, App: app}]
			c := at(deployments[n], nameOf(names, app, rel.Version))
			failed := c.Failed
			c.Count(rel, have)
			if c.Failed > failed {
				here.Failed = 1
			}
			healthy = healthy && have.Release == rel && (have.Phase == algebra.Running || have.Phase == algebra.Completed)
		}
		if healthy {
			here.Healthy = 1
		}
		if l.pending[id] {
			here.Pending = 1
		}
		if len(live.Part(id).Blocked) > 0 {
			here.Blocked = 1
		}
		s := &out[n]
		s.Devices, s.Online, s.Pending, s.Blocked = s.Devices+1, s.Online+here.Online, s.Pending+here.Pending, s.Blocked+here.Blocked
		ordinal, known := roster.Ordinal(id)
		for _, f := range named {
			if known && f.Contains(ordinal) {
				fleets[n][f.name].add(here)
			}
		}
	}
	for n := range out {
		for name, c := range deployments[n] {
			c.Deployment = name
		}
		out[n].Deployments, out[n].Fleets = sorted(deployments[n]), sorted(fleets[n])
	}
	return out
}

func (c *FleetCount) add(o FleetCount) {
	c.Devices, c.Online, c.Healthy = c.Devices+o.Devices, c.Online+o.Online, c.Healthy+o.Healthy
	c.Failed, c.Pending, c.Blocked = c.Failed+o.Failed, c.Pending+o.Pending, c.Blocked+o.Blocked
}

// nameOf is app@version, made once.
func nameOf(names map[algebra.App]map[algebra.Version]string, app algebra.App, v algebra.Version) string {
	if names[app] == nil {
		names[app] = map[algebra.Version]string{}
	}
	name, ok := names[app][v]
	if !ok {
		name = algebra.DeploymentRef{App: app, Version: v}.String()
		names[app][v] = name
	}
	return name
}

// StatusKey is under which it is published how the one that leads stands.
const StatusKey = "operator"

// SummaryPrefix begins the keys of summaries.
const SummaryPrefix = "shard-"

// SummaryKey is that of the summary of a shard.
func SummaryKey(shard int) string { return fmt.Sprintf(SummaryPrefix+"%02d", shard) }

// How often summaries are looked at: where something changed, and for the devices that fell silent.
const (
	summaryEvery = 5 * time.Second
	summaryIdle  = 30 * time.Second
)

// publishSummaries writes the summaries of this replica's shards that are others than before.
func (l *loop) publishSummaries(ctx context.Context) {
	now := l.Now()
	idle := !l.changed && now.Before(l.summarized.Add(summaryIdle))
	if l.Publish == nil || l.Mode == DryRun || now.Before(l.summaryDue) || idle || l.held.Shards == [rota.Shards]bool{} {
		return
	}
	began := time.Now()
	all := l.summarize(l.held.Shards)
	took := time.Since(began)
	l.changed, l.summarized, l.summaryDue = false, now, now.Add(max(cmp.Or(l.SummaryEvery, summaryEvery), 20*took))
	for n, s := range all {
		if !l.held.Shards[n] {
			l.last[n] = ""
			continue
		}
		text := encoded(s)
		if text == l.last[n] {
			continue
		}
		s.At = now.UTC().Truncate(time.Second)
		if l.put(ctx, SummaryKey(n), s) {
			l.last[n] = text
		}
	}
}

// put publishes something of this operator; what fails is done again with the next look at it.
func (l *loop) put(ctx context.Context, key string, v any) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	err := l.Publish(ctx, key, []byte(encoded(v)))
	if err != nil {
		l.Log.Debug("a summary is not published", "key", key, "error", err)
		l.changed = true
	}
	return err == nil
}

// publishStatus writes how the one that leads stands, if that is new.
func (l *loop) publishStatus(ctx context.Context) {
	if l.Publish == nil || l.Mode == DryRun || !l.held.Lead {
		return
	}
	told := Told{Status: l.Status(), By: l.Applier.By, Holder: l.Applier.Holder}
	if told != l.told && l.put(ctx, StatusKey, told) {
		l.told = told
	}
}

// Told is a status as it is published, and whose it is.
type Told struct {
	Status
	By     string `json:"by"`
	Holder string `json:"holder"`
}

func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("operator: " + err.Error()) // texts, numbers and times always encode
	}
	return string(text)
}
