package analysis

import (
	"cmp"
	"strings"
)

// numberMachine says how a text that is a number compares with a constant. It reads digit by
// digit, as the relation of two decimals of one length is that of their first digits that differ.
// Numbers are compared as they are written: that two of more than 17 digits may be one
// floating-point number is left out, and so such texts are not looked for.
type numberMachine struct {
	interned[numberState]
	negative bool
	whole    string // the constant without leading zeros
	fraction string // and without trailing ones
}

// What a machine that compares says.
const (
	unreadable byte = iota
	less
	equal
	greater
)

type numberState struct {
	at       numberPlace
	negative bool
	nonzero  bool
	digits   int // significant ones before the point, up to one more than the constant has
	order    int // of the digits so far, as far as both have them
	places   int // behind the point, up to as many as the constant has
}

type numberPlace uint8

const (
	numberStart numberPlace = iota
	numberSigned
	numberWhole
	numberPoint
	numberFraction
	numberDead
)

func newNumberMachine(constant string) *numberMachine {
	m := &numberMachine{}
	constant, m.negative = strings.CutPrefix(constant, "-")
	m.whole, m.fraction, _ = strings.Cut(constant, ".")
	m.whole, m.fraction = strings.TrimLeft(m.whole, "0"), strings.TrimRight(m.fraction, "0")
	if m.whole == "" && m.fraction == "" {
		m.negative = false
	}
	return m
}

func (m *numberMachine) start() int { return m.id(numberState{}) }

func (m *numberMachine) step(state int, r rune) int {
	s := m.states[state]
	digit := r >= '0' && r <= '9'
	switch {
	case s.at == numberStart && r == '-':
		s.at, s.negative = numberSigned, true
	case digit && s.at <= numberWhole:
		s.at = numberWhole
		s = m.wholeDigit(s, byte(r))
	case s.at == numberWhole && r == '.':
		s.at = numberPoint
		if s.digits != len(m.whole) {
			s.order = cmp.Compare(s.digits, len(m.whole))
		}
	case digit && (s.at == numberPoint || s.at == numberFraction):
		s.at = numberFraction
		s = m.fractionDigit(s, byte(r))
	default:
		s = numberState{at: numberDead}
	}
	return m.id(s)
}

func (m *numberMachine) wholeDigit(s numberState, d byte) numberState {
	s.nonzero = s.nonzero || d != '0'
	if !s.nonzero {
		return s
	}
	if s.digits < len(m.whole) && s.order == 0 {
		s.order = cmp.Compare(d, m.whole[s.digits])
	}
	if s.digits++; s.digits > len(m.whole) {
		s.digits, s.order = len(m.whole)+1, 1
	}
	return s
}

func (m *numberMachine) fractionDigit(s numberState, d byte) numberState {
	s.nonzero = s.nonzero || d != '0'
	if s.order != 0 {
		s.places = 0
		return s
	}
	constant := byte('0')
	if s.places < len(m.fraction) {
		constant = m.fraction[s.places]
		s.places++
	}
	if s.order = cmp.Compare(d, constant); s.order != 0 {
		s.places = 0
	}
	return s
}

func (m *numberMachine) verdict(state int) byte {
	s := m.states[state]
	if s.at != numberWhole && s.at != numberFraction {
		return unreadable
	}
	order := s.order
	if s.at == numberWhole && s.digits != len(m.whole) {
		order = cmp.Compare(s.digits, len(m.whole))
	}
	if order == 0 && s.places < len(m.fraction) {
		order = -1
	}
	negative := s.negative && s.nonzero
	switch {
	case negative && m.negative:
		order = -order
	case negative:
		order = -1
	case m.negative:
		order = 1
	}
	return byte(order + int(equal))
}
