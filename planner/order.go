package planner

import "slices"

// order fills Requires. On one device
//
//	what starts comes after what it requires,
//	what stops comes after the stop of what required it,
//	what takes a port or a name comes after what gives it up, unless that closes a circle.
//
// A circle arises where two apps exchange a resource: then neither change is before the other,
// and both stop before either starts, which the agent does with all that a batch couples.
func (m *making) order(changes []Change) {
	if len(m.traits) == 0 {
		return
	}
	for len(changes) > 0 {
		device := changes[0].Action.Target().Device
		n := 1
		for n < len(changes) && changes[n].Action.Target().Device == device {
			n++
		}
		if n > 1 {
			m.orderDevice(changes[:n])
		}
		changes = changes[n:]
	}
}

func (m *making) orderDevice(changes []Change) {
	before := make([][]int, len(changes))
	for _, precedes := range []func(a, b Action) bool{m.required, m.makesRoom} {
		for i := range changes {
			for j := range changes {
				if i != j && precedes(changes[j].Action, changes[i].Action) && !slices.Contains(before[i], j) && !reaches(before, j, i) {
					before[i] = append(before[i], j)
				}
			}
		}
	}
	for i := range changes {
		slices.Sort(before[i])
		for _, j := range before[i] {
			changes[i].Requires = append(changes[i].Requires, changes[j].ID)
		}
	}
}

// required reports whether b starts what requires the app that a fills, or a stops what
// required the app that b stops.
func (m *making) required(a, b Action) bool {
	left, _ := m.ends(a)
	_, next := m.ends(b)
	_, stops := a.(Stop)
	if _, both := b.(Stop); both {
		return stops && left != nil && slices.Contains(left.requires, b.Target().App)
	}
	return !stops && next != nil && slices.Contains(next.requires, a.Target().App)
}

// makesRoom reports whether a gives up what b takes, and the two exchange nothing.
func (m *making) makesRoom(a, b Action) bool { return m.givesUp(a, b) && !m.givesUp(b, a) }

// givesUp reports whether a holds a resource before that b takes.
func (m *making) givesUp(a, b Action) bool {
	left, _ := m.ends(a)
	_, next := m.ends(b)
	_, both := shared(left, next)
	return both
}

// ends is what makes a slot depend on others before and after the action; nil if nothing does.
func (m *making) ends(a Action) (have, want *traits) {
	x, y := ends(a)
	return m.traits[x.Deployment], m.traits[y.Deployment]
}

// reaches reports whether b is among all that comes before a.
func reaches(before [][]int, a, b int) bool {
	for _, i := range before[a] {
		if i == b || reaches(before, i, b) {
			return true
		}
	}
	return false
}
