package oracletest

import (
	"iter"
	"slices"
)

// SmallMerges is every merge of a World of two fleets, each absent or of one of three words.
func SmallMerges() iter.Seq[string] {
	words := []string{"", "a", "b", "c"}
	return func(yield func(string) bool) {
		for n := range 64 * 64 {
			sides := [3]Node{}
			for _, name := range []string{"canary", "edge"} {
				for i := range sides {
					if w := words[n%4]; w != "" {
						sides[i].list = append(sides[i].list, Words(name, w))
					}
					n /= 4
				}
			}
			if !yield(Call("merge", sides[0], sides[1], sides[2]).String()) {
				return
			}
		}
	}
}

// SmallBudgets is every fleet of four devices in one group or two, each of them up or down, waiting
// or not, under a few bounds.
func SmallBudgets() iter.Seq[string] {
	ids := []string{"n1", "n2", "n3", "n4"}
	bounds := []Node{Call("count", Num(1)), Call("count", Num(2)), Call("share", Num(0)), Call("share", Num(3_333)), Call("share", Num(5_000)), Call("share", Num(10_000))}
	return func(yield func(string) bool) {
		for n := range 16 * 16 * 2 * len(bounds) {
			next := func(of int) int { i := n % of; n /= of; return i }
			down, waiting, groups := subset(ids, next(16)), subset(ids, next(16)), L()
			second := []string{"a", "b"}[next(2)]
			for i, id := range ids {
				groups.list = append(groups.list, Words(id, []string{"a", second}[i/2]))
			}
			if !yield(Call("budget", Words(ids...), groups, bounds[next(len(bounds))], Words(down...), Words(waiting...)).String()) {
				return
			}
		}
	}
}

// SmallWaves is every rollout of at most two waves and the rest over four devices, each of them
// online or not.
func SmallWaves() iter.Seq[string] {
	ids := drawnFor("web", []string{"n1", "n2", "n3", "n4"})
	var waves []Node
	for i := range 16 {
		of := subset(ids, i)
		slices.Sort(of)
		waves = append(waves, Call("fleet", Words(of...)))
	}
	for _, share := range []int{1, 2_500, 2_501, 5_000, 10_000} {
		waves = append(waves, Call("share", Num(share)))
	}
	return func(yield func(string) bool) {
		for online := range 16 {
			for first := range len(waves) + 1 {
				for second := range len(waves) + 1 {
					list := L()
					for _, i := range []int{first, second} {
						if i < len(waves) {
							list.list = append(list.list, waves[i])
						}
					}
					list.list = append(list.list, W("rest"))
					if !yield(Call("waves", Words(subset(ids, online)...), Words(ids...), list).String()) {
						return
					}
				}
			}
		}
	}
}

// subset is those of a list whose bits are set.
func subset(of []string, bits int) []string {
	var out []string
	for i, x := range of {
		if bits>>i&1 == 1 {
			out = append(out, x)
		}
	}
	return out
}
