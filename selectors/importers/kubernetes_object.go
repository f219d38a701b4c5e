package importers

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// labelSelector is a selector as the objects of Kubernetes hold it.
type labelSelector struct {
	MatchLabels      map[string]string
	MatchExpressions []struct {
		Key, Operator string
		Values        []string
	}
}

// kubernetesObject reads {"matchLabels": …, "matchExpressions": …} as the requirements it
// stands for; the empty object selects everything.
func kubernetesObject(source string) (selectors.Expr, error) {
	var s labelSelector
	dec := json.NewDecoder(strings.NewReader(source))
	dec.DisallowUnknownFields()
	err := dec.Decode(&s)
	if _, rest := dec.Token(); err == nil && !errors.Is(rest, io.EOF) {
		err = errors.New("more text after the object")
	}
	if err != nil {
		return nil, refuse(0, len(source), "no label selector: "+strings.TrimPrefix(err.Error(), "json: "), `write {"matchLabels":{"a":"b"}}`)
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(s.MatchLabels)) {
		parts = append(parts, k+"="+s.MatchLabels[k])
	}
	for _, e := range s.MatchExpressions {
		values := "(" + strings.Join(e.Values, ",") + ")"
		switch {
		case (e.Operator == "In" || e.Operator == "NotIn") && len(e.Values) > 0:
			parts = append(parts, e.Key+" "+strings.ToLower(e.Operator)+" "+values)
		case e.Operator == "Exists" && len(e.Values) == 0:
			parts = append(parts, e.Key)
		case e.Operator == "DoesNotExist" && len(e.Values) == 0:
			parts = append(parts, "!"+e.Key)
		default:
			return nil, refuse(0, len(source), "the operator "+e.Operator+" with the values "+values+" is none of a label selector",
				"In and NotIn have values, Exists and DoesNotExist have none")
		}
	}
	for _, k := range slices.Concat(slices.Collect(maps.Keys(s.MatchLabels)), s.keys()) {
		if why := notLabelKey(k); why != "" {
			return nil, refuse(0, len(source), k+" is no label of Kubernetes: "+why, "")
		}
	}
	for _, v := range slices.Concat(slices.Collect(maps.Values(s.MatchLabels)), s.values()) {
		if why := notLabelValue(v); why != "" {
			return nil, refuse(0, len(source), v+" is no value of a label of Kubernetes: "+why, "")
		}
	}
	return Kubernetes(strings.Join(parts, ",")) // which now has no signs of its own in it
}

func (s labelSelector) keys() (out []string) {
	for _, e := range s.MatchExpressions {
		out = append(out, e.Key)
	}
	return out
}

func (s labelSelector) values() (out []string) {
	for _, e := range s.MatchExpressions {
		out = append(out, e.Values...)
	}
	return out
}
