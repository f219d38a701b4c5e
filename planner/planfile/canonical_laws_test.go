package planfile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"reflect"
	"regexp"
	"testing"
	"testing/iotest"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner/planfile"
)

// few is how many plans these laws are tried on, with several edits each.
const few = 60

// reads is a reader of canonical text; window 0 is all of it at once.
type reads func(text []byte, window int) (planfile.File, algebra.Digest, error)

// edits make another text of a plan file, most of them one that means the same or nearly so.
var edits = []struct {
	at   *regexp.Regexp
	with []string
}{
	{regexp.MustCompile(`\n`), []string{"", " ", "\n\n", "\t", ","}},
	{regexp.MustCompile(`[0-9]+,`), []string{"1.0,", "1e0,", "01,", "-0,", "-1,", "99999999999999999999,", "2,"}},
	{regexp.MustCompile(`\\u003e`), []string{">", `\u003E`, "<"}},
	{regexp.MustCompile(`web`), []string{`w\u0065b`, "wéb", "w\xffb", `w\"b`, `w\nb`, "w\tb", `w\/b`, "w\u2028b"}},
	{regexp.MustCompile(`\[\]|\{\}`), []string{"null", "[ ]", "{ }", "[]"}},
	{regexp.MustCompile(`null|true|false`), []string{"null", "true", "false", "nul"}},
	{regexp.MustCompile(`\n *("[^\n]*),(\n *"[^\n]*),`), []string{"$2,$1,", "$1,$1,", "$1,"}},
	{regexp.MustCompile(`\n *"[^\n]*,`), []string{"", `,"weather":1`, "$0$0"}},
	{regexp.MustCompile(`\}\n$`), []string{"}", "} \n\t", "}}", "", `,"more":1}`}},
	{regexp.MustCompile(`Z"`), []string{`+00:00"`, `.000Z"`, `"`}},
}

// edited changes a text in one place.
func edited(text []byte, r *rand.Rand) []byte {
	e := edits[r.Intn(len(edits))]
	places := e.at.FindAllIndex(text, -1)
	if len(places) == 0 {
		return text
	}
	at := places[r.Intn(len(places))]
	with := []byte(e.with[r.Intn(len(e.with))])
	if bytes.Contains(with, []byte("$")) {
		with = e.at.ReplaceAll(text[at[0]:at[1]], with)
	}
	return bytes.Join([][]byte{text[:at[0]], with, text[at[1]:]}, nil)
}

// sameLaw: what the reader of canonical text reads is what encoding/json reads, and its digest
// is that of it, through any window; and it reads what JSON writes. tried counts what of the edited
// text it read, and what it did not.
func sameLaw(read reads, tried *[2]int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation, seed int64) string {
		_, _, f := written(s)
		r := rand.New(rand.NewSource(seed))
		text := f.JSON()
		if _, _, err := read(text, 0); err != nil {
			return "not read: " + err.Error()
		}
		for range 8 {
			text := edited(text, r)
			if r.Intn(4) == 0 {
				text = edited(text, r)
			}
			have, digest, err := read(text, r.Intn(3)*r.Intn(700))
			if err != nil {
				tried[1]++
				continue
			}
			tried[0]++
			var want planfile.File
			if err := json.Unmarshal(text, &want); err != nil {
				return "read, and no JSON: " + err.Error()
			}
			if !reflect.DeepEqual(have, want) {
				return fmt.Sprintf("another file, of\n%s", text)
			}
			if digest != want.Digest() {
				return fmt.Sprintf("another digest, of\n%s", text)
			}
		}
		return ""
	}, algebratest.Situations(), gen.Int64())
}

func TestCanonicalReaderIsJSON(t *testing.T) {
	var tried [2]int
	algebratest.Law(t, few)(sameLaw(planfile.Canonical, &tried))
	if tried[0] < few || tried[1] < few {
		t.Errorf("of the edited files %d were read and %d not: the law was tried on one side only", tried[0], tried[1])
	}
}

