package analysis

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// addressMachine says whether a text is an address, and whether that lies in a network. The
// place of a group in an IPv6 address is known only at its end, as :: stands for any number of
// zeros, and so is the place of a digit in its group: the machine guesses both, and its state is
// the set of guesses that are still right. Texts of whole networks are left to the landmarks.
type addressMachine struct {
	threads interned[addressThread]
	sets    interned[string]
	members [][]int
	network [16]byte // as an IPv6 address, an IPv4 one mapped
	bits    int
	four    bool
}

// addressThread is a guess of what is being read.
type addressThread struct {
	at     addressPlace
	group  int8 // of IPv6, 0 to 7; 8 is the end
	digits int8 // of the group that are still to come, or of an octet that were read
	octet  int8 // of IPv4
	value  uint8
	plain  bool // IPv4 with nothing before it
	zeros  bool // :: was read
	inside bool // so far as in the network
	mapped bool // so far as ::ffff:0:0/96
}

type addressPlace uint8

const (
	addressGroup  addressPlace = iota // within a group
	addressEnd                        // behind a complete group, or before all
	addressColon                      // behind the first colon of ::, where nothing else may follow
	addressOctet                      // within or before an octet
	addressLength                     // behind the slash, value digits of the length read
)

func newAddressMachine(constant string) *addressMachine {
	m := &addressMachine{}
	n, err := netip.ParsePrefix(constant)
	if err != nil {
		a := netip.MustParseAddr(constant).Unmap()
		n = netip.PrefixFrom(a, a.BitLen())
	}
	m.network, m.bits, m.four = n.Addr().As16(), n.Bits(), n.Addr().Is4()
	if m.four {
		m.bits += 96
	}
	return m
}

