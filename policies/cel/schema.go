package cel

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/musterfleet/muster/planner/planfile"
)

// structType is a type of the plan file as CEL sees it.
type structType struct {
	typ    *types.Type
	fields map[string]field
}

// field is one of its fields.
type field struct {
	typ *types.Type
	get func(of reflect.Value) ref.Val // may be an error value
	// isSet is nil for a field that always is: all but pointers.
	isSet func(of reflect.Value) bool
}

// names lists the fields, sorted.
func (t *structType) names() []string {
	var names []string
	for n := range t.fields {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// schema holds every struct of the plan file, by Go type and by name.
type schema struct {
	byType map[reflect.Type]*structType
	byName map[string]*structType
}

// planSchema is the schema of the plan file.
var planSchema = newSchema(reflect.TypeFor[planfile.File]())

func newSchema(root reflect.Type) *schema {
	s := &schema{map[reflect.Type]*structType{}, map[string]*structType{}}
	s.add(root)
	workload := s.byType[reflect.TypeFor[planfile.Deployment]()]
	for _, name := range []string{"podman", "requires"} {
		workload.fields[name] = known(name, workload.fields[name])
	}
	return s
}

// add describes a struct type and those it is made of.
func (s *schema) add(t reflect.Type) *structType {
	if known := s.byType[t]; known != nil {
		return known
	}
	d := &structType{types.NewObjectType("plan." + t.Name()), map[string]field{}}
	s.byType[t], s.byName[d.typ.TypeName()] = d, d
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		f := s.field(t.Field(i).Type)
		value := f.get
		f.get = func(of reflect.Value) ref.Val { return value(of.Field(i)) }
		if isSet := f.isSet; isSet != nil {
			f.isSet = func(of reflect.Value) bool { return isSet(of.Field(i)) }
		}
		d.fields[name] = f
	}
	return d
}

// field is how values of a Go type are typed and read. A type that the plan file comes to
// use and that is not here fails when the program starts.
func (s *schema) field(t reflect.Type) field {
	switch t.Kind() {
	case reflect.String:
		return field{typ: types.StringType, get: func(v reflect.Value) ref.Val { return types.String(v.String()) }}
	case reflect.Bool:
		return field{typ: types.BoolType, get: func(v reflect.Value) ref.Val { return types.Bool(v.Bool()) }}
	case reflect.Int, reflect.Int64:
		return field{typ: types.IntType, get: func(v reflect.Value) ref.Val { return types.Int(v.Int()) }}
	case reflect.Uint64: // an int too, so that it compares with literals
		return field{typ: types.IntType, get: func(v reflect.Value) ref.Val { return types.Int(v.Uint()) }}
	case reflect.Slice:
		return field{typ: types.NewListType(s.field(t.Elem()).typ), get: s.list}
	case reflect.Map:
		return field{typ: types.NewMapType(types.StringType, s.field(t.Elem()).typ), get: s.mapping}
	case reflect.Pointer:
		d := s.add(t.Elem())
		return field{typ: d.typ, isSet: func(v reflect.Value) bool { return !v.IsNil() }, get: func(v reflect.Value) ref.Val {
			if v.IsNil() {
				return types.NullValue
			}
			return &object{d, v.Elem()}
		}}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return field{typ: types.TimestampType, get: func(v reflect.Value) ref.Val { return types.Timestamp{Time: v.Interface().(time.Time)} }}
		}
		d := s.add(t)
		return field{typ: d.typ, get: func(v reflect.Value) ref.Val { return &object{d, v} }}
	}
	panic(fmt.Sprintf("cel: the plan file holds a %s", t))
}

func (s *schema) list(v reflect.Value) ref.Val {
	if words, ok := v.Interface().([]string); ok {
		return types.NewStringList(adapter{s}, words)
	}
	return types.NewDynamicList(adapter{s}, v.Interface())
}

func (s *schema) mapping(v reflect.Value) ref.Val {
	switch m := v.Interface().(type) {
	case map[string]string:
		return types.NewStringStringMap(adapter{s}, m)
	case planfile.Labels:
		return types.NewStringStringMap(adapter{s}, m)
	}
	return types.NewDynamicMap(adapter{s}, v.Interface())
}

// known guards a field that is empty where a deployment is known by its digest only. Every
// real workload has something in it; reading nothing would let a policy about it pass.
func known(name string, f field) field {
	get := f.get
	f.get = func(of reflect.Value) ref.Val {
		if d := of.Interface().(planfile.Deployment); !d.Known() {
			return types.NewErr("the workload of %s@%s is not known, only its digest; %s cannot be judged", d.App, d.Version, name)
		}
		return get(of)
	}
	return f
}
