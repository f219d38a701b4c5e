package importers

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// mostNodes is how many names one nodeset may stand for.
const mostNodes = 1_000_000

// maxNumber is the length of the numbers that are read; ClusterShell has no limit but memory.
const maxNumber = 18

// expand lists the names that folded nodes stand for. Digits beside a bracket belong to its
// numbers, as ClusterShell has it: n1[2-3] is n12, n13 and n[2-3]0 is n20, n30.
func (r *nodesets) expand(s string, from, to int) ([]string, error) {
	names := []string{""}
	for at := from; at < to; {
		open := strings.IndexByte(s[at:to], '[')
		if open < 0 {
			return r.times(names, []string{s[at:to]}, from, to)
		}
		open += at
		end := open + strings.IndexByte(s[open:to], ']')
		inner, prefix := s[open+1:end], s[at:open]
		at = end + 1
		for at < to && s[at] >= '0' && s[at] <= '9' {
			at++
		}
		if at < to && s[at] == '[' {
			return nil, refuse(at, at+1, "[ directly behind ]", "")
		}
		why := ""
		if trailing := s[end+1 : at]; trailing != "" {
			inner, why = behind(inner, trailing)
		}
		var numbers []string
		if why == "" {
			numbers, why = rangeNumbers(inner)
		}
		if leading := prefix[len(strings.TrimRight(prefix, digits)):]; leading != "" && why == "" {
			prefix = strings.TrimRight(prefix, digits)
			numbers, why = before(leading, numbers)
		}
		if why != "" {
			return nil, refuse(open, end+1, why, "")
		}
		var err error
		if names, err = r.times(names, []string{prefix}, from, to); err == nil {
			names, err = r.times(names, numbers, from, to)
		}
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

// times appends each end to each name.
func (r *nodesets) times(names, ends []string, from, to int) ([]string, error) {
	if r.expands += len(names) * len(ends); r.expands > 4*mostNodes {
		return nil, refuse(from, to, fmt.Sprintf("a nodeset of more than %d names", mostNodes), "select the devices by a label instead")
	}
	out := make([]string, 0, len(names)*len(ends))
	for _, n := range names {
		for _, e := range ends {
			out = append(out, n+e)
		}
	}
	return out, nil
}

// behind moves digits that follow a bracket into it: [1-3]0 is [10-30/10].
func behind(inner, trailing string) (string, string) {
	if strings.Contains(inner, "/") {
		return "", "digits behind a range with steps"
	}
	parts := strings.Split(inner, ",")
	for i, p := range parts {
		bounds := strings.Split(p, "-")
		for j := range bounds {
			bounds[j] += trailing
		}
		parts[i] = strings.Join(bounds, "-")
		if len(bounds) > 1 {
			parts[i] += "/1" + strings.Repeat("0", len(trailing))
		}
	}
	return strings.Join(parts, ","), ""
}

// before moves digits that stand before a bracket into it, range by range: 1[2-3] is [12-13].
// So it is for ClusterShell, also where the bounds have different lengths: 1[8-12] is [18-112].
func before(leading string, numbers []string) ([]string, string) {
	numbers = slices.Clone(numbers)
	values := make(map[string]int, len(numbers))
	for _, n := range numbers {
		values[n], _ = strconv.Atoi(n)
		if len(n) != len(numbers[0]) && (isPadded(n) || isPadded(numbers[0])) {
			return nil, "digits before numbers of which only some have leading zeros"
		}
	}
	slices.SortFunc(numbers, func(a, b string) int { return cmp.Compare(values[a], values[b]) })
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && values[numbers[j+1]] == values[numbers[j]]+1 {
			j++
		}
		part := leading + numbers[i]
		if j > i {
			part += "-" + leading + numbers[j]
		}
		parts = append(parts, part)
		i = j + 1
	}
	return rangeNumbers(strings.Join(parts, ","))
}

func isPadded(n string) bool { return len(n) > 1 && n[0] == '0' }

// rangeNumbers lists the numbers of 1-9,12,20-40/2, each once; or says what is wrong.
func rangeNumbers(ranges string) (list []string, why string) {
	seen := map[string]bool{}
	for part := range strings.SplitSeq(ranges, ",") {
		one, why := oneRange(strings.TrimSpace(part))
		if why != "" {
			return nil, why
		}
		for _, n := range one {
			if !seen[n] {
				seen[n] = true
				list = append(list, n)
			}
		}
		if len(list) > mostNodes {
			return nil, fmt.Sprintf("a range of more than %d numbers", mostNodes)
		}
	}
	return list, ""
}

// oneRange lists the numbers of 5, 1-9 or 1-9/2.
func oneRange(s string) ([]string, string) {
	bounds, stepText, stepped := strings.Cut(s, "/")
	first, last, isRange := strings.Cut(bounds, "-")
	first, last = strings.TrimSpace(first), strings.TrimSpace(last)
	if !isRange {
		last = first
	}
	from, ok := number(first)
	to, ok2 := number(last)
	step := uint64(1)
	if stepped {
		var ok3 bool
		if step, ok3 = number(strings.TrimSpace(stepText)); !ok3 || step == 0 || !isRange && step != 1 {
			return nil, fmt.Sprintf("%q is no step of a range", stepText)
		}
	}
	switch {
	case s == "":
		return nil, "an empty range"
	case strings.HasPrefix(bounds, "-"):
		return nil, "a range of negative numbers"
	case !ok || !ok2:
		return nil, fmt.Sprintf("%q is no range of numbers", s)
	case from > to:
		return nil, fmt.Sprintf("the range %s ends before it starts", s)
	case (isPadded(first) || isPadded(last) && to != 0) && len(first) != len(last):
		return nil, fmt.Sprintf("the ends of %s are not padded alike", s)
	case (to-from)/step >= mostNodes:
		return nil, fmt.Sprintf("a range of more than %d numbers", mostNodes)
	}
	width := 0
	if isPadded(first) {
		width = len(first)
	}
	list := make([]string, 0, (to-from)/step+1)
	for n := from; n <= to; n += step {
		list = append(list, fmt.Sprintf("%0*d", width, n))
	}
	return list, ""
}

func number(s string) (uint64, bool) {
	if s == "" || len(s) > maxNumber || strings.Trim(s, digits) != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil
}
