package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing/fstest"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
)

// wanted is a World in numbers, from which its documents follow and, apart from them, what they
// mean for a device: 0 is that the World has no such app.
type wanted struct {
	// web is for all devices. log is for those with the label log, aux for those at site a, and
	// both exchange ports from version to version.
	web, log, aux int
	rollout       string
}

var (
	web = algebra.MustApp("web")
	log = algebra.MustApp("log")
	aux = algebra.MustApp("aux")
)

// drawWanted is a World of the n-th generation: versions grow, so that none of an earlier World
// that failed comes again by chance, but now and then one does on purpose.
func drawWanted(dice *rand.Rand, n int) wanted {
	w := wanted{web: n}
	if dice.IntN(4) == 0 {
		w.web = max(1, n-1)
	}
	if dice.IntN(3) > 0 {
		w.log = 1 + dice.IntN(3)
	}
	if dice.IntN(2) == 0 {
		w.aux = w.log + 1 // the port that log does not have
	}
	waves := []string{"{percent: 30}, {rest: true}", `{fleet: 'label("ring") = "canary"'}, {rest: true}`, "{percent: 20}, {percent: 60}, {rest: true}", "{rest: true}"}
	most := []string{"1", "1", "2", "50%"}
	gate := []string{"100%", "60%"}
	soak := []string{"0s", "5s", "20s"}
	end := []string{"pause", "rollback", "rollback"}
	rate := []string{"", "", ", maxPerMinute: 3"}
	pick := func(of []string) string { return of[dice.IntN(len(of))] }
	w.rollout = fmt.Sprintf(`{for: web, waves: [%s], budget: {maxUnavailable: %s, by: 'label("site")'}, gate: {healthy: %s, soak: %s}, progressDeadline: 90s, onFailure: %s%s}`,
		pick(waves), pick(most), pick(gate), pick(soak), pick(end), pick(rate))
	return w
}

// means is what the World wants of a device with these labels.
func (w wanted) means(labels map[string]string) map[algebra.App]string {
	out := map[algebra.App]string{}
	for _, each := range []struct {
		app     algebra.App
		version int
		applies bool
	}{{web, w.web, true}, {log, w.log, labels["log"] == "yes"}, {aux, w.aux, labels["site"] == "a"}} {
		if each.version > 0 && each.applies {
			out[each.app] = fmt.Sprint(each.version)
		}
	}
	return out
}

func (w wanted) documents() string {
	var b strings.Builder
	doc := func(kind, name, spec string) {
		fmt.Fprintf(&b, "---\napiVersion: muster.fleet/v1alpha1\nkind: %s\nmetadata: {name: %s}\nspec: %s\n", kind, name, spec)
	}
	doc("World", "sim", "{gates: none}")
	app := func(name string, version int, container, fleet string) {
		if version == 0 {
			return
		}
		doc("Deployment", name, fmt.Sprintf("{app: %s, version: '%d', podman: {containers: [{name: %s, image: 'localhost/%s:%d', %s}]}}", name, version, name, name, version, container))
		doc("Assignment", name, fmt.Sprintf("{expression: '%s -> {%s}'}", fleet, name))
	}
	app("web", w.web, "ports: [{host: 8080}], env: {SITE: {fromLabel: site}}", "all")
	app("log", w.log, fmt.Sprintf("ports: [{host: %d}]", 9000+w.log%3), `label("log") = "yes"`)
	app("aux", w.aux, fmt.Sprintf("ports: [{host: %d}]", 9000+w.aux%3), `label("site") = "a"`)
	doc("Rollout", "web", w.rollout)
	return b.String()
}

// loaded keeps the Worlds that were read: lives have many in common.
var loaded sync.Map

func (w wanted) world() algebra.World {
	if have, ok := loaded.Load(w); ok {
		return have.(algebra.World)
	}
	world, found := worldfile.Load(fstest.MapFS{"world.yaml": {Data: []byte(w.documents())}})
	if err := found.Err(); err != nil {
		panic("sim: " + err.Error() + "\n" + w.documents())
	}
	loaded.Store(w, world)
	return world
}
