package kube

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// value is what a node of a document is as a field of a type, in the values that unstructured
// objects have. Where a text is wanted it is taken as written: version 1.10 is not 1.1.
func value(n *yaml.Node, t reflect.Type, tag reflect.StructTag) (any, error) {
	switch {
	case t == reflect.TypeFor[IntOrString]():
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i, nil
		}
		return n.Value, nil
	case t.Kind() == reflect.Pointer:
		return value(n, t.Elem(), tag)
	case t.Kind() == reflect.Interface && tag.Get("values") == "texts":
		return texts(n), nil
	case t.Kind() == reflect.Interface:
		return data(n)
	}
	switch n.Kind {
	case yaml.ScalarNode:
		return scalar(n, t)
	case yaml.SequenceNode:
		out := []any{}
		for _, item := range n.Content {
			v, err := value(item, t.Elem(), "")
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case yaml.MappingNode:
		return mapping(n, t, tag)
	}
	return nil, fmt.Errorf("line %d: cannot be a resource's field", n.Line)
}

func scalar(n *yaml.Node, t reflect.Type) (any, error) {
	switch t.Kind() {
	case reflect.Bool:
		return strconv.ParseBool(n.Value)
	case reflect.Int64:
		return strconv.ParseInt(n.Value, 0, 64)
	}
	return n.Value, nil
}

func mapping(n *yaml.Node, t reflect.Type, tag reflect.StructTag) (any, error) {
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i].Value
		inner, innerTag := t, tag
		if t.Kind() == reflect.Map {
			inner = t.Elem()
		} else if f, ok := fieldNamed(t, name); ok {
			inner, innerTag = f.Type, f.Tag
		} else {
			return nil, fmt.Errorf("line %d: unknown field %s", n.Content[i].Line, name)
		}
		v, err := value(n.Content[i+1], inner, innerTag)
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	return out, nil
}

func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if json, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); json == name {
			return t.Field(i), true
		}
	}
	return reflect.StructField{}, false
}

// texts is a node in which every scalar is a text.
func texts(n *yaml.Node) any {
	if n.Kind != yaml.MappingNode {
		return n.Value
	}
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		out[n.Content[i].Value] = texts(n.Content[i+1])
	}
	return out
}

// data is a node as YAML has it, with integers as unstructured objects have them.
func data(n *yaml.Node) (any, error) {
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, err
	}
	return wide(v), nil
}

func wide(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case []any:
		for i := range v {
			v[i] = wide(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = wide(v[k])
		}
	}
	return v
}
