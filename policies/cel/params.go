package cel

import (
	"fmt"
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// paramsType is the type of a policy's params: one field for each, of the type of its
// value, so that a misspelt one is found when the policy is loaded.
func paramsType(params map[string]any) (*structType, error) {
	d := &structType{types.NewObjectType("policy.Params"), map[string]field{}}
	for name, value := range params {
		v, typ, err := constant(value)
		if err != nil {
			return nil, fmt.Errorf("params: %s: %w", name, err)
		}
		d.fields[name] = field{typ: typ, get: func(reflect.Value) ref.Val { return v }}
	}
	return d, nil
}

// constant is a value out of a document and its type. Lists and maps of unlike values hold
// values of any type, whose use is checked only when the policy runs.
func constant(value any) (ref.Val, *types.Type, error) {
	switch v := value.(type) {
	case string:
		return types.String(v), types.StringType, nil
	case bool:
		return types.Bool(v), types.BoolType, nil
	case int:
		return types.Int(v), types.IntType, nil
	case int64:
		return types.Int(v), types.IntType, nil
	case float64:
		return types.Double(v), types.DoubleType, nil
	case []any:
		items, of := make([]ref.Val, len(v)), types.DynType
		for i, one := range v {
			item, typ, err := constant(one)
			if err != nil {
				return nil, nil, err
			}
			items[i] = item
			of = joint(of, typ, i == 0)
		}
		return types.NewRefValList(adapter{planSchema}, items), types.NewListType(of), nil
	case map[string]any:
		entries, of, first := map[ref.Val]ref.Val{}, types.DynType, true
		for key, one := range v {
			entry, typ, err := constant(one)
			if err != nil {
				return nil, nil, err
			}
			entries[types.String(key)] = entry
			of, first = joint(of, typ, first), false
		}
		return types.NewRefValMap(adapter{planSchema}, entries), types.NewMapType(types.StringType, of), nil
	}
	return nil, nil, fmt.Errorf("%v is no text, number, bool, list or map", value)
}

// joint is the type that fits both: dyn if they differ.
func joint(of, typ *types.Type, first bool) *types.Type {
	if first || of.IsExactType(typ) {
		return typ
	}
	return types.DynType
}
