package planner

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// rollouts are the World's, in the order in which they claim: those of an app, then those of a
// fleet, each by name, at last the default.
func rollouts(w algebra.World) []algebra.Rollout {
	out := slices.SortedFunc(slices.Values(w.Rollouts), func(a, b algebra.Rollout) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.Name, b.Name))
	})
	return append(out, algebra.DefaultRollout())
}

func rank(r algebra.Rollout) int {
	if r.App.IsZero() {
		return 1
	}
	return 0
}

// claimants are the rollouts of a World and the fleets that some of them are for.
type claimants struct {
	list   []algebra.Rollout // the last takes what no other claims
	app    map[algebra.App]int
	fleets map[int]algebra.Fleet
}

func (m *making) claim() claimants {
	c := claimants{rollouts(m.world), map[algebra.App]int{}, map[int]algebra.Fleet{}}
	for i, r := range c.list[:len(c.list)-1] {
		if r.App.IsZero() {
			c.fleets[i] = m.demand.Fleet(r.Fleet)
		} else {
			c.app[r.App] = i
		}
	}
	return c
}

// of is the rollouts that claim a slot: one, or several of fleets that overlap.
func (c claimants) of(i uint32, app algebra.App) []int {
	if n, ok := c.app[app]; ok {
		return []int{n}
	}
	var out []int
	for n := range c.list {
		if f, ok := c.fleets[n]; ok && f.Contains(i) {
			out = append(out, n)
		}
	}
	if out == nil {
		return []int{len(c.list) - 1}
	}
	return out
}

// blockClaimed blocks the slots that would change and that the rollouts of several fleets claim.
func (m *making) blockClaimed() {
	if len(m.claimants.fleets) < 2 {
		return
	}
	for d := range m.asked.Differences(m.have) {
		by := m.claimants.of(d.Ordinal, d.App)
		if len(by) < 2 {
			continue
		}
		var names []string
		var sources []algebra.Source
		for _, n := range by {
			names = append(names, m.claimants.list[n].Name)
			sources = append(sources, m.claimants.list[n].Source)
		}
		m.block1(slot{d.Ordinal, d.App}, ClaimedTwice, "the rollouts "+strings.Join(names, " and ")+" both claim it", sources...)
	}
}

// blockQuarantined blocks the releases that a run found to fail on these devices.
func (m *making) blockQuarantined() {
	for _, q := range m.reality.Quarantine {
		for _, id := range q.Devices {
			i, ok := m.roster.Ordinal(id)
			if !ok || m.asked.Release(i, q.App).Deployment != q.Deployment || m.asked.Release(i, q.App) == m.have.Release(i, q.App) {
				continue
			}
			m.block1(slot{i, q.App}, Quarantined, q.String())
		}
	}
}

// schedule puts the actions into batches: one for each wave of each rollout that claims any.
// It gives each action its batch and the name of the rollout that claims it.
func (m *making) schedule(actions []Action, resting map[algebra.App]algebra.Fleet) (courses []Course, batch []int, claimed []string) {
	mine, ordinals := make([]int, len(actions)), make([]uint32, len(actions))
	claimed = make([]string, len(actions))
	for i, a := range actions {
		ordinals[i], _ = m.roster.Ordinal(a.Target().Device)
		mine[i] = m.claimants.of(ordinals[i], a.Target().App)[0] // those claimed twice are blocked
		claimed[i] = m.claimants.list[mine[i]].Name
	}
	led := m.lead(actions, mine)
	rules := rulesOf(m.world)
	late := m.late(actions, mine, rules, resting)
	on := func(counts func(int) bool) map[int][]uint32 { // the devices of each course, in their order
		out := map[int][]uint32{}
		for i, ordinal := range ordinals {
			if on := out[led[i]]; counts(i) && (len(on) == 0 || on[len(on)-1] != ordinal) {
				out[led[i]] = append(on, ordinal)
			}
		}
		return out
	}
	targets := on(func(int) bool { return true })
	early := targets
	if late != nil {
		early = on(func(i int) bool { return !late[i] })
	}
	online := m.online()
	managed := m.managed(targets)
	at := make([][]int, len(m.claimants.list)) // batch by course and ordinal
	next := 0
	for n, r := range m.claimants.list {
		if len(targets[n]) == 0 && (r.Budget.IsZero() || !slices.Contains(mine, n)) {
			continue
		}
		c := course(r)
		c.Groups = m.groups(r.Budget, managed, online)
		if len(targets[n]) == 0 { // all it claims goes out with others, and spends its budget
			courses = append(courses, c)
			continue
		}
		var parts []algebra.Fleet
		c.Settles = m.settles(n, actions, mine, led, rules)
		if len(early[n]) == 0 {
			r.Waves = nil // what they were to show has been shown
		}
		c.Waves, parts = cut(r.Waves, m.fleet(targets[n]), m.fleet(early[n]).Intersect(online), seedOf(r), m.demand.Fleet)
		at[n] = make([]int, m.roster.Len())
		for w, part := range parts {
			c.Waves[w].Batch = next
			for i := range part.Ordinals() {
				at[n][i] = next
			}
			next++
		}
		courses = append(courses, c)
	}
	batch = make([]int, len(actions))
	for i := range actions {
		batch[i] = at[led[i]][ordinals[i]]
	}
	return courses, batch, claimed
}

