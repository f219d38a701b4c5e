package operator

import (
	"maps"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
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
