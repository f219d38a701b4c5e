// Package algebratest makes random rosters, worlds and realities for property tests.
//
//	check := algebratest.Law(t, 500)
//	check(prop.ForAll(func(s algebratest.Situation) bool {
//		return planner.Make(s.World, s.Reality()) …
//	}, algebratest.Situations()))
//
// Few devices, labels, apps and ports are drawn, so that rules overlap: conflicts, shared
// ports, missing requirements and values, refusals and revoked devices are all frequent.
// A failing Situation is shrunk by leaving documents, devices and reports out. The package
// also says every value in the words of proofs/reference, the oracle. It asserts nothing
// about what it makes.
package algebratest
