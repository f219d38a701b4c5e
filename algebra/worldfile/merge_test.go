package worldfile_test

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/internal/diag"
)

// merge is worldfile.MergeFiles or a wrong variant.
type merge func(base, ours, theirs map[string]string) (worldfile.Merged, diag.List)

// book is a World of Device documents as a merge is to see it: labels by device.
type book map[string]map[string]string

func (b book) clone() book {
	out := book{}
	for id, labels := range b {
		out[id] = maps.Clone(labels)
	}
	return out
}

// edited is the book after a few random edits.
func (b book) edited(r *rand.Rand, edits int) book {
	b = b.clone()
	for range edits {
		id, key := fmt.Sprintf("gw-%d", r.Intn(4)), string(rune('a'+r.Intn(3)))
		switch labels := b[id]; {
		case labels == nil:
			b[id] = map[string]string{key: fmt.Sprint(r.Intn(3))}
		case r.Intn(5) == 0:
			delete(b, id)
		case r.Intn(4) == 0:
			delete(labels, key)
		default:
			labels[key] = fmt.Sprint(r.Intn(3))
		}
	}
	return b
}

// written is the book as files, in random order, layout and words.
func (b book) written(r *rand.Rand) map[string]string {
	ids := slices.Sorted(maps.Keys(b))
	r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	files := map[string][]string{}
	for _, id := range ids {
		var labels []string
		for _, k := range slices.Sorted(maps.Keys(b[id])) {
			labels = append(labels, k+[]string{": '", `: "`}[r.Intn(2)]+b[id][k])
			labels[len(labels)-1] += labels[len(labels)-1][len(k)+2 : len(k)+3]
		}
		spec := "spec: {labels: {" + strings.Join(labels, ", ") + "}}\n"
		if len(labels) > 0 && r.Intn(2) == 0 {
			spec = "spec:\n  labels:\n    " + strings.Join(labels, " # why\n    ") + "\n"
		}
		path := fmt.Sprintf("f%d.yaml", r.Intn(2))
		files[path] = append(files[path], "kind: Device\nmetadata: {name: "+id+"}\napiVersion: muster.fleet/v1alpha1\n"+spec)
	}
	out := map[string]string{}
	for path, docs := range files {
		out[path] = strings.Join(docs, "---\n")
	}
	return out
}

// read is the book that files hold.
func read(files map[string]string) (book, bool) {
	out := book{}
	if len(files) == 0 {
		return out, true
	}
	w, errs := worldfile.LoadFiles(files)
	for _, d := range w.Devices {
		out[d.ID.String()] = maps.Clone(d.Labels)
		if d.Labels == nil {
			out[d.ID.String()] = map[string]string{}
		}
	}
	return out, len(errs) == 0
}

// naive is the merge in maps and loops: the result, and what is in conflict.
func naive(base, ours, theirs book) (book, map[string]bool) {
	out, conflicts := book{}, map[string]bool{}
	for _, id := range union(base, ours, theirs) {
		b, o, t := base[id], ours[id], theirs[id]
		switch {
		case reflect.DeepEqual(o, t), reflect.DeepEqual(b, t):
			out[id] = o
		case reflect.DeepEqual(b, o):
			out[id] = t
		case b == nil || o == nil || t == nil:
			conflicts["Device "+id+" "] = true
		default:
			out[id] = map[string]string{}
			for _, k := range union(b, o, t) {
				v, ok := o[k]
				bv, inBase := b[k]
				tv, inTheirs := t[k]
				switch {
				case ok == inTheirs && v == tv, inBase == inTheirs && bv == tv:
				case inBase == ok && bv == v:
					v, ok = tv, inTheirs
				default:
					conflicts["Device "+id+" spec.labels."+k] = true
				}
				if ok {
					out[id][k] = v
				}
			}
		}
		if out[id] == nil {
			delete(out, id)
		}
	}
	return out, conflicts
}

