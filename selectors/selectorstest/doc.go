// Package selectorstest makes random expressions and devices for property tests.
//
//	v := selectorstest.Vocabulary{Labels: map[string][]string{"ring": {"0", "1"}}}
//	prop.ForAll(func(x selectors.Expr) bool { … }, v.Selectors())
//
// Expressions are made by type: each is of the sort its generator names, and Bind accepts
// it in v.Scope(). They draw on a small vocabulary, so that atoms meet the same keys and
// values often and a random device decides them either way. The package asserts nothing.
package selectorstest
