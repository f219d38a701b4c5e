package importers

import (
	"fmt"
	"regexp"
	"strconv"
)

// subscript is [from] or [from:to] behind a pattern, both ends included.
type subscript struct {
	from, to int
	single   bool
}

var subscripted = regexp.MustCompile(`^(.+)\[(?:(-?[0-9]{1,9})|([0-9]{1,9})[:-]([0-9]{0,9}))\]$`)

func cutSubscript(p string) (string, *subscript) {
	m := subscripted.FindStringSubmatch(p)
	if m == nil {
		return p, nil
	}
	s := &subscript{to: -1}
	if m[2] != "" {
		s.from, _ = strconv.Atoi(m[2])
		s.single = true
		return m[1], s
	}
	s.from, _ = strconv.Atoi(m[3])
	if m[4] != "" {
		s.to, _ = strconv.Atoi(m[4])
	}
	s.single = s.to == 0 // as Ansible has it: [1:0] is [1]
	return m[1], s
}

// pick is the hosts that a subscript chooses.
func (o AnsibleOptions) pick(p token, f found, s *subscript) (term, error) {
	var list []string
	ordered := true
	for _, g := range f.groups {
		list = append(list, g.Hosts...)
		ordered = ordered && (g.Ordered || len(g.Hosts) < 2)
	}
	list = append(list, f.hosts...)
	ordered = ordered && (!o.Inventory.Unordered || len(f.hosts) < 2)
	from, to := s.from, s.to
	switch {
	case len(list) == 0:
		return o.hosts(nil), nil
	case !ordered:
		return term{}, refuse(p.start, p.end, "the hosts of "+p.text+" are in no known order", "name the hosts that are meant")
	case s.single && from < 0:
		from += len(list)
	}
	if s.single {
		if from < 0 || from >= len(list) {
			return term{}, refuse(p.start, p.end, fmt.Sprintf("%s is beyond the %d hosts there", p.text, len(list)), "")
		}
		to = from
	} else if to < 0 || to >= len(list) {
		to = len(list) - 1
	}
	if from > to {
		return o.hosts(nil), nil
	}
	return o.hosts(joinNames(',', nil, list[from:to+1])), nil
}
