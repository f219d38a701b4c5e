package selectors

import (
	"strings"
)

// Versions are not ordered as the integers are, nor as the rationals:
//
//   - right above a prerelease stands the one with an identifier 0 more: 1.0-rc < 1.0-rc.0, and
//     nothing is between;
//   - right above a release stands nothing: 1.0 < 1.0.0.1 < 1.0.1, with as many zeros as one likes;
//   - the least of all is 0-0.
//
// So whether there is a version between two is seen by looking right above the lower one.

// above are versions above v: nice ones, and last one that is below any of the constants that are
// above v. lowest is what a prerelease goes on with.
func (v version) above(constants []string, lowest string) []string {
	if v.prerelease != "" {
		return []string{v.numbers, v.numbers + "-" + v.prerelease + "." + lowest}
	}
	out := v.bumped()
	return append(out, v.numbers+strings.Repeat(".0", numbersLongest(constants))+".1")
}

// kernelAbove is above for kernels, whose only prereleases are rc and a number: each of them is
// followed by the next.
func (v version) kernelAbove(constants []string) []string {
	digits, ok := strings.CutPrefix(v.prerelease, "rc.")
	if !ok {
		return v.above(constants, "")
	}
	return []string{v.numbers, v.numbers + "-rc" + successor(digits)}
}

// bumped are the releases in which one of the numbers is one more, and those behind it are zero.
func (v version) bumped() []string {
	numbers := strings.Split(v.numbers, ".")
	var out []string
	for i := len(numbers) - 1; i >= 0; i-- {
		bumped := append([]string{}, numbers...)
		bumped[i] = successor(numbers[i])
		for j := i + 1; j < len(bumped); j++ {
			bumped[j] = "0"
		}
		out = append(out, strings.Join(bumped, "."))
	}
	return append(out, v.numbers+".1")
}

// successor is the number after one of any length.
func successor(digits string) string {
	b := []byte(digits)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != '9' {
			b[i]++
			return string(b)
		}
		b[i] = '0'
	}
	return "1" + strings.Repeat("0", len(digits))
}
