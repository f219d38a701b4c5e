package selectors_test

import (
	"slices"
	"testing"

	"github.com/musterfleet/muster/selectors"
)

func TestOrderIsTheKeysOwn(t *testing.T) {
	slots := selectors.Key{Label: true, Name: "slots"}
	asNumber := slots
	asNumber.Cast = selectors.AsNumber
	for _, test := range []struct {
		key          selectors.Key
		values, want []string
	}{
		{slots, []string{"10", "9", "many"}, []string{"10", "9", "many"}},
		{asNumber, []string{"10", "9", "many", "-1", "9.0"}, []string{"-1", "9", "9.0", "10", "many"}},
		{selectors.Key{Name: "mem"}, []string{"16GiB", "512MiB", "lots", "8GiB"}, []string{"512MiB", "8GiB", "16GiB", "lots"}},
		{selectors.Key{Name: "os.version"}, []string{"22.10", "22.4", "rolling", "9"}, []string{"9", "22.4", "22.10", "rolling"}},
		{selectors.Key{Name: "colour"}, []string{"b", "a"}, []string{"b", "a"}},
	} {
		var have []string
		for _, i := range test.key.Order(test.values) {
			have = append(have, test.values[i])
		}
		if !slices.Equal(have, test.want) {
			t.Errorf("%v: %v, want %v", test.key, have, test.want)
		}
	}
}
