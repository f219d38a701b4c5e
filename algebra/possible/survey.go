package possible

import (
	"slices"

	"github.com/musterfleet/muster/selectors/analysis"
)

// survey is the claims of each app compared with each other, once: which of them some device
// could get together.
type survey struct {
	options analysis.Options
	all     []Claim
	byApp   map[string][]int
	empty   []bool
	// higher are the claims of higher priority that meet a claim; nil with crowded if there are
	// too many to list, and then all of the app count.
	higher  [][]int
	crowded []bool
	// rivals are the pairs of one priority and two versions that meet, as many as are looked at.
	rivals [][2]int
}

// Bounds of what a survey keeps; no finding depends on them but how many conflicts are told.
const (
	mostHigher = 64
	mostRivals = 5_000
)

func newSurvey(o analysis.Options, all []Claim) (*survey, error) {
	s := &survey{options: o, all: all, byApp: map[string][]int{}, empty: make([]bool, len(all)),
		higher: make([][]int, len(all)), crowded: make([]bool, len(all))}
	for i, c := range all {
		s.byApp[c.App] = append(s.byApp[c.App], i)
	}
	for _, app := range sortedKeys(s.byApp) {
		if err := s.compare(s.byApp[app]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *survey) space(some []int) (*analysis.Space, error) {
	var of []analysis.Predicate
	for _, i := range some {
		of = append(of, s.all[i].On)
	}
	return analysis.NewSpace(s.options, of...)
}

// compare looks at the claims of one app.
func (s *survey) compare(some []int) error {
	space, err := s.space(some)
	if err != nil {
		return err
	}
	for k, i := range some {
		if s.empty[i], err = space.Empty(k); err != nil {
			return err
		}
	}
	asked := func(i, j int) bool {
		a, b := some[i], some[j]
		switch p, q := s.all[a].Priority, s.all[b].Priority; {
		case p < q:
			return !s.crowded[a]
		case p > q:
			return !s.crowded[b]
		}
		return s.all[a].Version != s.all[b].Version && len(s.rivals) < mostRivals
	}
	for pair, err := range space.Overlaps(asked) {
		if err != nil {
			return err
		}
		a, b := some[pair[0]], some[pair[1]]
		if s.all[a].Priority == s.all[b].Priority {
			s.rivals = append(s.rivals, [2]int{a, b})
			continue
		}
		if s.all[a].Priority > s.all[b].Priority {
			a, b = b, a
		}
		s.higher[a] = append(s.higher[a], b)
		s.crowded[a] = len(s.higher[a]) > mostHigher
	}
	return nil
}

// above are the claims that may take a device from the i-th.
func (s *survey) above(i int) []analysis.Predicate {
	some := s.higher[i]
	if s.crowded[i] {
		some = slices.DeleteFunc(slices.Clone(s.byApp[s.all[i].App]), func(j int) bool { return s.all[j].Priority <= s.all[i].Priority })
	}
	var on []analysis.Predicate
	for _, j := range some {
		on = append(on, s.all[j].On)
	}
	return on
}

// wins is true of the devices on which no claim of higher priority takes the app from the i-th.
func (s *survey) wins(i int) analysis.Predicate {
	return analysis.Both(s.all[i].On, analysis.Not(analysis.Either(s.above(i)...)))
}
