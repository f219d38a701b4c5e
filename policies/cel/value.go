package cel

import (
	"fmt"
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// object is a struct of the plan as a CEL value. It reads the Go value in place.
type object struct {
	typ *structType
	of  reflect.Value
}

// Get reads a field (traits.Indexer).
func (o *object) Get(name ref.Val) ref.Val {
	f, err := o.field(name)
	if err != nil {
		return err
	}
	return f.get(o.of)
}

// IsSet reports whether a field is not null: all keys are always there (traits.FieldTester).
func (o *object) IsSet(name ref.Val) ref.Val {
	f, err := o.field(name)
	if err != nil {
		return err
	}
	return types.Bool(f.isSet == nil || f.isSet(o.of))
}

func (o *object) field(name ref.Val) (field, ref.Val) {
	text, ok := name.(types.String)
	if f, known := o.typ.fields[string(text)]; ok && known {
		return f, nil
	}
	return field{}, types.NewErr("%s has no field %v", o.typ.typ.TypeName(), name.Value())
}

// ConvertToNative is part of ref.Val. Nothing outside needs a plan's parts as Go values.
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s cannot become a %s", o.typ.typ.TypeName(), t)
}

// ConvertToType is part of ref.Val.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return o.typ.typ
	}
	return types.NewErr("%s cannot become a %s", o.typ.typ.TypeName(), t.TypeName())
}

// Equal compares by value.
func (o *object) Equal(other ref.Val) ref.Val {
	p, ok := other.(*object)
	return types.Bool(ok && o.typ == p.typ && (!o.of.IsValid() || reflect.DeepEqual(o.of.Interface(), p.of.Interface())))
}

// Type is part of ref.Val.
func (o *object) Type() ref.Type { return o.typ.typ }

// Value is the object itself: it is what field readers are handed.
func (o *object) Value() any { return o }

// adapter makes CEL values of the plan's Go values.
type adapter struct{ schema *schema }

// NativeToValue is types.Adapter.
func (a adapter) NativeToValue(value any) ref.Val {
	switch v := value.(type) {
	case ref.Val:
		return v
	case string:
		return types.String(v)
	}
	v := reflect.ValueOf(value)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return types.NullValue
		}
		v = v.Elem()
	}
	if v.IsValid() {
		if d := a.schema.byType[v.Type()]; d != nil {
			return &object{d, v}
		}
		if v.Kind() == reflect.Map { // the inner maps of aggregates
			return types.NewDynamicMap(a, value)
		}
	}
	return types.DefaultTypeAdapter.NativeToValue(value)
}

// provider tells the type checker of the plan's types and of one policy's own, which are its
// params and variables. It notes the fields it was asked for in vain, for suggestions.
type provider struct {
	types.Provider
	schema *schema
	own    []*structType
	missed []miss
}

// miss is a field that a type does not have.
type miss struct {
	of    *structType
	field string
}

func (p *provider) find(name string) *structType {
	for _, d := range p.own {
		if name == d.typ.TypeName() {
			return d
		}
	}
	return p.schema.byName[name]
}

// FindStructType is part of types.Provider.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if d := p.find(name); d != nil {
		return types.NewTypeTypeWithParam(d.typ), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames is part of types.Provider.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	if d := p.find(name); d != nil {
		return d.names(), true
	}
	return p.Provider.FindStructFieldNames(name)
}

// FindStructFieldType is part of types.Provider.
func (p *provider) FindStructFieldType(name, wanted string) (*types.FieldType, bool) {
	d := p.find(name)
	if d == nil {
		return p.Provider.FindStructFieldType(name, wanted)
	}
	f, ok := d.fields[wanted]
	if !ok {
		p.missed = append(p.missed, miss{d, wanted})
		return nil, false
	}
	return &types.FieldType{Type: f.typ,
		IsSet: func(of any) bool {
			o, ok := of.(*object)
			return ok && (f.isSet == nil || f.isSet(o.of))
		},
		GetFrom: func(of any) (any, error) {
			o, ok := of.(*object)
			if !ok { // null
				return nil, fmt.Errorf("%s of null; ask first whether it is null", wanted)
			}
			v := f.get(o.of)
			if err, bad := v.(*types.Err); bad {
				return nil, err
			}
			return v, nil
		},
	}, true
}

// NewValue is part of types.Provider. A policy makes no parts of plans.
func (p *provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if p.find(name) != nil {
		return types.NewErr("%s cannot be made in a policy", name)
	}
	return p.Provider.NewValue(name, fields)
}
