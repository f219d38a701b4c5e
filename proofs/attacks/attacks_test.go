package attacks_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite ../ATTACKS.md")

// attack is one thing tried. try returns nil where it was refused, or what the attacker got.
type attack struct {
	id, what string
	try      func(s *stack) error
}

// chapters are all attacks, by what they aim at.
var chapters = []struct {
	name    string
	attacks []attack
}{
	{"Tokens", tokenAttacks},
	{"The issuer", issuerAttacks},
	{"The wire, as an enrolled device", wireAttacks},
	{"The office, as a viewer or an enroller", officeAttacks},
	{"Joining", joinAttacks},
	{"Changing keys", renewAttacks},
	{"Desired state", stateAttacks},
	{"Files and input", inputAttacks},
	{"Files on a device", fileAttacks},
}

func TestAttacks(t *testing.T) {
	s := newStack(t)
	n := 0
	for _, c := range chapters {
		for _, a := range c.attacks {
			n++
			t.Run(a.id, func(t *testing.T) {
				s.t = t
				before := s.records()
				if err := a.try(s); err != nil {
					t.Errorf("%s: %v", a.what, err)
				}
				if after := s.records(); before != after {
					t.Errorf("%s: the fleet's records changed:\n%s", a.what, changed(before, after))
				}
			})
		}
	}
	if n < 60 {
		t.Errorf("%d attacks, want at least 60", n)
	}
}

// TestAttacksAreSeen: an attack that succeeds is told, and so is one that changes a record.
func TestAttacksAreSeen(t *testing.T) {
	s := newStack(t)
	if err := s.refused(s.token(s.claims("d1"))); err == nil {
		t.Error("a good token passes for refused")
	}
	before := s.records()
	s.label("d1", "owned", "yes")
	if before == s.records() {
		t.Error("a changed label is not seen")
	}
}

// TestTable keeps proofs/ATTACKS.md what the attacks are.
func TestTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Attacks\n\nWritten from proofs/attacks by `go test ./proofs/attacks -run Table -update`. Each row is a test against the real\nparts; all are refused, and nothing in the fleet's records changes.\n")
	seen := map[string]bool{}
	for _, c := range chapters {
		fmt.Fprintf(&b, "\n## %s\n\n| id | tried | test |\n|---|---|---|\n", c.name)
		for _, a := range c.attacks {
			if seen[a.id] {
				t.Errorf("%s stands twice", a.id)
			}
			seen[a.id] = true
			fmt.Fprintf(&b, "| %s | %s | `proofs/attacks.TestAttacks/%s` |\n", a.id, a.what, a.id)
		}
	}
	if *update {
		if err := os.WriteFile("../ATTACKS.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("../ATTACKS.md")
	if err != nil || string(have) != b.String() {
		t.Errorf("proofs/ATTACKS.md is not what the attacks are (%v); run with -update", err)
	}
}

// changed lists the lines that are in one text only.
func changed(before, after string) string {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	var out []string
	for _, l := range a {
		if !slices.Contains(b, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range b {
		if !slices.Contains(a, l) {
			out = append(out, "+ "+l)
		}
	}
	return strings.Join(out, "\n")
}
