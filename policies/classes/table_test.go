package classes_test

import (
	"reflect"
	"testing"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies/classes"
)

// A path below another one says nothing new.
func TestCoveredPathsAreLeftOut(t *testing.T) {
	list := []*planfile.Change{{Name: "a"}, {Name: "b"}, {Name: "a"}}
	p := classes.NewTable(list).Partition([]classes.Path{{"name"}, {"name", "x"}, {"batch"}})
	if !reflect.DeepEqual(p, classes.Partition{Of: []uint32{0, 1, 0}, First: []int{0, 1}}) {
		t.Errorf("%v", p)
	}
	if p = classes.NewTable(nil).Partition(nil); len(p.Of) != 0 || len(p.First) != 0 {
		t.Errorf("%v", p)
	}
}