// course is a rollout without what depends on the plan.
func course(r algebra.Rollout) Course {
	c := Course{Name: r.Name, For: r.App.String(), Source: r.Source, Budget: r.Budget, Gate: r.Gate,
		Deadline: r.Deadline, Windows: r.Windows, MaxPerMinute: r.MaxPerMinute, OnFailure: r.OnFailure}
	if r.Fleet != nil {
		c.For = selectors.Print(r.Fleet.Expr())
	}
	return c
}

// seedOf is what the devices of a share are drawn by: another for each app, so that not always
// the same devices go first.
func seedOf(r algebra.Rollout) string { return cmp.Or(r.App.String(), r.Name) }

func (m *making) fleet(ordinals []uint32) algebra.Fleet {
	f, _ := m.roster.Fleet(func(yield func(algebra.DeviceID) bool) {
		for _, i := range ordinals {
			if !yield(m.roster.ID(i)) {
				return
			}
		}
	})
	return f
}

// online is the devices that can be published to. Where nothing at all is known of when
// devices were heard, as in a plan of a roster, that is all of them.
func (m *making) online() algebra.Fleet {
	if len(m.reality.Records) == 0 {
		return m.roster.All()
	}
	var on []uint32
	for i := range uint32(m.roster.Len()) {
		rec := m.reality.Records[m.roster.ID(i)]
		if rec.Online(m.reality.ObservedAt) {
			on = append(on, i)
		}
	}
	return m.fleet(on)
}

// managed is the devices that have something or are to: those that can be down. Only budgets
// ask for it.
func (m *making) managed(targets map[int][]uint32) algebra.Fleet {
	if !slices.ContainsFunc(m.claimants.list, func(r algebra.Rollout) bool { return !r.Budget.IsZero() }) {
		return m.roster.None()
	}
	all := m.roster.None()
	for _, on := range targets {
		all = all.Union(m.fleet(on))
	}
	var has []uint32
	apps := m.have.Apps()
	for i := range uint32(m.roster.Len()) {
		for _, app := range apps {
			if !m.have.Release(i, app).IsZero() {
				has = append(has, i)
				break
			}
		}
	}
	return all.Union(m.fleet(has))
}

// groups cuts the devices by the budget's key.
func (m *making) groups(b algebra.Budget, managed, online algebra.Fleet) []Group {
	if b.IsZero() {
		return nil
	}
	devices := managed.Intersect(online)
	if b.By == (selectors.Key{}) {
		return []Group{m.group(Group{}, devices, b)}
	}
	var out []Group
	for _, value := range m.values(b.By, devices) {
		g := m.group(Group{Value: value.value, Lacking: value.lacking}, value.fleet, b)
		out = append(out, g)
	}
	return out
}

type valued struct {
	value   string
	lacking bool
	fleet   algebra.Fleet
}

func (m *making) values(by selectors.Key, devices algebra.Fleet) []valued {
	at := map[string][]uint32{}
	var lacking []uint32
	for i := range devices.Ordinals() {
		if v, ok := m.roster.Attributes(i).Value(by); ok {
			at[v] = append(at[v], i)
		} else {
			lacking = append(lacking, i)
		}
	}
	var out []valued
	for _, v := range slices.Sorted(maps.Keys(at)) {
		out = append(out, valued{v, false, m.fleet(at[v])})
	}
	if len(lacking) > 0 {
		out = append(out, valued{"", true, m.fleet(lacking)})
	}
	return out
}

func (m *making) group(g Group, devices algebra.Fleet, b algebra.Budget) Group {
	g.Devices, g.Limit = devices.Len(), b.Limit(devices.Len())
	for i := range devices.Ordinals() {
		if !m.available(i) {
			g.Down++
		}
	}
	return g
}

// available reports whether a device runs all that is published to it.
func (m *making) available(i uint32) bool {
	for app, rel := range m.have.At(i) {
		s := m.reality.Slots[algebra.Slot{Device: m.roster.ID(i), App: app}]
		if s.Release != rel || s.Phase != algebra.Running && s.Phase != algebra.Completed {
			return false
		}
	}
	return true
}
