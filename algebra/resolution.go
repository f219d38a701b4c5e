package algebra

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// Resolution takes each (device, app) to nothing, one deployment, or a conflict: the
// deployments claimed there at the highest priority. Resolutions form a join-semilattice
// and Resolve is a homomorphism from union: Resolve(A | B) = Resolve(A).Join(Resolve(B)).
// It does not commute with intersection or difference (LAWS.md has the counter-examples).
type Resolution struct {
	top Assignment // at each (device, app) all claims have one priority
}

// Resolve keeps the claims of highest priority at each (device, app).
func (a Assignment) Resolve() Resolution {
	top := Assignment{roster: a.roster}
	for _, claims := range a.byApp() {
		above := roaring.New() // devices claimed at a higher priority
		for len(claims) > 0 {
			n := 1
			for n < len(claims) && claims[n].claim.Priority == claims[0].claim.Priority {
				n++
			}
			level := roaring.New()
			for _, c := range claims[:n] {
				level.Or(c.on)
				if on := roaring.AndNot(c.on, above); !on.IsEmpty() {
					top.claims = append(top.claims, claimSet{c.claim, on})
				}
			}
			above.Or(level)
			claims = claims[n:]
		}
	}
	return Resolution{top}
}

// byApp splits the claims, sorted by app and priority, into runs of one app.
func (a Assignment) byApp() [][]claimSet {
	var runs [][]claimSet
	for rest := a.claims; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(c claimSet) bool { return c.claim.Deployment.App() != rest[0].claim.Deployment.App() })
		if n < 0 {
			n = len(rest)
		}
		runs = append(runs, rest[:n])
		rest = rest[n:]
	}
	return runs
}

// Join is the least upper bound: higher priority wins, equal priorities unite.
func (r Resolution) Join(o Resolution) Resolution { return r.top.Union(o.top).Resolve() }

// Equal reports whether both resolve every (device, app) alike.
func (r Resolution) Equal(o Resolution) bool { return r.top.Equal(o.top) }

// Claims is the winning claims as an assignment.
func (r Resolution) Claims() Assignment { return r.top }

// Apps lists the apps that are claimed somewhere, in order.
func (r Resolution) Apps() []App {
	var apps []App
	for _, run := range r.top.byApp() {
		apps = append(apps, run[0].claim.Deployment.App())
	}
	return apps
}

// Conflicts is the devices where two or more deployments of the app win together.
func (r Resolution) Conflicts(app App) Fleet {
	once, twice := roaring.New(), roaring.New()
	for _, c := range r.top.claims {
		if c.claim.Deployment.App() == app {
			twice.Or(roaring.And(once, c.on))
			once.Or(c.on)
		}
	}
	return Fleet{r.top.roster, twice}
}

// At is the winning claims for one app at one device: none, one, or a conflict.
func (r Resolution) At(ordinal uint32, app App) []Claim {
	return slices.DeleteFunc(r.top.At(ordinal), func(c Claim) bool { return c.Deployment.App() != app })
}
