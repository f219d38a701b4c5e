package oracletest

import (
	"iter"
	"slices"
)

// SmallWorlds is every world of one device and two apps, of one form: log in two versions, of which
// the first holds port 80; web in two versions, of which the first holds port 80 too and the second
// requires log. Each app is asked for in no, either or both versions, each slot holds nothing or either
// version, and the device may have refused either version or be shut out.
func SmallWorlds() iter.Seq[string] {
	apps := []string{"log", "web"}
	specs := L(
		L(W("log@1"), Words("name:log", "port:80/tcp"), L(), L()), L(W("log@2"), Words("name:log"), L(), L()),
		L(W("web@1"), Words("name:web", "port:80/tcp"), L(), L()), L(W("web@2"), Words("name:web"), Words("log"), L()),
	)
	asked := [][]string{{}, {"1"}, {"2"}, {"1", "2"}}
	held := []string{"", "1", "2"}
	release := func(app, version string) Node { return L(W(app+"@"+version), L()) }
	return func(yield func(string) bool) {
		for n := range 4 * 4 * 3 * 3 * 3 * 3 * 2 {
			next := func(of int) int { i := n % of; n /= of; return i }
			rules, published, refused := L(), L(), L()
			for _, app := range apps {
				at := Words("d1", app)
				deploy := L()
				for _, version := range asked[next(4)] {
					deploy.list = append(deploy.list, Words(app, app+"@"+version))
				}
				if len(deploy.list) > 0 {
					rules.list = append(rules.list, Call("rule", W("all"), deploy, Num(0)))
				}
				if version := held[next(3)]; version != "" {
					published.list = append(published.list, L(at, release(app, version)))
				}
				if version := held[next(3)]; version != "" {
					refused.list = append(refused.list, L(at, release(app, version)))
				}
			}
			revoked := Words([]string{"d1"}[:next(2)]...)
			line := Call("make", Call("world", L(), specs, rules),
				Call("reality", L(L(W("d1"), L(), L())), published, L(), refused, L(), revoked, L())).String()
			if !yield(line) {
				return
			}
		}
	}
}

// SmallDifferences is every pair of placements on one device of three apps and two releases.
func SmallDifferences() iter.Seq[string] {
	slots := []string{"d1/db", "d1/log", "d1/web"}
	return func(yield func(string) bool) {
		for n := range 9 * 9 * 9 {
			want, have := L(), L()
			for _, s := range slots {
				for _, p := range []*Node{&want, &have} {
					if i := n % 3; i > 0 {
						p.list = append(p.list, L(W(s), Num(i)))
					}
					n /= 3
				}
			}
			if !yield(Call("diff", Words(slots...), want, have).String()) {
				return
			}
		}
	}
}

// Smaller are the lines that leave one thing out of a question about a world.
func Smaller(line string) []string {
	n, err := Parse(line)
	if err != nil {
		return nil
	}
	a, ok := n.args("make", 2)
	if !ok {
		return nil
	}
	var out []string
	for _, part := range []struct{ in, at int }{{1, 1}, {1, 3}, {2, 1}, {2, 2}, {2, 4}, {2, 5}, {2, 6}, {2, 7}} {
		list := a[part.in-1].list[part.at].list
		for i := range list {
			world := [2]Node{a[0], a[1]}
			whole := slices.Clone(world[part.in-1].list)
			whole[part.at] = L(slices.Delete(slices.Clone(list), i, i+1)...)
			world[part.in-1] = L(whole...)
			out = append(out, Call("make", world[0], world[1]).String())
		}
	}
	return out
}
