package inventory

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// mostHosts is how many hosts one range may stand for.
const mostHosts = 1_000_000

// expandHosts lists the hosts of web[01:10].example.org, without the port of web1:2222.
func expandHosts(pattern string) ([]string, error) {
	list, err := expandRanges(WithoutPort(pattern), 0)
	if err != nil {
		return nil, fmt.Errorf("host %s: %w", pattern, err)
	}
	for _, h := range list {
		if strings.HasSuffix(h, ":") || h == "---" || h == "" {
			return nil, fmt.Errorf("%q is no host", h)
		}
	}
	return list, nil
}

// expandRanges expands the first range, and those behind it.
func expandRanges(s string, depth int) ([]string, error) {
	open := strings.IndexByte(s, '[')
	if open < 0 {
		return []string{s}, nil
	}
	length := strings.IndexByte(s[open:], ']')
	if length < 0 || depth > 8 {
		return nil, errors.New("a range that is not closed")
	}
	head, inner, tail := s[:open], s[open+1:open+length], s[open+length+1:]
	values, err := rangeValues(inner)
	if err != nil {
		return nil, err
	}
	rest, err := expandRanges(tail, depth+1)
	if err != nil {
		return nil, err
	}
	if len(values)*len(rest) > mostHosts {
		return nil, fmt.Errorf("a range of more than %d hosts", mostHosts)
	}
	out := make([]string, 0, len(values)*len(rest))
	for _, v := range values {
		for _, r := range rest {
			out = append(out, head+v+r)
		}
	}
	return out, nil
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// rangeValues lists begin:end[:step]; an empty begin is 0.
func rangeValues(s string) ([]string, error) {
	bounds := strings.Split(s, ":")
	if len(bounds) != 2 && len(bounds) != 3 {
		return nil, errors.New("a range is begin:end or begin:end:step")
	}
	begin, end, step := bounds[0], bounds[1], 1
	if len(bounds) == 3 {
		n, err := strconv.Atoi(bounds[2])
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no step", bounds[2])
		}
		step = n
	}
	if begin == "" {
		begin = "0"
	}
	if end == "" {
		return nil, errors.New("a range without its end")
	}
	if len(begin) == 1 && len(end) == 1 {
		if from, to := strings.Index(letters, begin), strings.Index(letters, end); from >= 0 && to >= 0 {
			if from > to {
				return nil, errors.New("a range that ends before it begins")
			}
			var out []string
			for i := from; i <= to; i += step {
				out = append(out, letters[i:i+1])
			}
			return out, nil
		}
	}
	width := 0
	if begin[0] == '0' && len(begin) > 1 {
		if width = len(begin); width != len(end) {
			return nil, errors.New("the ends of a range with leading zeros have the same length")
		}
	}
	from, err := strconv.Atoi(begin)
	to, err2 := strconv.Atoi(end)
	if err != nil || err2 != nil || from < 0 || to-from > mostHosts {
		return nil, fmt.Errorf("%q is no range of numbers or letters", s)
	}
	var out []string
	for n := from; n <= to; n += step {
		out = append(out, fmt.Sprintf("%0*d", width, n))
	}
	return out, nil
}
