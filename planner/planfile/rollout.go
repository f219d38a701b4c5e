package planfile

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/selectors"
)

// Rollout is how the changes that it claims go out. Shares are texts such as 10%; every bound
// made of one is a count.
type Rollout struct {
	Name   string `json:"name"` // empty for the default
	For    string `json:"for"`
	Source Source `json:"source"`
	// Target is how many devices it changes.
	Target       int      `json:"target"`
	Waves        []Wave   `json:"waves"`
	Budget       Budget   `json:"budget"`
	Gate         Gate     `json:"gate"`
	Deadline     int      `json:"progress_deadline_s"`
	Windows      []Window `json:"windows"`
	MaxPerMinute int      `json:"max_per_minute"` // 0 is no bound
	OnFailure    string   `json:"on_failure"`
	// Settles is what the rollout is through for once this plan is carried out: devices that come
	// later go in its tail.
	Settles []Settled `json:"settles"`
}

// Settled is what the World says of an app and of who gets it by a rollout, as a digest.
type Settled struct {
	Rollout string `json:"rollout"` // empty for the default
	App     string `json:"app"`
	Rules   string `json:"rules"`
}

// Wave is the devices of a rollout that go out together. They are frozen: no later label brings
// another one in.
type Wave struct {
	Index   int      `json:"index"`
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	Batch   int      `json:"batch"`
	Devices []string `json:"devices"`
}

// Budget bounds how many devices of a group may be down; an empty max_unavailable bounds nothing.
type Budget struct {
	MaxUnavailable string        `json:"max_unavailable"`
	By             string        `json:"by"`
	Groups         []BudgetGroup `json:"groups"`
}

// BudgetGroup is the devices that share a value of the budget's key, or lack it.
type BudgetGroup struct {
	Value      string `json:"value"`
	Lacking    bool   `json:"lacking"`
	Devices    int    `json:"devices"`
	Limit      int    `json:"limit"`
	DownBefore int    `json:"down_before"`
}

// Gate is what a wave must show before the next one starts.
type Gate struct {
	Healthy string `json:"healthy"`
	Minimum int    `json:"minimum"`
	Soak    int    `json:"soak_s"`
}

// Window opens by a cron expression, in each device's time zone.
type Window struct {
	Cron string `json:"cron"`
	For  int    `json:"for_s"`
}

// Emptied is an assignment that makes no claim any more while slots of its apps stop.
type Emptied struct {
	Assignment Assignment `json:"assignment"`
	Source     Source     `json:"source"`
	Stops      int        `json:"stops"`
}

func rollouts(p planner.Plan) []Rollout {
	out := []Rollout{}
	for _, c := range p.Courses {
		r := Rollout{Name: c.Name, For: c.For, Source: Source(c.Source), Target: c.Target(), Waves: []Wave{},
			Gate:     Gate{c.Gate.Healthy.String(), c.Gate.Minimum, int(c.Gate.Soak / time.Second)},
			Deadline: int(c.Deadline / time.Second), Windows: []Window{}, MaxPerMinute: c.MaxPerMinute, OnFailure: string(c.OnFailure),
			Budget: Budget{Groups: []BudgetGroup{}}, Settles: []Settled{}}
		for i, w := range c.Waves {
			wave := Wave{Index: i, Name: w.Name, Kind: w.Kind.String(), Batch: w.Batch, Devices: make([]string, len(w.Devices))}
			for j, id := range w.Devices {
				wave.Devices[j] = id.String()
			}
			r.Waves = append(r.Waves, wave)
		}
		if !c.Budget.IsZero() {
			r.Budget.MaxUnavailable, r.Budget.By = c.Budget.Max.String(), c.Budget.By.String()
		}
		for _, g := range c.Groups {
			r.Budget.Groups = append(r.Budget.Groups, BudgetGroup{g.Value, g.Lacking, g.Devices, g.Limit, g.Down})
		}
		for _, w := range c.Windows {
			r.Windows = append(r.Windows, Window{w.Cron, int(w.For / time.Second)})
		}
		for _, s := range c.Settles {
			r.Settles = append(r.Settles, Settled{s.Rollout, s.App.String(), s.Rules.String()})
		}
		out = append(out, r)
	}
	return out
}

