package oracletest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// Courses is the question how the plan of a random world goes out.
func (d Dice) Courses() string {
	world, reality := d.world()
	seen := map[string]bool{}
	var ids, online []string
	for _, list := range []Node{reality.list[1], world.list[1]} {
		for _, n := range list.list {
			if id := n.list[0].word; !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	for _, id := range ids {
		if !d.one(5) {
			online = append(online, id)
		}
	}
	rollouts := L()
	names := []string{"r1", "r2", "r3"}
	for i, at := range d.R.Perm(len(apps))[:1+d.R.Intn(3)] {
		waves := L()
		for range d.R.Intn(3) {
			if d.one(2) {
				waves.list = append(waves.list, Call("share", Num(1+d.R.Intn(10_000))))
			} else {
				waves.list = append(waves.list, Call("of", d.Set(1)))
			}
		}
		waves.list = append(waves.list, W("rest"))
		rollouts.list = append(rollouts.list, L(W(names[i]), W(apps[at]), Words(drawnFor(apps[at], ids)...), waves))
	}
	shares := L()
	for _, w := range algebra.DefaultRollout().Waves {
		if s, ok := w.(algebra.ShareWave); ok {
			shares.list = append(shares.list, Call("share", Num(int(s.Share))))
		}
	}
	shares.list = append(shares.list, W("rest"))
	rollouts.list = append(rollouts.list, L(W(byDefault), W("-"), Words(drawnFor("", ids)...), shares))
	return Call("courses", world, reality, Words(online...), rollouts).String()
}

// Waves is the question in which wave each device of a target goes. The target is in the order in
// which the rollout of app web draws devices for its shares.
func (d Dice) Waves() string {
	var target, online []string
	for i := range 1 + d.R.Intn(12) {
		id := fmt.Sprintf("n%02d", i)
		target = append(target, id)
		if !d.one(4) {
			online = append(online, id)
		}
	}
	target = drawnFor("web", target)
	waves := L()
	for range d.R.Intn(4) {
		if d.one(2) {
			waves.list = append(waves.list, Call("share", Num(1+d.R.Intn(10_000))))
			continue
		}
		var of []string
		for i := range 14 { // some are not in the target
			if d.one(3) {
				of = append(of, fmt.Sprintf("n%02d", i))
			}
		}
		waves.list = append(waves.list, Call("fleet", Words(of...)))
	}
	waves.list = append(waves.list, W("rest"))
	return Call("waves", Words(online...), Words(target...), waves).String()
}

// drawnFor is ids in the order in which the shares of an app's rollout draw them.
func drawnFor(app string, ids []string) []string {
	return slices.SortedFunc(slices.Values(ids), func(a, b string) int {
		return cmp.Or(cmp.Compare(selectors.Bucket(app, a), selectors.Bucket(app, b)), cmp.Compare(a, b))
	})
}

// Limit is the question how many of a group a budget lets be down.
func (d Dice) Limit() string {
	b := Call("share", Num(d.R.Intn(10_001)))
	if d.one(3) {
		b = Call("count", Num(d.R.Intn(50)))
	}
	return Call("limit", b, Num(d.R.Intn(pick(d, 6, 2000)))).String()
}

// Budget is the question which of those who wait a budget lets go, of groups in which some are down.
func (d Dice) Budget() string {
	var fleet, down, waiting []string
	groups := L()
	ups, one := 2+d.R.Intn(6), d.one(3) // one group, the first of which is down and stays as it is
	for i := range 1 + d.R.Intn(12) {
		id := fmt.Sprintf("n%02d", i)
		fleet = append(fleet, id)
		if one || !d.one(5) {
			g := pick(d, "a", "a", "b")
			if one {
				g = "a"
			}
			groups.list = append(groups.list, Words(id, g))
		}
		stays := one && i == 0
		if stays || d.one(ups) {
			down = append(down, id)
		}
		if !stays && !d.one(3) {
			waiting = append(waiting, id)
		}
	}
	b := Call("share", Num(d.R.Intn(pick(d, 2_500, 10_001))))
	if d.one(3) {
		b = Call("count", Num(1+d.R.Intn(4)))
	}
	return Call("budget", Words(fleet...), groups, b, Words(down...), Words(waiting...)).String()
}

// Merge is the question what two sides make of one World together.
func (d Dice) Merge() string {
	var sides [3][]Node
	for _, name := range []string{"canary", "edge", "old", "prod"} {
		var words [3]string
		words[0] = pick(d, "", d.value(), d.value())
		for i := 1; i < 3; i++ {
			words[i] = pick(d, words[0], words[0], words[i-1], d.value(), "")
		}
		for i, w := range words {
			if w != "" {
				sides[i] = append(sides[i], Words(name, w))
			}
		}
	}
	return Call("merge", L(sides[0]...), L(sides[1]...), L(sides[2]...)).String()
}
