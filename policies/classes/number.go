package classes

import (
	"encoding/binary"
	"reflect"
	"slices"
	"strings"

	"github.com/musterfleet/muster/planner/planfile"
)

// number gives changes with the same content at a path the same number.
func number(changes []*planfile.Change, p Path) Partition {
	out := Partition{Of: make([]uint32, len(changes))}
	if len(p) == 0 { // no two agree on all
		for i := range changes {
			out.Of[i] = uint32(i)
			out.First = append(out.First, i)
		}
		return out
	}
	n := newNumbering(p)
	for i, c := range changes {
		class := n.of(c)
		if int(class) == len(out.First) {
			out.First = append(out.First, i)
		}
		out.Of[i] = class
	}
	return out
}

// numbering is the state of one number. Deployments shared by changes are read once.
type numbering struct {
	deployment func(*planfile.Change) *planfile.Deployment // that the path leads into, or nil
	to         place                                       // from there, or from the change
	byText     map[string]uint32
	byPlace    map[*planfile.Deployment]uint32
	buffer     []byte
}

func newNumbering(p Path) *numbering {
	n := &numbering{byText: map[string]uint32{}, byPlace: map[*planfile.Deployment]uint32{}}
	switch {
	case p[0] == Deployment:
		n.deployment, p = deploymentOf, p[1:]
	case len(p) > 1 && p[0] == "change" && p[1] == "after":
		n.deployment, p = func(c *planfile.Change) *planfile.Deployment { return c.Change.After }, p[2:]
	case len(p) > 1 && p[0] == "change" && p[1] == "before":
		n.deployment, p = func(c *planfile.Change) *planfile.Deployment { return c.Change.Before }, p[2:]
	default:
		n.to = placeOf(reflect.TypeFor[planfile.Change](), p)
		return n
	}
	n.to = placeOf(reflect.TypeFor[planfile.Deployment](), p)
	return n
}

func deploymentOf(c *planfile.Change) *planfile.Deployment {
	if c.Change.After != nil {
		return c.Change.After
	}
	return c.Change.Before
}

func (n *numbering) of(c *planfile.Change) uint32 {
	if n.deployment == nil {
		n.buffer = n.to.append(n.buffer[:0], reflect.ValueOf(c).Elem())
		return n.text()
	}
	d := n.deployment(c)
	if known, ok := n.byPlace[d]; ok {
		return known
	}
	n.buffer = append(n.buffer[:0], 'z') // nothing there, which no content is written as
	if d != nil {
		n.buffer = n.to.append(n.buffer[:0], reflect.ValueOf(d).Elem())
	}
	class := n.text()
	n.byPlace[d] = class
	return class
}

func (n *numbering) text() uint32 {
	class, ok := n.byText[string(n.buffer)]
	if !ok {
		class = uint32(len(n.byText))
		n.byText[string(n.buffer)] = class
	}
	return class
}

// place is where a path leads in a struct: through fields, and to a key of a map of texts if it
// ends in one. A list or a map of other things is read whole.
type place struct {
	fields  []int
	key     string
	keyed   bool
	nowhere bool
}

func placeOf(t reflect.Type, p Path) place {
	var to place
	for i, name := range p {
		switch t.Kind() {
		case reflect.Struct:
			field, ok := fieldsOf(t)[name]
			if !ok {
				return place{nowhere: true}
			}
			to.fields, t = append(to.fields, field), t.Field(field).Type
			continue
		case reflect.Map:
			to.key, to.keyed = p[i], t.Elem().Kind() == reflect.String
		}
		return to
	}
	return to
}

// append writes what is at the place in v, so that two texts are equal iff the contents are.
func (p place) append(b []byte, v reflect.Value) []byte {
	if p.nowhere {
		return append(b, 'm') // missing, for all alike
	}
	for _, i := range p.fields {
		v = v.Field(i)
	}
	if !p.keyed {
		return appendAll(b, v)
	}
	m, _ := texts(v)
	switch text, ok := m[p.key]; {
	case m == nil:
		return append(b, 'z')
	case ok:
		return appendText(append(b, 's'), text)
	}
	return append(b, 'm')
}

func appendAll(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.String:
		return appendText(append(b, 's'), v.String())
	case reflect.Bool:
		if v.Bool() {
			return append(b, 't')
		}
		return append(b, 'f')
	case reflect.Int, reflect.Int64:
		return binary.AppendVarint(append(b, 'i'), v.Int())
	case reflect.Slice:
		if v.IsNil() {
			return append(b, 'n')
		}
		b = binary.AppendUvarint(append(b, 'l'), uint64(v.Len()))
		for i := range v.Len() {
			b = appendAll(b, v.Index(i))
		}
		return b
	case reflect.Struct:
		for i := range v.NumField() {
			b = appendAll(b, v.Field(i))
		}
		return b
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, 'n')
		}
		return appendAll(append(b, 'p'), v.Elem())
	case reflect.Map:
		if m, ok := texts(v); ok {
			return appendTexts(b, m)
		}
		return appendMap(b, v)
	}
	panic("classes: a change holds a " + v.Type().String())
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendTexts(b []byte, m map[string]string) []byte {
	if m == nil {
		return append(b, 'n')
	}
	b = binary.AppendUvarint(append(b, 'o'), uint64(len(m)))
	var few [16]string
	keys := few[:0]
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b = appendText(appendText(b, k), m[k])
	}
	return b
}

// appendMap writes a map of any values, its keys in order.
func appendMap(b []byte, v reflect.Value) []byte {
	if v.IsNil() {
		return append(b, 'n')
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	b = binary.AppendUvarint(append(b, 'o'), uint64(len(keys)))
	for _, k := range keys {
		b = appendAll(appendText(b, k.String()), v.MapIndex(k))
	}
	return b
}

// texts is a map of texts, read in place.
func texts(v reflect.Value) (map[string]string, bool) {
	if !v.CanAddr() {
		return nil, false
	}
	switch m := v.Addr().Interface().(type) {
	case *map[string]string:
		return *m, true
	case *planfile.Labels:
		return *m, true
	}
	return nil, false
}

// fieldsOf are the places of a struct's fields by their JSON names.
func fieldsOf(t reflect.Type) map[string]int {
	fields := map[string]int{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		fields[name] = i
	}
	return fields
}
