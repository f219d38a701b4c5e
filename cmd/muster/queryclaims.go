package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// claimRow is one claim at one device.
type claimRow struct {
	Device     string `json:"device"`
	App        string `json:"app"`
	Deployment string `json:"deployment"`
	Priority   int    `json:"priority"`
}

// claimRows lists the claims of an assignment by device, app, and from the highest priority down.
func claimRows(a algebra.Assignment) []claimRow {
	rows := []claimRow{}
	for claim, fleet := range a.All() {
		for id := range fleet.IDs() {
			rows = append(rows, claimRow{id.String(), claim.Deployment.App().String(), claim.Deployment.String(), claim.Priority})
		}
	}
	slices.SortFunc(rows, func(a, b claimRow) int {
		return cmp.Or(strings.Compare(a.Device, b.Device), strings.Compare(a.App, b.App),
			cmp.Compare(b.Priority, a.Priority), strings.Compare(a.Deployment, b.Deployment))
	})
	return rows
}

// printClaims writes claims in the format asked for.
func (p printer) printClaims(claims []claimRow) error {
	out := p.console.out
	if p.count {
		_, err := fmt.Fprintln(out, len(claims))
		return err
	}
	format := p.format
	if p.rows {
		format = "table"
	}
	switch format {
	case "folded":
		_, err := fmt.Fprint(out, lines(foldClaims(claims)))
		return err
	case "names":
		var names []string
		for _, r := range claims {
			names = append(names, r.Device)
		}
		_, err := fmt.Fprint(out, lines(slices.Compact(names)))
		return err
	case "json":
		return indented(p.console, claims)
	case "ndjson":
		return asLines(p.console, slices.Values(claims))
	case "yaml":
		return asYAML(p.console, claims)
	}
	var cells [][]string
	for _, r := range claims {
		cells = append(cells, []string{r.Device, r.App, r.Deployment, strconv.Itoa(r.Priority)})
	}
	if format == "csv" {
		return asCSV(p.console, append([][]string{{"device", "app", "deployment", "priority"}}, cells...))
	}
	return table(out, []string{"DEVICE", "APP", "DEPLOYMENT", "PRIORITY"}, cells)
}

// foldClaims is the claims as assignments that could be written so: one a line.
func foldClaims(claims []claimRow) []string {
	type made struct {
		deployment string
		priority   int
	}
	on := map[made][]string{}
	var order []made
	for _, r := range claims {
		m := made{r.Deployment, r.Priority}
		if on[m] == nil {
			order = append(order, m)
		}
		on[m] = append(on[m], r.Device)
	}
	var out []string
	for _, m := range order {
		line := fmt.Sprintf("{%s} -> {%s}", selectors.Fold(on[m]), m.deployment)
		if m.priority != 0 {
			line += fmt.Sprintf(" at %d", m.priority)
		}
		out = append(out, line)
	}
	return out
}
