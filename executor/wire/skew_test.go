package wire_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/musterfleet/muster/executor/wire"
)

var (
	update = flag.Bool("update", false, "rewrite testdata/today.ndjson")
	golden = flag.String("golden", "testdata/today.ndjson", "the `file` of what this version writes, for another version to read")
)

// TestWireIsAsWritten: each message, with all its fields filled, is written as testdata/today.ndjson
// has it, and read back from there.
func TestWireIsAsWritten(t *testing.T) {
	lines := fullest()
	if *update {
		if err := os.WriteFile("testdata/today.ndjson", append(bytes.Join(lines, []byte("\n")), '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored := readLines(t, *golden)
	for _, line := range stored {
		if err := reads(line); err != nil {
			t.Errorf("%s\n%v", line, err)
		}
	}
	if *golden == "testdata/today.ndjson" && !slices.EqualFunc(lines, stored, bytes.Equal) {
		t.Error("the wire is not as testdata/today.ndjson has it; what has changed stands there after: go test ./executor/wire -update")
	}
}

// TestWireGrows: whatever the version before wrote is read, and written, with the same names, types
// and values. testdata/README.md says where its messages are from.
func TestWireGrows(t *testing.T) {
	older, today := readLines(t, "testdata/older.ndjson"), readLines(t, "testdata/today.ndjson")
	for _, line := range older {
		if err := reads(line); err != nil {
			t.Errorf("%s\n%v", line, err)
		}
	}
	var added []string
	for _, lost := range grows(trees(t, older), trees(t, today), &added) {
		t.Error(lost)
	}
	slices.Sort(added)
	t.Logf("added since: %s", strings.Join(slices.Compact(added), ", "))
}

// TestWireGrowsCatchesPlantedBugs: fields that are renamed, retyped, moved or gone are found, and so
// are values of enums that have another name, and kinds that are gone.
func TestWireGrowsCatchesPlantedBugs(t *testing.T) {
	older := readLines(t, "testdata/older.ndjson")
	for name, edit := range map[string]func(string) string{
		"a renamed field":    func(s string) string { return strings.ReplaceAll(s, `"restarts":`, `"again":`) },
		"a retyped field":    func(s string) string { return strings.ReplaceAll(s, `"uptime":`, `"uptime":"1","was":`) },
		"a removed field":    func(s string) string { return strings.ReplaceAll(s, `"lastError":"lastError",`, ``) },
		"a renamed phase":    func(s string) string { return strings.ReplaceAll(s, `"Pulling"`, `"Fetching"`) },
		"a renamed kind":     func(s string) string { return strings.ReplaceAll(s, `"kind":"AskSpec"`, `"kind":"AskDeployment"`) },
		"a field in a lane":  func(s string) string { return strings.ReplaceAll(s, `"wave":`, `"step":`) },
		"a value in seconds": func(s string) string { return strings.ReplaceAll(s, `"lasts":3`, `"lasts":4`) },
	} {
		var edited [][]byte
		for _, line := range older {
			edited = append(edited, []byte(edit(string(line))))
		}
		if bytes.Equal(bytes.Join(older, nil), bytes.Join(edited, nil)) {
			t.Errorf("%s: nothing was planted", name)
		}
		if len(grows(trees(t, older), trees(t, edited), new([]string))) == 0 {
			t.Errorf("%s: not caught", name)
		}
	}
}

// TestGoldensAreOfAllKinds: a kind that is added is added to the goldens too.
func TestGoldensAreOfAllKinds(t *testing.T) {
	source, err := os.ReadFile("message.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, line := range readLines(t, "testdata/today.ndjson") {
		if m, err := wire.Decode(line); err == nil {
			kinds[m.Kind()] = true
		}
	}
	for _, known := range regexp.MustCompile(`case (\w+)\{\}\.Kind\(\):`).FindAllStringSubmatch(string(source), -1) {
		if !kinds[known[1]] {
			t.Errorf("no %s is in testdata/today.ndjson; add it to fullest", known[1])
		}
	}
}

// reads reads a golden line as who gets it does: what is signed is opened.
func reads(line []byte) error {
	m, err := wire.Decode(line)
	if err != nil {
		return err
	}
	if u, ok := m.(wire.Unsupported); ok {
		return fmt.Errorf("kind %s is not known", u.Name)
	}
	signed, ok := m.(wire.Signed)
	if !ok {
		return nil
	}
	ring := wire.NewKeyring(goldenKey.Public().(ed25519.PublicKey))
	var head struct{ Kind string }
	if err := json.Unmarshal(signed.Payload, &head); err != nil {
		return err
	}
	switch head.Kind {
	case "DesiredState":
		_, err = wire.Open(line, d1, ring)
	case "Keyset":
		_, err = wire.OpenKeyset(line, ring)
	default:
		_, err = wire.OpenSecret(line, d1, ring)
	}
	return err
}

func readLines(t *testing.T, file string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(text), []byte("\n"))
}

// trees are the messages as JSON, what is signed in the place of its envelope.
func trees(t *testing.T, lines [][]byte) (out []any) {
	t.Helper()
	for _, line := range lines {
		var tree map[string]any
		var signed wire.Signed
		err := json.Unmarshal(line, &tree)
		if err == nil && tree["kind"] == "Signed" {
			tree = nil
			if err = json.Unmarshal(line, &signed); err == nil {
				err = json.Unmarshal(signed.Payload, &tree)
			}
		}
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		out = append(out, tree)
	}
	return out
}

// grows says what of older messages is not in today's, and adds what is in today's alone.
func grows(older, today []any, added *[]string) (lost []string) {
	for _, was := range older {
		kind := was.(map[string]any)["kind"].(string)
		least := []string{kind + ": no message of the kind is written any more"}
		for _, is := range today { // of some kinds there are several, one for each value of an enum
			if is.(map[string]any)["kind"] != kind {
				continue
			}
			var news []string
			if missing := gone(kind, was, is, &news); len(missing) == 0 {
				least = nil
				*added = append(*added, news...)
				break
			} else if len(missing) <= len(least) || strings.Contains(least[0], "no message") {
				least = missing
			}
		}
		lost = append(lost, least...)
	}
	return lost
}

// gone are the places of a tree where another one has something else, or nothing.
func gone(at string, was, is any, added *[]string) (out []string) {
	switch was := was.(type) {
	case map[string]any:
		is, _ := is.(map[string]any)
		for key, value := range was {
			if now, ok := is[key]; ok {
				out = append(out, gone(at+"."+key, value, now, added)...)
			} else {
				out = append(out, at+"."+key+" is not written any more")
			}
		}
		for key := range is {
			if _, ok := was[key]; !ok {
				*added = append(*added, at+"."+key)
			}
		}
	case []any:
		is, _ := is.([]any)
		if len(is) != len(was) {
			return []string{at + " is no list of as many any more"}
		}
		for i := range was {
			out = append(out, gone(at+"[]", was[i], is[i], added)...)
		}
	default:
		if !reflect.DeepEqual(was, is) {
			out = append(out, fmt.Sprintf("%s was %v and is %v", at, was, is))
		}
	}
	return out
}
