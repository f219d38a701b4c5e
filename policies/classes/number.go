package classes

import (
	"encoding/binary"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/musterfleet/muster/planner/planfile"
)

// number gives changes with the same content at a path the same number.
func number(changes []*planfile.Change, p Path) Partition {
	out := Partition{Of: make([]uint32, len(changes))}
	if singles(p) {
		for i := range changes {
			out.Of[i] = uint32(i)
			out.First = append(out.First, i)
		}
		return out
	}
	n := &numbering{byText: map[string]uint32{}, byPlace: map[*planfile.Deployment]uint32{}}
	for i, c := range changes {
		class := n.of(c, p)
		if int(class) == len(out.First) {
			out.First = append(out.First, i)
		}
		out.Of[i] = class
	}
	return out
}

// singles reports whether no two changes of a plan agree at a path.
func singles(p Path) bool { return len(p) == 0 || len(p) == 1 && (p[0] == "id" || p[0] == "address") }

// numbering is the state of one number. Deployments shared by changes are read once.
type numbering struct {
	byText  map[string]uint32
	byPlace map[*planfile.Deployment]uint32
	buffer  []byte
}

func (n *numbering) of(c *planfile.Change, p Path) uint32 {
	d, rest, ok := deploymentAt(c, p)
	if !ok {
		n.buffer = appendAt(n.buffer[:0], reflect.ValueOf(c).Elem(), p)
		return n.text()
	}
	if known, ok := n.byPlace[d]; ok {
		return known
	}
	n.buffer = append(n.buffer[:0], 'z') // nothing there, which no content is written as
	if d != nil {
		n.buffer = appendAt(n.buffer[:0], reflect.ValueOf(d).Elem(), rest)
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

// deploymentAt is the deployment a path leads into, and the rest of the path.
func deploymentAt(c *planfile.Change, p Path) (*planfile.Deployment, Path, bool) {
	switch {
	case p[0] == Deployment && c.Change.After != nil:
		return c.Change.After, p[1:], true
	case p[0] == Deployment:
		return c.Change.Before, p[1:], true
	case len(p) > 1 && p[0] == "change" && p[1] == "after":
		return c.Change.After, p[2:], true
	case len(p) > 1 && p[0] == "change" && p[1] == "before":
		return c.Change.Before, p[2:], true
	}
	return nil, nil, false
}

// appendAt writes what is at a path, so that two texts are equal iff the contents are. A path
// leads through structs and maps of texts; below a list it has no more keys.
func appendAt(b []byte, v reflect.Value, p Path) []byte {
	if len(p) == 0 {
		return appendAll(b, v)
	}
	switch v.Kind() {
	case reflect.Struct:
		i, ok := fieldsOf(v.Type())[p[0]]
		if !ok {
			return append(b, 'm') // missing, for all alike
		}
		return appendAt(b, v.Field(i), p[1:])
	case reflect.Map: // one that holds no texts is read whole
		if m, ok := texts(v); ok {
			switch text, ok := m[p[0]]; {
			case m == nil:
				return append(b, 'z')
			case ok:
				return appendText(append(b, 's'), text)
			}
			return append(b, 'm')
		}
	}
	return appendAll(b, v)
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

var fieldNames sync.Map // of reflect.Type to map[string]int

// fieldsOf are the places of a struct's fields by their JSON names.
func fieldsOf(t reflect.Type) map[string]int {
	if known, ok := fieldNames.Load(t); ok {
		return known.(map[string]int)
	}
	fields := map[string]int{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		fields[name] = i
	}
	fieldNames.Store(t, fields)
	return fields
}
