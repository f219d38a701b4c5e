package selectorstest

import (
	"math/rand"
	"reflect"

	"github.com/leanovate/gopter"

	"github.com/musterfleet/muster/selectors"
)

// Statements makes definitions and queries, most of these with clauses.
func (v Vocabulary) Statements() gopter.Gen {
	sum := reflect.TypeFor[selectors.Statement]()
	return func(p *gopter.GenParameters) *gopter.GenResult {
		return &gopter.GenResult{Result: v.statement(p.Rng), ResultType: sum, Shrinker: gopter.NoShrinker}
	}
}

func (v Vocabulary) statement(r *rand.Rand) selectors.Statement {
	if r.Intn(4) == 0 {
		return selectors.Let{Name: pick(r, []string{"x", "web-canary", "a/b.c", "by"}), X: v.fleet(r, r.Intn(2))}
	}
	q := selectors.Query{X: v.selector(r, r.Intn(2))}
	if r.Intn(2) == 0 {
		q.X = v.fleet(r, r.Intn(2))
	}
	for range r.Intn(3) {
		key, _, _ := v.key(r)
		q.Show = append(q.Show, key)
		key.Cast = selectors.NoCast
		q.By = append(q.By, key)
	}
	if r.Intn(2) == 0 {
		q.Sort.Key, _, _ = v.key(r)
		q.Sort.Desc = r.Intn(2) == 0
	}
	q.Limit = r.Intn(3) * r.Intn(100)
	return q
}
