package planner

import (
	"cmp"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

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
