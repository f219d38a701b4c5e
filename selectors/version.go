package selectors

import (
	"cmp"
	"strings"
)

// version is a parsed version: dotted numbers and a prerelease. Build metadata is dropped.
type version struct {
	numbers    string // 22.04
	prerelease string // rc.1; empty for a release
}

// parseVersion reads [v]N{.N}[-prerelease][+build]. It has as many numbers as it likes, so
// that 12, 22.04 and 4.3.1.2 are versions too.
func parseVersion(s string) (version, bool) {
	s = strings.TrimPrefix(s, "v")
	s, _, _ = strings.Cut(s, "+")
	numbers, prerelease, marked := strings.Cut(s, "-")
	if !dotted(numbers, isDigit) || marked && !dotted(prerelease, isIdentifierByte) {
		return version{}, false
	}
	return version{numbers, prerelease}, true
}

// parseKernel reads a kernel release. What distributions append to the version, as in
// 6.1.0-18-amd64, marks a later build and not an earlier one, so it is dropped; -rc stays.
func parseKernel(s string) (version, bool) {
	numbers, suffix, _ := strings.Cut(s, "-")
	suffix, _, _ = strings.Cut(suffix, "-")
	numbers, _, _ = strings.Cut(numbers, "+")
	suffix, _, _ = strings.Cut(suffix, "+")
	if !isCandidate(suffix) {
		return parseVersion(numbers)
	}
	return parseVersion(numbers + "-rc." + suffix[2:]) // so that rc2 is below rc10
}

// isCandidate reports whether a kernel suffix is rc and digits.
func isCandidate(suffix string) bool {
	digits, ok := strings.CutPrefix(suffix, "rc")
	return ok && dotted(digits, isDigit) && !strings.Contains(digits, ".")
}

// dotted reports whether s is non-empty runs of ok bytes with dots between them.
func dotted(s string, ok func(byte) bool) bool {
	run := 0
	for i := range len(s) {
		switch {
		case ok(s[i]):
			run++
		case s[i] == '.' && run > 0:
			run = 0
		default:
			return false
		}
	}
	return run > 0
}

func isIdentifierByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '-' }

// compare is semver's precedence; numbers that are missing count as zero, so 1.2 = 1.2.0.
func (v version) compare(o version) int {
	a, b := v.numbers, o.numbers
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		if c := compareDigits(x, y); c != 0 {
			return c
		}
	}
	if (v.prerelease == "") != (o.prerelease == "") {
		if v.prerelease == "" {
			return 1
		}
		return -1
	}
	return comparePrerelease(v.prerelease, o.prerelease)
}

// comparePrerelease goes identifier by identifier: numbers by value and below words, words
// by their bytes, and fewer identifiers below more.
func comparePrerelease(a, b string) int {
	for a != "" && b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		xNumber, yNumber := dotted(x, isDigit), dotted(y, isDigit)
		c := 0
		switch {
		case xNumber && yNumber:
			c = compareDigits(x, y)
		case xNumber:
			c = -1
		case yNumber:
			c = 1
		default:
			c = strings.Compare(x, y)
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compareDigits compares numbers of any length by value; no digits count as zero.
func compareDigits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// kernelText is the version as parseKernel reads it.
func (v version) kernelText() string {
	if v.prerelease == "" {
		return v.numbers
	}
	return v.numbers + "-" + strings.Replace(v.prerelease, ".", "", 1)
}