func union[V any](sets ...map[string]V) []string {
	all := map[string]bool{}
	for _, s := range sets {
		for k := range s {
			all[k] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// mergeLaw: the merge comes to what the naive one does, conflicts and all, whatever the layout,
// and so it does with the sides exchanged.
func mergeLaw(merge merge, merged, clashed *int) gopter.Prop {
	return prop.ForAll(func(seed int64) bool {
		r := rand.New(rand.NewSource(seed))
		base := book{}.edited(r, 8)
		ours, theirs := base.edited(r, 1+r.Intn(3)), base.edited(r, 1+r.Intn(3))
		want, conflicts := naive(base, ours, theirs)
		b, o, t := base.written(r), ours.written(r), theirs.written(r)
		for _, sides := range [][2]map[string]string{{o, t}, {t, o}} {
			m, errs := merge(b, sides[0], sides[1])
			if len(errs) > 0 || len(m.Conflicts) != len(conflicts) {
				return false
			}
			for _, c := range m.Conflicts {
				if !conflicts[c.Document+" "+c.Field] {
					return false
				}
			}
			if len(conflicts) > 0 {
				*clashed++
				continue
			}
			if have, ok := read(m.Files); !ok || !reflect.DeepEqual(have, want) {
				return false
			}
			if !reflect.DeepEqual(want, ours) && !reflect.DeepEqual(want, theirs) {
				*merged++
			}
		}
		return true
	}, gen.Int64())
}

func TestMergeIsDocumentByDocument(t *testing.T) {
	merged, clashed := 0, 0
	check(t, mergeLaw(worldfile.MergeFiles, &merged, &clashed))
	if merged < 60 || clashed < 60 {
		t.Errorf("%d merges of two changes, %d conflicts", merged, clashed)
	}
}

// identityLaw: a World merged with itself is itself, what ours alone changed is the result, to the
// byte, and what theirs alone changed is the result in meaning.
func identityLaw(merge merge) gopter.Prop {
	return prop.ForAll(func(w, other written, order int64) bool {
		base, same, another := contentsOf(w.files()), contentsOf(w.shuffled(order).formatted(worldfile.Format).files()), contentsOf(other.files())
		cases := [][3]map[string]string{{base, base, base}, {base, same, base}, {base, base, same}}
		if order%4 == 0 { // Worlds that have little in common take long
			cases = append(cases, [3]map[string]string{base, another, base}, [3]map[string]string{base, base, another})
		}
		for _, sides := range cases {
			m, errs := merge(sides[0], sides[1], sides[2])
			if len(errs)+len(m.Conflicts) > 0 {
				return false
			}
			if reflect.DeepEqual(sides[0], sides[2]) {
				if !reflect.DeepEqual(m.Files, sides[1]) {
					return false
				}
				continue
			}
			x, wrong := worldfile.LoadFiles(m.Files)
			y, also := worldfile.LoadFiles(sides[2])
			if len(wrong)+len(also) > 0 || x.Digest() != y.Digest() {
				return false
			}
		}
		return true
	}, worlds(), worlds(), gen.Int64())
}

func contentsOf(fsys fs.FS) map[string]string {
	out := map[string]string{}
	_ = fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, _ := fs.ReadFile(fsys, p)
			out[p] = string(b)
		}
		return err
	})
	return out
}

func TestMergeOfOneChangeIsThatChange(t *testing.T) { check(t, identityLaw(worldfile.MergeFiles)) }

func TestMergeLawsSeeWrongMerges(t *testing.T) {
	n := 0
	seen(t, "ours wins", mergeLaw(func(b, o, _ map[string]string) (worldfile.Merged, diag.List) {
		return worldfile.MergeFiles(b, o, b)
	}, &n, &n))
	seen(t, "lines are merged, not documents", mergeLaw(func(b, o, t map[string]string) (worldfile.Merged, diag.List) {
		m, errs := worldfile.MergeFiles(b, o, t)
		for i := range m.Conflicts {
			m.Conflicts[i].Field = ""
		}
		return m, errs
	}, &n, &n))
	seen(t, "a document that one side took away", mergeLaw(func(b, o, t map[string]string) (worldfile.Merged, diag.List) {
		m, errs := worldfile.MergeFiles(map[string]string{}, o, o)
		if len(errs) == 0 {
			m, errs = worldfile.MergeFiles(b, o, t)
		}
		for path, text := range o {
			if _, ok := m.Files[path]; !ok {
				m.Files[path] = text
			}
		}
		return m, errs
	}, &n, &n))
	seen(t, "a file written anew", identityLaw(func(b, o, t map[string]string) (worldfile.Merged, diag.List) {
		m, errs := worldfile.MergeFiles(b, o, t)
		for path, text := range m.Files {
			m.Files[path] = text + "\n"
		}
		return m, errs
	}))
}
