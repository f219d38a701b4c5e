package policies_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/musterfleet/muster/policies"
)

// What people are shown is cut, says so, and counts all of it; machines read everything.
func TestTextCut(t *testing.T) {
	r := policies.Report{Policies: 1, Evaluations: 2000}
	for i := range 1000 { // every second device, so that the list does not fold
		r.Results = append(r.Results, policies.Result{Rule: "far", Level: policies.Deny, Msg: "too far", Address: fmt.Sprintf("edge%04d/web", 2*i)})
		r.Results = append(r.Results, policies.Result{Rule: "own", Level: policies.Warn, Msg: fmt.Sprintf("device %d", i), Address: fmt.Sprintf("edge%04d/web", i)})
	}
	text := r.Text(false)
	for _, want := range []string{"\n      … 1000 actions in all\n", "\n… and 990 more of own\n", "\n1 policy, 2000 evaluations, 1000 denied, 1000 warnings.\n"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("not once: %q", want)
		}
	}
	if n := strings.Count(text, "\n"); n > 60 {
		t.Errorf("%d lines:\n%s", n, text)
	}
	if n := len(r.Fold(false)); n != 1001 {
		t.Errorf("%d are left to machines", n)
	}
}