func (m *addressMachine) set(threads []addressThread) int {
	var ids []int
	for _, t := range threads {
		t.inside = t.inside && (t.mapped || !m.four)
		t.mapped = t.mapped && t.inside
		if id := m.threads.id(t); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	n := m.sets.id(signature(ids))
	if n == len(m.members) {
		m.members = append(m.members, ids)
	}
	return n
}

func (m *addressMachine) start() int {
	first := addressThread{inside: true, mapped: true}
	out := m.beginGroup(first)
	four := m.groups(first, 6) // IPv4 alone compares as mapped does
	four.at, four.plain, four.group, four.inside = addressOctet, true, 6, m.agreesMapped()
	four.mapped = true
	return m.set(append(out, four, addressThread{at: addressEnd, inside: true, mapped: true}))
}

// agreesMapped reports whether the network's first 96 bits, or fewer, are those of mapped addresses.
func (m *addressMachine) agreesMapped() bool {
	for i := range 12 {
		if !m.agrees(i, mappedByte(i), 0xff) {
			return false
		}
	}
	return m.four
}

func mappedByte(i int) byte {
	if i >= 10 && i < 12 {
		return 0xff
	}
	return 0
}

// agrees compares some bits of the i-th byte with the network's, as far as it has them.
func (m *addressMachine) agrees(i int, value, mask byte) bool {
	have := min(max(m.bits-8*i, 0), 8)
	return (value^m.network[i])&mask&^byte(0xff>>have) == 0
}

// groups passes zeros from the thread's group up to another.
func (m *addressMachine) groups(t addressThread, to int8) addressThread {
	for ; t.group < to; t.group++ {
		t = m.digit(m.digit(m.digit(m.digit(t, 0, 0), 1, 0), 2, 0), 3, 0)
	}
	return t
}

// digit takes the n-th hexadecimal digit of the thread's group.
func (m *addressMachine) digit(t addressThread, n int8, value byte) addressThread {
	at, mask := int(2*t.group+n/2), byte(0x0f)
	if n%2 == 0 {
		value, mask = value<<4, 0xf0
	}
	t.inside = t.inside && m.agrees(at, value, mask)
	t.mapped = t.mapped && (at >= 12 || value == mappedByte(at)&mask)
	return t
}

// beginGroup guesses how many digits the next group has, or that the rest is IPv4.
func (m *addressMachine) beginGroup(t addressThread) []addressThread {
	var out []addressThread
	for digits := int8(1); digits <= 4 && t.group < 8; digits++ {
		u := t
		u.at, u.digits = addressGroup, digits
		for n := range 4 - digits {
			u = m.digit(u, n, 0)
		}
		out = append(out, u)
	}
	if t.group == 6 {
		t.at = addressOctet
		out = append(out, t)
	}
	return out
}

func (m *addressMachine) step(state int, r rune) int {
	var out []addressThread
	for _, id := range m.members[state] {
		out = append(out, m.follow(m.threads.states[id], r)...)
	}
	return m.set(out)
}

func (m *addressMachine) follow(t addressThread, r rune) []addressThread {
	switch t.at {
	case addressGroup:
		value, ok := hexadecimal(r)
		if !ok {
			return nil
		}
		t = m.digit(t, 4-t.digits, value)
		if t.digits--; t.digits == 0 {
			t.at = addressEnd
			t.group++
		}
		return []addressThread{t}
	case addressEnd:
		switch {
		case r == ':' && t.group < 8:
			colon := t
			colon.at = addressColon
			switch {
			case t.group == 0: // nothing was read
				return []addressThread{colon}
			case t.zeros:
				return m.beginGroup(t)
			}
			return append(m.beginGroup(t), colon)
		case r == '/' && t.group == 8:
			return []addressThread{{at: addressLength, inside: t.inside, mapped: t.mapped}}
		}
	case addressColon:
		if r != ':' {
			return nil
		}
		return m.afterZeros(t)
	case addressOctet:
		return m.inOctet(t, r)
	case addressLength:
		want := "128"
		if t.plain {
			want = "32"
		}
		if int(t.value) < len(want) && byte(r) == want[t.value] && r < 0x80 {
			t.value++
			return []addressThread{t}
		}
	}
	return nil
}

// afterZeros guesses how many groups :: stands for: at least one, and maybe all that are left.
func (m *addressMachine) afterZeros(t addressThread) []addressThread {
	var out []addressThread
	t.zeros = true
	for to := t.group + 1; to <= 8; to++ {
		u := m.groups(t, to)
		u.at = addressEnd
		if to == 8 {
			out = append(out, u)
			continue
		}
		out = append(out, m.beginGroup(u)...)
	}
	return out
}

// inOctet reads a digit or a point of an IPv4 address. The value of an octet is kept whole.
func (m *addressMachine) inOctet(t addressThread, r rune) []addressThread {
	switch {
	case r >= '0' && r <= '9':
		value := int(t.value)*10 + int(r-'0')
		if t.digits > 0 && t.value == 0 || value > 255 {
			return nil
		}
		t.value = uint8(value)
		t.digits++
		return []addressThread{m.narrowed(t)}
	case t.digits == 0:
		return nil
	case r == '.' && t.octet < 3:
		t = m.endOctet(t)
		t.octet++
		t.value, t.digits = 0, 0
		return []addressThread{t}
	case r == '/' && t.octet == 3:
		t = m.endOctet(t)
		return []addressThread{{at: addressLength, plain: t.plain, inside: t.inside, mapped: t.mapped}}
	}
	return nil
}

// narrowed forgets of an octet what no longer matters, so that there are few states.
func (m *addressMachine) narrowed(t addressThread) addressThread {
	at := 12 + int(t.octet)
	switch have := m.bits - 8*at; {
	case have >= 8 && !strings.HasPrefix(strconv.Itoa(int(m.network[at])), strconv.Itoa(int(t.value))):
		t.inside = false
	case have > 0 && t.inside:
		return t
	}
	switch v := t.value; {
	case t.digits == 1:
		t.value = min(v, 3) // 3 to 9 may be followed by one digit more
	case t.digits == 3:
		t.value = 100
	case v < 25:
		t.value = 10 // any digit may follow
	case v > 25:
		t.value = 26 // and here none
	}
	return t
}

func (m *addressMachine) endOctet(t addressThread) addressThread {
	t.inside = t.inside && m.agrees(12+int(t.octet), t.value, 0xff)
	return t
}

func hexadecimal(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r - '0'), true
	case r >= 'a' && r <= 'f':
		return byte(r-'a') + 10, true
	case r >= 'A' && r <= 'F':
		return byte(r-'A') + 10, true
	}
	return 0, false
}

// verdict is unreadable, less for an address outside the network, or equal for one inside.
func (m *addressMachine) verdict(state int) byte {
	for _, id := range m.members[state] {
		t := m.threads.states[id]
		whole := true
		switch t.at {
		case addressEnd:
			whole = t.group == 8
		case addressOctet:
			whole = t.octet == 3 && t.digits > 0
			t = m.endOctet(t)
		case addressLength:
			whole = t.plain && t.value == 2 || t.value == 3
			t.mapped = t.plain // with its length written, a mapped address stays as it is
		case addressGroup, addressColon:
			whole = false
		}
		if whole && t.inside && t.mapped == m.four {
			return equal
		}
		if whole {
			return less
		}
	}
	return unreadable
}
