package algebra_test

import (
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
)

// join is Resolution.Join or a wrong variant.
type join func(x, y algebra.Resolution) algebra.Resolution

// semilatticeLaw: joining commutes, associates and is idempotent, nothing is its unit, and
// resolving is a homomorphism from union.
func semilatticeLaw(join join, conflicts *int) gopter.Prop {
	return prop.ForAll(func(a algebratest.Assignments) bool {
		x, y, z := a.X.Resolve(), a.Y.Resolve(), a.Z.Resolve()
		for _, app := range join(x, y).Apps() {
			if !join(x, y).Conflicts(app).IsEmpty() {
				*conflicts++
			}
		}
		return join(x, y).Equal(join(y, x)) &&
			join(join(x, y), z).Equal(join(x, join(y, z))) &&
			join(x, x).Equal(x) &&
			join(x, a.Roster.Unassigned().Resolve()).Equal(x) &&
			a.X.Union(a.Y).Resolve().Equal(join(x, y)) &&
			x.Claims().Resolve().Equal(x)
	}, algebratest.AssignmentTriples())
}

func TestResolutionIsAJoinSemilattice(t *testing.T) {
	conflicts := 0
	algebratest.Law(t, cases)(semilatticeLaw(algebra.Resolution.Join, &conflicts))
	if conflicts < cases/20 {
		t.Errorf("%d conflicts in %d cases", conflicts, cases)
	}
}

func TestSemilatticeLawSeesWrongJoins(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	check("the left side wins a tie", semilatticeLaw(func(x, y algebra.Resolution) algebra.Resolution {
		for _, app := range x.Apps() {
			for c, f := range x.Claims().All() {
				if c.Deployment.App() == app {
					y = y.Claims().Minus(y.Claims().In(f)).Resolve()
				}
			}
		}
		return x.Join(y)
	}, &n))
	check("a conflict is nothing", semilatticeLaw(func(x, y algebra.Resolution) algebra.Resolution {
		j := x.Join(y)
		out := j.Claims()
		for _, app := range j.Apps() {
			out = out.Minus(out.In(j.Conflicts(app)))
		}
		return out.Resolve()
	}, &n))
}

// claimsOfWeb is a roster of one device, and web@1 and web@2 claimed there.
func claimsOfWeb(t *testing.T) (at func(version string, priority int) algebra.Assignment) {
	t.Helper()
	r := algebratest.MustRoster([]algebra.Device{{ID: algebra.MustDeviceID("gw-1")}})
	return func(version string, priority int) algebra.Assignment {
		d := algebratest.MustDeployment("web", version, algebra.Container{Name: "web", Image: "web:" + version})
		return r.All().Assign(algebra.Claim{Deployment: d, Priority: priority})
	}
}

// TestResolveDoesNotCommuteWithIntersect: both sides make the claim of low priority, and each
// its own of high priority. The claim they share wins only where the others are gone.
func TestResolveDoesNotCommuteWithIntersect(t *testing.T) {
	at := claimsOfWeb(t)
	a := at("1", 0).Union(at("2", 10))
	b := at("1", 0).Union(at("2", 20))
	whole := a.Intersect(b).Resolve()
	parts := a.Resolve().Claims().Intersect(b.Resolve().Claims()).Resolve()
	if got := algebratest.Claims(whole.Claims()); got != "{gw-1} -> {web@1} at 0" {
		t.Errorf("resolve(A & B) = %s", got)
	}
	if got := algebratest.Claims(parts.Claims()); got != "" {
		t.Errorf("resolve(A) & resolve(B) = %s", got)
	}
}

// TestResolveDoesNotCommuteWithMinus: taking the winner away lets the next claim win, though
// it was no part of what resolving left.
func TestResolveDoesNotCommuteWithMinus(t *testing.T) {
	at := claimsOfWeb(t)
	a, b := at("1", 0).Union(at("2", 10)), at("2", 10)
	if got := algebratest.Claims(a.Minus(b).Resolve().Claims()); got != "{gw-1} -> {web@1} at 0" {
		t.Errorf("resolve(A - B) = %s", got)
	}
	if got := algebratest.Claims(a.Resolve().Claims().Minus(b.Resolve().Claims())); got != "" {
		t.Errorf("resolve(A) - resolve(B) = %s", got)
	}
}
