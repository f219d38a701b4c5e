package simulate

import (
	"maps"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/rollout"
)

// longest is how long a play may last by its own clock.
const longest = 90 * 24 * time.Hour

// mostApprovals is how often a held run is let go on, where that is asked for.
const mostApprovals = 24

// Play plays a run of the script from a scene on. Watch, if not nil, is told of each step
// before its effects.
func Play(s rollout.Script, scene rollout.Scene, m Model, watch func(rollout.Moment)) Story {
	p := &play{script: s, model: m, scene: scene, began: scene.At, most: map[string]int{}}
	p.scene.Devices = maps.Clone(scene.Devices)
	p.run = s.Begin("simulated", algebra.DigestOf(nil), algebra.Digest{}, "simulate", scene.At)
	approved := 0
	for {
		p.measure()
		before := p.run
		run, effects := s.Step(p.run, rollout.Seen{View: rollout.Survey(s, p.run, p.scene)})
		if watch != nil {
			watch(rollout.Moment{Scene: rollout.Scene{At: p.scene.At, Devices: maps.Clone(p.scene.Devices), Zone: p.scene.Zone}, Run: run, Effects: effects})
		}
		p.run = run
		p.tell(before, run)
		next, over := p.do(effects)
		if over {
			return p.story(false)
		}
		if next.IsZero() || next.Sub(p.began) > longest {
			if approved++; !m.Approve || approved > mostApprovals {
				return p.story(true)
			}
			p.scene.At = p.scene.At.Add(time.Hour)
			p.line("approved by hand")
			p.run, _ = s.Step(p.run, rollout.Approve{By: "simulate"})
			continue
		}
		p.advance(next)
	}
}

// play is the state of one Play.
type play struct {
	script rollout.Script
	model  Model
	scene  rollout.Scene
	began  time.Time
	run    rollout.Run
	due    []event // sorted by time
	lines  []Line
	groups []Group
	most   map[string]int // index in groups
}

// event is the end of a change on a device.
type event struct {
	at     time.Time
	device algebra.DeviceID
	app    algebra.App
	want   algebra.Release
	phase  algebra.Phase
}

// do carries effects out and says when to look again; zero is never. A step that publishes is
// followed by another look at once.
func (p *play) do(effects []rollout.Effect) (next time.Time, over bool) {
	sooner := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	for _, e := range effects {
		switch e := e.(type) {
		case rollout.Publish:
			for _, id := range e.Devices {
				p.publish(id, e.Lane, false)
			}
			sooner(p.scene.At)
		case rollout.Restore:
			for _, id := range e.Devices {
				p.publish(id, e.Lane, true)
			}
			sooner(p.scene.At)
		case rollout.SetApart:
			p.line(p.script.Title(e.Lane) + ": what it places is in quarantine on all its devices")
		case rollout.Wake:
			sooner(e.At)
		case rollout.Finish:
			return next, true
		}
	}
	if len(p.due) > 0 {
		sooner(p.due[0].at)
	}
	return next, false
}

// publish sets what a device is to run, as a lane wants it or back to what it found, and when it will.
func (p *play) publish(id algebra.DeviceID, lane int, back bool) {
	s := p.anew(id)
	s.Ours, s.At = true, p.scene.At
	for c := range p.script.Changes(lane, id) {
		app := c.Action.Target().App
		had, want := rollout.Ends(c.Action)
		if back {
			want = had
		}
		a := s.See(app)
		a.Published, a.Current = want, false
		phase, after := p.model.fate(id, app, want)
		if want.IsZero() {
			phase = 0
		}
		p.due = append(p.due, event{p.scene.At.Add(after), id, app, want, phase})
	}
	if p.model.silent(id) {
		s.Online = false
		p.due = slices.DeleteFunc(p.due, func(e event) bool { return e.device == id })
	}
	slices.SortStableFunc(p.due, func(a, b event) int { return a.at.Compare(b.at) })
}

// advance moves the clock, and brings what is due by then about.
func (p *play) advance(to time.Time) {
	if to.After(p.scene.At) {
		p.scene.At = to
	}
	for len(p.due) > 0 && !p.due[0].at.After(p.scene.At) {
		e := p.due[0]
		p.due = p.due[1:]
		if p.scene.Devices[e.device].App(e.app).Published != e.want {
			continue // overtaken
		}
		s := p.anew(e.device)
		if e.phase == 0 {
			s.Apps = slices.DeleteFunc(s.Apps, func(a rollout.AppSight) bool { return a.App == e.app })
			continue
		}
		a := s.See(e.app)
		a.Phase, a.Current, a.Running = e.phase, true, e.want
		if e.phase == algebra.Failed {
			a.Running = algebra.Release{}
		}
	}
}

// anew is the sight of a device, to be changed: scenes that were shown keep theirs.
func (p *play) anew(id algebra.DeviceID) *rollout.Sight {
	s := rollout.Sight{}
	if was := p.scene.Devices[id]; was != nil {
		s = *was
	}
	s.Apps = slices.Clone(s.Apps)
	p.scene.Devices[id] = &s
	return &s
}

// measure notes how many are down in each group.
func (p *play) measure() {
	for _, now := range p.script.Standings(p.scene) {
		i, ok := p.most[now.Name]
		if !ok {
			i = len(p.groups)
			p.most[now.Name] = i
			p.groups = append(p.groups, Group{Standing: now})
		}
		g := &p.groups[i]
		if now.Down > g.Most {
			g.Most, g.At = now.Down, p.scene.At.Sub(p.began)
		}
	}
}
