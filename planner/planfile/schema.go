package planfile

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

// Schema is the JSON Schema (2020-12) of plan files, made from the Go types: what From writes
// is valid under it, and every key is required. Other keys are allowed, since a newer minor
// version may bring some. Words that are one of a few are listed.
func Schema() []byte {
	s := &schema{defs: map[string]object{}}
	root := s.of(reflect.TypeFor[File](), "")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = Kind + " " + FormatVersion
	root["$defs"] = s.defs
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("planfile: " + err.Error()) // plain data always encodes
	}
	return append(b, '\n')
}

// object is a JSON object; encoding/json sorts its keys.
type object map[string]any

type schema struct{ defs map[string]object }

// of is the schema of a type. words names the field it is the value of, for closed lists.
func (s *schema) of(t reflect.Type, words string) object {
	if t == reflect.TypeFor[time.Time]() {
		return object{"type": "string", "format": "date-time"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return object{"anyOf": []object{s.of(t.Elem(), ""), {"type": "null"}}}
	case reflect.Struct:
		if _, ok := s.defs[t.Name()]; !ok {
			s.defs[t.Name()] = object{} // a type may hold itself
			s.defs[t.Name()] = s.fields(t)
		}
		return object{"$ref": "#/$defs/" + t.Name()}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem(), "")}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem(), words)}
	case reflect.String:
		if list := closed()[words]; list != nil {
			return object{"type": "string", "enum": list}
		}
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	default:
		panic("planfile: no schema for " + t.String())
	}
}

func (s *schema) fields(t reflect.Type) object {
	properties, required := object{}, []string{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		properties[name] = s.of(t.Field(i).Type, t.Name()+"."+name)
		required = append(required, name)
	}
	return object{"type": "object", "properties": properties, "required": required}
}

// closed are the words of each field that holds one of a few.
func closed() map[string][]string {
	phases := []string{unknownPhase}
	for p := algebra.Pending; p <= algebra.Refused; p++ {
		phases = append(phases, p.String())
	}
	reasons := []string{"create_because_declared", "update_because_labels_declared", decommissioned, atRest}
	return map[string][]string{
		"File.kind":            {Kind},
		"Change.type":          {"deployment", "device"},
		"Change.action_reason": append(reasons, planner.ReasonNames()...),
		"Transition.actions":   {"create", "update", "delete", "no-op"},
		"Blocked.reason":       planner.BlockReasonNames(),
		"Wave.kind":            planner.WaveKindNames(),
		"Rollout.on_failure":   {string(algebra.Pause), string(algebra.Rollback)},
		"InFlight.phase":       phases,
		"Drift.phase":          phases,
	}
}
