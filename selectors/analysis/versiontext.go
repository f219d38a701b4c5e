package analysis

import (
	"cmp"
	"strings"
)

// versionMachine says how a text that is a version compares with a constant: dotted numbers one
// by one, those that are missing being zero, then the identifiers of the prerelease.
type versionMachine struct {
	interned[versionState]
	numbers     []string // of the constant, without leading zeros
	identifiers []string // of its prerelease; none for a release
}

// versionState is where in a version a text is, and how it compares so far.
type versionState struct {
	at    versionPlace
	order int // decided by what is complete
	index int // of the number or identifier, up to one more than the constant has
	// Of the number or identifier that is being read: its significant digits, how they compare
	// with the constant's; how its bytes do, and how many there are; whether a letter was seen.
	digits, byDigits int
	length, byBytes  int
	word             bool
}

type versionPlace uint8

const (
	versionStart      versionPlace = iota
	versionMarked                  // after a v
	versionPoint                   // a number must follow
	versionNumber                  //
	versionHyphen                  // an identifier must follow
	versionIdentifier              //
	versionBuild                   // whatever follows is dropped
	versionDead
)

func newVersionMachine(constant string) *versionMachine {
	constant, _, _ = strings.Cut(strings.TrimPrefix(constant, "v"), "+")
	numbers, prerelease, marked := strings.Cut(constant, "-")
	m := &versionMachine{}
	for n := range strings.SplitSeq(numbers, ".") {
		m.numbers = append(m.numbers, strings.TrimLeft(n, "0"))
	}
	if marked {
		m.identifiers = strings.Split(prerelease, ".")
	}
	return m
}

func (m *versionMachine) start() int { return m.id(versionState{}) }

func (m *versionMachine) step(state int, r rune) int {
	s := m.states[state]
	digit := r >= '0' && r <= '9'
	letter := r|0x20 >= 'a' && r|0x20 <= 'z' || r == '-'
	switch s.at {
	case versionStart, versionMarked, versionPoint, versionNumber:
		switch {
		case s.at == versionStart && r == 'v':
			s.at = versionMarked
		case digit:
			s.at = versionNumber
			s = s.digit(byte(r), m.number(s.index))
		case s.at == versionNumber && r == '.':
			s = m.endNumber(s)
			s.at = versionPoint
		case s.at == versionNumber && r == '-':
			s = m.endNumbers(s)
			s.at = versionHyphen
		case s.at == versionNumber && r == '+':
			s = versionState{at: versionBuild, order: m.order(s)}
		default:
			s = versionState{at: versionDead}
		}
	case versionHyphen, versionIdentifier:
		switch {
		case digit || letter && r < 0x7f:
			s.at = versionIdentifier
			s = m.identifierByte(s, byte(r), digit)
		case s.at == versionIdentifier && r == '.':
			s = m.endIdentifier(s)
			s.at = versionHyphen
		case s.at == versionIdentifier && r == '+':
			s = versionState{at: versionBuild, order: m.order(s)}
		default:
			s = versionState{at: versionDead}
		}
	case versionBuild, versionDead:
	}
	return m.id(s.settled())
}

// settled forgets what no longer matters, so that there are few states.
func (s versionState) settled() versionState {
	if s.order != 0 {
		return versionState{at: s.at, order: s.order}
	}
	return s
}

func (m *versionMachine) number(index int) string {
	if index < len(m.numbers) {
		return m.numbers[index]
	}
	return ""
}

// digit reads a digit of a number that is compared with another.
func (s versionState) digit(d byte, with string) versionState {
	if s.digits == 0 && d == '0' {
		return s
	}
	if s.digits < len(with) && s.byDigits == 0 {
		s.byDigits = cmp.Compare(d, with[s.digits])
	}
	if s.digits++; s.digits > len(with) {
		s.digits, s.byDigits = len(with)+1, 1
	}
	return s
}

func (s versionState) numeric(with string) int {
	return cmp.Or(cmp.Compare(s.digits, len(with)), s.byDigits)
}

// endNumber takes the number that was read into the order.
func (m *versionMachine) endNumber(s versionState) versionState {
	return versionState{at: s.at, order: cmp.Or(s.order, s.numeric(m.number(s.index))), index: min(s.index+1, len(m.numbers))}
}

// endNumbers takes into the order that no more numbers come.
func (m *versionMachine) endNumbers(s versionState) versionState {
	s = m.endNumber(s)
	for _, rest := range m.numbers[s.index:] {
		if rest != "" && s.order == 0 {
			s.order = -1
		}
	}
	if s.order == 0 && m.identifiers == nil {
		s.order = -1 // a prerelease is below its release
		return s
	}
	s.index = 0
	return s
}

func (m *versionMachine) identifierByte(s versionState, b byte, digit bool) versionState {
	if s.order != 0 || s.index >= len(m.identifiers) {
		s.length = 1
		return s
	}
	with := m.identifiers[s.index]
	s.word = s.word || !digit
	if digit && isNumber(with) {
		s = s.digit(b, strings.TrimLeft(with, "0"))
	}
	if s.byBytes == 0 {
		if s.length < len(with) {
			s.byBytes = cmp.Compare(b, with[s.length])
		} else {
			s.byBytes = 1
		}
	}
	s.length = min(s.length+1, len(with)+1)
	return s
}

// endIdentifier takes the identifier that was read into the order.
func (m *versionMachine) endIdentifier(s versionState) versionState {
	out := versionState{at: s.at, order: s.order, index: s.index + 1}
	switch {
	case s.order != 0:
	case s.index >= len(m.identifiers):
		out.order = 1
	default:
		with := m.identifiers[s.index]
		switch number := isNumber(with); {
		case !s.word && number:
			out.order = s.numeric(strings.TrimLeft(with, "0"))
		case !s.word:
			out.order = -1
		case number:
			out.order = 1
		default:
			out.order = cmp.Or(s.byBytes, cmp.Compare(s.length, len(with)))
		}
	}
	return out
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// order is how the text compares if it ends here.
func (m *versionMachine) order(s versionState) int {
	switch s.at {
	case versionNumber:
		s = m.endNumber(s)
		for _, rest := range m.numbers[s.index:] {
			if rest != "" && s.order == 0 {
				s.order = -1
			}
		}
		if s.order == 0 && m.identifiers != nil {
			s.order = 1
		}
	case versionIdentifier:
		if s = m.endIdentifier(s); s.order == 0 && s.index < len(m.identifiers) {
			s.order = -1
		}
	case versionStart, versionMarked, versionPoint, versionHyphen, versionBuild, versionDead:
	}
	return s.order
}

func (m *versionMachine) verdict(state int) byte {
	switch s := m.states[state]; s.at {
	case versionNumber, versionIdentifier, versionBuild:
		return byte(m.order(s) + int(equal))
	case versionStart, versionMarked, versionPoint, versionHyphen, versionDead:
	}
	return unreadable
}
