package wire_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/rand"
	"reflect"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/executor/wire"
)

// passingLaw: a message with fields of tomorrow anywhere in it is read as the one without them.
func passingLaw(decode func([]byte) (any, error)) func(line []byte, dice int64) bool {
	return func(line []byte, dice int64) bool {
		was, err := decode(line)
		if err != nil {
			return false
		}
		is, err := decode(withLater(line, rand.New(rand.NewSource(dice))))
		return err == nil && reflect.DeepEqual(was, is)
	}
}

// decodeWhole reads a message, and what is signed in it.
func decodeWhole(line []byte) (any, error) {
	m, err := wire.Decode(line)
	if signed, ok := m.(wire.Signed); ok {
		if state, _, err := wire.Claimed(line); err == nil {
			return state, nil
		}
		if set, ok := wire.ClaimedKeyset(line); ok {
			return set, nil
		}
		return wire.ClaimedSecret(signed.Payload)
	}
	return m, err
}

// withLater adds fields to objects, but for those whose keys are names; what is signed is altered inside.
func withLater(line []byte, dice *rand.Rand) []byte {
	var tree map[string]any
	if err := json.Unmarshal(line, &tree); err != nil {
		panic(err)
	}
	if payload, ok := tree["payload"].(string); ok {
		inner, err := base64.StdEncoding.DecodeString(payload)
		if err != nil {
			panic(err)
		}
		tree["payload"] = withLater(inner, dice)
	}
	later := []any{"text", 7, true, nil, []any{map[string]any{"kind": "x"}}, map[string]any{"a": 1}}
	var add func(v any, named bool)
	add = func(v any, named bool) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				add(value, key == "labels" || key == "facts" || key == "values" || key == "apps")
			}
			if !named && dice.Intn(2) == 0 {
				v["later"] = later[dice.Intn(len(later))]
			}
		case []any:
			for _, value := range v {
				add(value, false)
			}
		}
	}
	add(tree, false)
	if state, raw := tree["state"].(map[string]any); raw {
		delete(state, "later") // it is passed on byte for byte
	}
	for _, raw := range []string{"keys", "secret"} {
		if object, ok := tree[raw].(map[string]any); ok {
			delete(object, "later")
		}
	}
	out, err := json.Marshal(tree)
	if err != nil {
		panic(err)
	}
	return out
}

func TestFieldsOfTomorrowArePassedOver(t *testing.T) {
	lines, law, altered := fullest(), passingLaw(decodeWhole), 0
	p := gopter.NewProperties(parameters(t))
	p.Property("decode(m with fields of tomorrow) = decode(m)", prop.ForAll(func(n int, dice int64) bool {
		if bytes.Contains(withLater(lines[n], rand.New(rand.NewSource(dice))), []byte(`"later"`)) {
			altered++
		}
		return law(lines[n], dice)
	}, gen.IntRange(0, len(lines)-1), gen.Int64()))
	p.TestingRun(t)
	if altered < 250 {
		t.Errorf("only %d of 500 messages had a field of tomorrow", altered)
	}
}

func TestPassingLawCatchesPlantedBugs(t *testing.T) {
	strict := func(line []byte) (any, error) {
		var beat struct {
			Kind string `json:"kind"`
			wire.Heartbeat
		}
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		err := d.Decode(&beat)
		return beat, err
	}
	beat, caught := wire.Encode(wire.Heartbeat{Device: d1, Sequence: 1}), false
	for dice := range int64(20) {
		caught = caught || !passingLaw(strict)(beat, dice)
	}
	if !caught {
		t.Error("a reader that wants to know all fields: not caught")
	}
}
