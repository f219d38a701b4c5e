// Package invented makes up fleets of any size, to try muster at a scale before one has it and
// to measure it. A device depends on its number alone, so that a larger fleet begins with the
// smaller one and two runs agree.
//
//	s0000042-edge07    the eighth device of store 42: fifty devices a store, in five regions
//
// Keys are spread as in real fleets: some with two values (arch), some with hundreds (site), one
// with a value for each device (ip), and some that most devices lack (canary, hold, gpu).
package invented