func TestCanonicalLawSeesWrongReaders(t *testing.T) {
	var ignored [2]int
	plant := algebratest.Planted(t, few)
	plant("any JSON is canonical", sameLaw(func(text []byte, _ int) (planfile.File, algebra.Digest, error) {
		var f planfile.File
		err := json.Unmarshal(text, &f)
		return f, algebra.DigestOf(text), err
	}, &ignored))
	plant("what follows is not looked at", sameLaw(func(text []byte, window int) (planfile.File, algebra.Digest, error) {
		if end := bytes.LastIndexByte(text, '}'); end > 0 {
			text = bytes.TrimRight(text[:end], "}\n ")
		}
		return planfile.Canonical(append(bytes.Clone(text), '}'), window)
	}, &ignored))
	plant("the first change stands for all of its kind", sameLaw(func(text []byte, window int) (planfile.File, algebra.Digest, error) {
		f, digest, err := planfile.Canonical(text, window)
		for i := range f.ResourceChanges {
			f.ResourceChanges[i].Device.Labels = f.ResourceChanges[0].Device.Labels
		}
		return f, digest, err
	}, &ignored))
	plant("a window is the whole", sameLaw(func(text []byte, window int) (planfile.File, algebra.Digest, error) {
		if window > 0 {
			text = append(text[:min(window, len(text)):len(text)], '}')
		}
		f, digest, err := planfile.Canonical(text, 0)
		if window > 0 {
			err = nil
		}
		return f, digest, err
	}, &ignored))
}

// TestDecodingIsAsWithoutTheCanonicalReader: it makes no file pass, and no error another one.
func TestDecodingIsAsWithoutTheCanonicalReader(t *testing.T) {
	passed, refused := 0, 0
	algebratest.Law(t, few)(prop.ForAll(func(s algebratest.Situation, seed int64) string {
		_, _, f := written(s)
		r := rand.New(rand.NewSource(seed))
		for range 4 {
			text := edited(f.JSON(), r)
			have, err := planfile.Decode(text)
			streamed, errs := planfile.Read(bytes.NewReader(text))
			want, wrong := planfile.DecodeOther(text)
			if !reflect.DeepEqual(have, want) || !reflect.DeepEqual(streamed, want) {
				return fmt.Sprintf("another file, of\n%s", text)
			}
			if fmt.Sprint(err) != fmt.Sprint(wrong) || fmt.Sprint(errs) != fmt.Sprint(wrong) {
				return fmt.Sprintf("%v and %v, want %v, of\n%s", err, errs, wrong, text)
			}
			if wrong == nil {
				passed++
			} else {
				refused++
			}
		}
		return ""
	}, algebratest.Situations(), gen.Int64()))
	if passed < few || refused < few {
		t.Errorf("%d files passed and %d were refused", passed, refused)
	}
}

// TestReadFirst: a file that a text begins with is what Decode reads of it, and what follows is left.
func TestReadFirst(t *testing.T) {
	algebratest.Law(t, few)(prop.ForAll(func(s algebratest.Situation, rest string) string {
		_, _, f := written(s)
		var text bytes.Buffer
		_ = f.Encode(&text) // a buffer takes everything
		whole, _ := planfile.Decode(text.Bytes())
		text.WriteString(rest)
		have, left, ok, err := planfile.ReadFirst(iotest.HalfReader(bytes.NewReader(text.Bytes())))
		if !ok || err != nil || string(left) != rest || !reflect.DeepEqual(have, whole) {
			return fmt.Sprintf("%v, %v, left %q, want %q", ok, err, left, rest)
		}
		other := bytes.Replace(text.Bytes(), []byte(`"kind":"FleetPlan"`), []byte(`"kind":"Fleetplan"`), 1)
		if _, _, ok, err := planfile.ReadFirst(bytes.NewReader(other)); ok || err != nil {
			return fmt.Sprintf("no plan file: %v, %v", ok, err)
		}
		return ""
	}, algebratest.Situations(), gen.AnyString()))
}