// batches lists the waves that have changes, which come sorted by batch.
func batches(p planner.Plan, changes []Change) []Batch {
	out := []Batch{}
	at := map[int]int{}
	for _, c := range p.Courses {
		for j, w := range c.Waves {
			at[w.Batch] = len(out)
			out = append(out, Batch{Index: w.Batch, Rollout: c.Name, Wave: j, Changes: []string{}})
		}
	}
	last := ""
	for _, c := range changes { // each is of a wave
		if c.Type != "deployment" || c.ActionReason == atRest {
			continue
		}
		b := &out[at[c.Batch]]
		if len(b.Changes) == 0 {
			last = "" // another wave: the device counts there too
		}
		b.Changes = append(b.Changes, c.ID)
		if c.Disruptive && c.Device.ID != last { // changes of a batch are in the order of devices
			last = c.Device.ID
			b.Disrupted++
		}
	}
	return slices.DeleteFunc(out, func(b Batch) bool { return len(b.Changes) == 0 })
}

func emptied(p planner.Plan) []Emptied {
	out := []Emptied{}
	for _, e := range p.Emptied {
		out = append(out, Emptied{Assignment{Name: e.By.Assignment, Rule: e.By.Rule, Term: e.By.Term}, Source(e.By.Source), e.Stops})
	}
	return out
}

// courses reads rollouts back.
func courses(list []Rollout) ([]planner.Course, error) {
	var out []planner.Course
	batch := -1
	for _, r := range list {
		c := planner.Course{Name: r.Name, For: r.For, Source: algebra.Source(r.Source), MaxPerMinute: r.MaxPerMinute,
			Deadline: time.Duration(r.Deadline) * time.Second, OnFailure: algebra.OnFailure(r.OnFailure),
			Gate: algebra.Gate{Minimum: r.Gate.Minimum, Soak: time.Duration(r.Gate.Soak) * time.Second}}
		var ok bool
		if c.Gate.Healthy, ok = selectors.ParsePercent(r.Gate.Healthy); !ok {
			return nil, fmt.Errorf("rollout %q: %q is no share of the devices", r.Name, r.Gate.Healthy)
		}
		for _, w := range r.Waves {
			wave, err := waveOf(w)
			if err != nil {
				return nil, fmt.Errorf("rollout %q: %w", r.Name, err)
			}
			if w.Batch <= batch {
				return nil, fmt.Errorf("rollout %q: wave %s is batch %d, after batch %d", r.Name, w.Name, w.Batch, batch)
			}
			batch = w.Batch
			c.Waves = append(c.Waves, wave)
		}
		if err := readBudget(r.Budget, &c); err != nil {
			return nil, fmt.Errorf("rollout %q: %w", r.Name, err)
		}
		for _, w := range r.Windows {
			c.Windows = append(c.Windows, algebra.Window{Cron: w.Cron, For: time.Duration(w.For) * time.Second})
		}
		for _, s := range r.Settles {
			settled, err := settledOf(s)
			if err != nil {
				return nil, fmt.Errorf("rollout %q: %w", r.Name, err)
			}
			c.Settles = append(c.Settles, settled)
		}
		out = append(out, c)
	}
	return out, nil
}

func settledOf(s Settled) (algebra.Settled, error) {
	app, err := algebra.ParseApp(s.App)
	if err != nil {
		return algebra.Settled{}, err
	}
	rules, err := algebra.ParseDigest(s.Rules)
	return algebra.Settled{Rollout: s.Rollout, App: app, Rules: rules}, err
}

func waveOf(w Wave) (planner.Wave, error) {
	kind, err := planner.ParseWaveKind(w.Kind)
	out := planner.Wave{Name: w.Name, Kind: kind, Batch: w.Batch}
	for _, name := range w.Devices {
		id, bad := algebra.ParseDeviceID(name)
		if bad != nil {
			return out, bad
		}
		out.Devices = append(out.Devices, id)
	}
	return out, err
}

func readBudget(b Budget, c *planner.Course) error {
	if b.MaxUnavailable == "" {
		return nil
	}
	max, err := selectors.ParseAmount(b.MaxUnavailable)
	if err != nil {
		return err
	}
	c.Budget.Max = max
	if b.By != "" {
		if c.Budget.By, err = selectors.ParseKey(b.By); err != nil {
			return err
		}
		c.Budget.By.At = selectors.Span{}
	}
	for _, g := range b.Groups {
		c.Groups = append(c.Groups, planner.Group{Value: g.Value, Lacking: g.Lacking, Devices: g.Devices, Limit: g.Limit, Down: g.DownBefore})
	}
	return nil
}
