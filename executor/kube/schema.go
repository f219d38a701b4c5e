package kube

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	apiext "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// IntOrString is a number or a text, such as 3 and 10%.
type IntOrString any

// Rule is a condition in CEL that the API server checks, and what it says where it fails.
type Rule struct{ Rule, Message string }

// ruled are types with conditions.
type ruled interface{ Rules() []Rule }

// schemaOf is the structural schema of a type.
func schemaOf(t reflect.Type, tag reflect.StructTag) apiext.JSONSchemaProps {
	p := apiext.JSONSchemaProps{Description: tag.Get("doc")}
	switch {
	case t == reflect.TypeFor[IntOrString]():
		p.XIntOrString = true
		return p
	case t == reflect.TypeFor[moment](), t == reflect.TypeFor[metav1.Time]():
		p.Type, p.Format = "string", "date-time"
		return p
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem(), tag)
	case reflect.String:
		p.Type, p.Pattern = "string", tag.Get("pattern")
		for _, word := range words(tag) {
			p.Enum = append(p.Enum, apiext.JSON{Raw: []byte(strconv.Quote(word))})
		}
	case reflect.Bool:
		p.Type = "boolean"
	case reflect.Int64:
		p.Type, p.Format = "integer", "int64"
		p.Minimum, p.Maximum = number(tag, "min"), number(tag, "max")
	case reflect.Slice:
		item := schemaOf(t.Elem(), "")
		p.Type, p.Items = "array", &apiext.JSONSchemaPropsOrArray{Schema: &item}
		if least := number(tag, "min"); least != nil {
			n := int64(*least)
			p.MinItems = &n
		}
		p.XListType = new("atomic")
		if key := tag.Get("key"); key != "" {
			p.XListType, p.XListMapKeys = new("map"), []string{key}
		}
	case reflect.Map:
		p.Type = "object"
		if t.Elem().Kind() == reflect.Interface {
			p.XPreserveUnknownFields = new(true)
			return p
		}
		value := schemaOf(t.Elem(), tag)
		value.Description = ""
		p.AdditionalProperties = &apiext.JSONSchemaPropsOrBool{Schema: &value, Allows: true}
	case reflect.Struct:
		return structSchema(t, p)
	default:
		panic(fmt.Sprintf("kube: no schema for %s", t)) // a type of this package, seen by every test
	}
	return p
}

func structSchema(t reflect.Type, p apiext.JSONSchemaProps) apiext.JSONSchemaProps {
	p.Type, p.Properties = "object", map[string]apiext.JSONSchemaProps{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		p.Properties[name] = schemaOf(f.Type, f.Tag)
		if options != "omitempty" {
			p.Required = append(p.Required, name)
		}
	}
	if r, ok := reflect.Zero(t).Interface().(ruled); ok {
		for _, rule := range r.Rules() {
			p.XValidations = append(p.XValidations, apiext.ValidationRule{Rule: rule.Rule, Message: rule.Message})
		}
	}
	return p
}

func words(tag reflect.StructTag) []string {
	if tag.Get("enum") == "" {
		return nil
	}
	return strings.Split(tag.Get("enum"), ",")
}

func number(tag reflect.StructTag, key string) *float64 {
	text, ok := tag.Lookup(key)
	if !ok {
		return nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic("kube: " + err.Error())
	}
	return &v
}

// plain is a value of a type of this package as an unstructured object has it.
func plain(v any) map[string]any {
	at := reflect.ValueOf(v)
	if at.Kind() != reflect.Pointer {
		at = reflect.New(at.Type())
		at.Elem().Set(reflect.ValueOf(v))
	}
	out, err := runtime.DefaultUnstructuredConverter.ToUnstructured(at.Interface())
	if err != nil {
		panic("kube: " + err.Error()) // plain data always converts
	}
	return out
}
