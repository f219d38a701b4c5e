package oracletest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Node is a word or a list of nodes.
type Node struct {
	word string
	list []Node
	leaf bool
}

// W is a word.
func W(word string) Node { return Node{word: word, leaf: true} }

// L is a list.
func L(nodes ...Node) Node { return Node{list: nodes} }

// Call is a list that starts with a word.
func Call(head string, args ...Node) Node { return L(append([]Node{W(head)}, args...)...) }

// Words is a list of words.
func Words[S ~string](words ...S) Node {
	n := L()
	for _, w := range words {
		n.list = append(n.list, W(string(w)))
	}
	return n
}

// Flag is yes or no.
func Flag(b bool) Node {
	if b {
		return W("yes")
	}
	return W("no")
}

// Num is a number.
func Num(n int) Node { return W(strconv.Itoa(n)) }

// String is the node as it stands in a line.
func (n Node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n Node) write(b *strings.Builder) {
	if n.leaf {
		writeWord(b, n.word)
		return
	}
	b.WriteByte('(')
	for i, x := range n.list {
		if i > 0 {
			b.WriteByte(' ')
		}
		x.write(b)
	}
	b.WriteByte(')')
}

func writeWord(b *strings.Builder, w string) {
	if w == "" {
		b.WriteByte('~')
	}
	for _, c := range []byte(w) {
		if plain(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(b, "%%%02X", c)
		}
	}
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.:/@+=,", c) >= 0
}

// Parse reads a line.
func Parse(line string) (Node, error) {
	n, rest, err := parse(line)
	if err != nil {
		return Node{}, err
	}
	if rest != "" {
		return Node{}, fmt.Errorf("more after the list: %q", rest)
	}
	return n, nil
}

func parse(s string) (Node, string, error) {
	if s == "" {
		return Node{}, "", fmt.Errorf("unclosed list")
	}
	if s[0] != '(' {
		end := strings.IndexAny(s, " ()")
		if end < 0 {
			end = len(s)
		}
		w, err := readWord(s[:end])
		return W(w), s[end:], err
	}
	n := L()
	for s = s[1:]; ; {
		s = strings.TrimLeft(s, " ")
		if strings.HasPrefix(s, ")") {
			return n, s[1:], nil
		}
		x, rest, err := parse(s)
		if err != nil {
			return Node{}, "", err
		}
		n.list, s = append(n.list, x), rest
	}
}

func readWord(w string) (string, error) {
	if w == "~" {
		return "", nil
	}
	var b strings.Builder
	for i := 0; i < len(w); i++ {
		if w[i] != '%' {
			b.WriteByte(w[i])
			continue
		}
		if i+2 >= len(w) {
			return "", fmt.Errorf("short escape in %q", w)
		}
		c, err := strconv.ParseUint(w[i+1:i+3], 16, 8)
		if err != nil {
			return "", fmt.Errorf("bad escape in %q", w)
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), nil
}

// compare orders nodes as the program does: words before lists, lists from their start.
func (n Node) compare(m Node) int {
	switch {
	case n.leaf && m.leaf:
		return strings.Compare(n.word, m.word)
	case n.leaf:
		return -1
	case m.leaf:
		return 1
	}
	return slices.CompareFunc(n.list, m.list, Node.compare)
}

// sorted is a set of nodes: in order, each once.
func sorted(nodes []Node) Node {
	slices.SortFunc(nodes, Node.compare)
	return L(slices.CompactFunc(nodes, func(a, b Node) bool { return a.compare(b) == 0 })...)
}

// The readers below take lines of this package's own making apart: what does not fit is a bug here.

func (n Node) fail(what string) { panic("oracletest: no " + what + ": " + n.String()) }

func (n Node) text() string {
	if !n.leaf {
		n.fail("word")
	}
	return n.word
}

func (n Node) all() []Node {
	if n.leaf {
		n.fail("list")
	}
	return n.list
}

// args are the rest of a list of that head and length; ok is false if it is another one.
func (n Node) args(head string, count int) ([]Node, bool) {
	if n.leaf || len(n.list) != count+1 || !n.list[0].leaf || n.list[0].word != head {
		return nil, false
	}
	return n.list[1:], true
}

func (n Node) texts() []string {
	var out []string
	for _, x := range n.all() {
		out = append(out, x.text())
	}
	return out
}

func (n Node) pair() (Node, Node) {
	l := n.all()
	if len(l) != 2 {
		n.fail("pair")
	}
	return l[0], l[1]
}

func (n Node) flag() bool {
	switch n.text() {
	case "yes":
		return true
	case "no":
		return false
	}
	n.fail("yes or no")
	return false
}

func (n Node) number() int {
	i, err := strconv.Atoi(n.text())
	if err != nil {
		n.fail("number")
	}
	return i
}

// Set is the text of a list's members in order, each once.
func (n Node) Set() string { return sorted(slices.Clone(n.all())).String() }

// SetOf is Set of an answer that is a list.
func SetOf(answer string) string {
	n, err := Parse(answer)
	if err != nil {
		panic("oracletest: " + err.Error())
	}
	return n.Set()
}
