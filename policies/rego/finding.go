package rego

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

// findings reads the elements of a verdict. One of another shape is an error: stock tools
// leave it out, and pass.
func findings(value any) ([]policies.Finding, error) {
	elements, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("it gives %s, which is no set of objections", shown(value))
	}
	var out []policies.Finding
	var problems []error
	for _, one := range elements {
		f, err := finding(one)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		out = append(out, f)
	}
	return out, errors.Join(problems...)
}

// finding reads a text, or an object with msg. Keys without a meaning of their own are details.
func finding(value any) (policies.Finding, error) {
	if text, ok := value.(string); ok {
		return policies.Finding{Msg: said(text)}, nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		return policies.Finding{}, fmt.Errorf("an objection is a text, or an object with msg; this is %s", shown(value))
	}
	var f policies.Finding
	for key, to := range map[string]*string{"msg": &f.Msg, "change_id": &f.ChangeID, "address": &f.Address} {
		v, given := object[key]
		if *to, ok = v.(string); given && !ok || key == "msg" && !given {
			return f, fmt.Errorf("%s of an objection must be a text; this is %s", key, shown(value))
		}
	}
	f.Msg = said(f.Msg)
	if loc, given := object["_loc"]; given {
		at, err := location(loc)
		if err != nil {
			return f, err
		}
		f.Loc = at
	}
	details, given := object["details"].(map[string]any)
	if !given {
		details = map[string]any{}
	}
	for key, v := range object {
		switch key {
		case "msg", "change_id", "address", "_loc":
		case "details":
			if !given {
				details[key] = v
			}
		default:
			details[key] = v
		}
	}
	if len(details) > 0 {
		f.Details = details
	}
	return f, nil
}

// said is a message that says something: of an empty one stock tools make a pass.
func said(text string) string {
	if text == "" {
		return "it objects, and its message is empty"
	}
	return text
}

func location(value any) (planfile.Source, error) {
	object, ok := value.(map[string]any)
	file, text := object["file"].(string)
	number, whole := object["line"].(json.Number)
	line, err := number.Int64()
	if !ok || !text || !whole || err != nil {
		return planfile.Source{}, fmt.Errorf("_loc of an objection must be {file, line}; this is %s", shown(value))
	}
	return planfile.Source{File: file, Line: int(line)}, nil
}

// shown is a value, not too long.
func shown(value any) string {
	b, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf("a %T", value)
	}
	if len(b) > 80 {
		return string(b[:80]) + "…"
	}
	return string(b)
}
