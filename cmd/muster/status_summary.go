package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/musterfleet/muster/executor/operator"
)

// summed is what serve tells of itself and of the fleet.
type summed struct {
	Serve operator.Told    `json:"serve"`
	Fleet operator.Summary `json:"fleet"`
}

// summaries reads what serve tells.
func (c *cluster) summaries(ctx context.Context) (summed, error) {
	from, ok := c.Reader.(interface {
		Summaries(context.Context) (map[string][]byte, error)
	})
	if !ok {
		return summed{}, errors.New("this fleet keeps no summaries")
	}
	texts, err := from.Summaries(ctx)
	if err != nil {
		return summed{}, err
	}
	var out summed
	var parts []operator.Summary
	for key, text := range texts {
		if !strings.HasPrefix(key, operator.SummaryPrefix) {
			continue
		}
		var s operator.Summary
		if err := json.Unmarshal(text, &s); err != nil {
			return summed{}, fmt.Errorf("summary %s: %w", key, err)
		}
		parts = append(parts, s)
	}
	if out.Serve, err = toldBy(texts); err != nil {
		return summed{}, err
	}
	out.Fleet = operator.Sum(parts...)
	return out, nil
}

// toldBy is what serve tells of itself.
func toldBy(texts map[string][]byte) (told operator.Told, err error) {
	text, ok := texts[operator.StatusKey]
	if !ok {
		return told, errors.New("nobody serves this fleet, so nobody counts; muster serve does, and muster status without --summary reads all devices")
	}
	return told, json.Unmarshal(text, &told)
}

func printSummary(ctx context.Context, c *console, fleet *cluster, format string) error {
	s, err := fleet.summaries(ctx)
	if err != nil {
		return err
	}
	var deployments, fleets [][]string
	for _, d := range s.Fleet.Deployments {
		deployments = append(deployments, append(cells(d.Deployment, d.Published, d.Running, d.Underway, d.Failed, d.Silent), d.LastError))
	}
	for _, f := range s.Fleet.Fleets {
		fleets = append(fleets, cells("@"+f.Fleet, f.Devices, f.Online, f.Healthy, f.Failed, f.Pending, f.Blocked))
	}
	heads := append(statusHeads, "last error")
	switch format {
	case "json":
		return indented(c, s)
	case "yaml":
		return asYAML(c, s)
	case "names":
		var names []string
		for _, d := range s.Fleet.Deployments {
			names = append(names, d.Deployment)
		}
		_, err := fmt.Fprint(c.out, lines(names))
		return err
	case "csv":
		return asCSV(c, append([][]string{heads}, deployments...))
	}
	if len(deployments) > 0 {
		if err := table(c.out, upper(heads), deployments); err != nil {
			return err
		}
		fmt.Fprintln(c.out)
	}
	if len(fleets) > 0 {
		if err := table(c.out, []string{"FLEET", "DEVICES", "ONLINE", "HEALTHY", "FAILED", "PENDING", "BLOCKED"}, fleets); err != nil {
			return err
		}
		fmt.Fprintln(c.out)
	}
	_, err = fmt.Fprintf(c.out, "%d of %s online, %d pending, %d blocked.\n%s\n", s.Fleet.Online, counted(s.Fleet.Devices, "device", "devices"),
		s.Fleet.Pending, s.Fleet.Blocked, standingText(s.Serve))
	return err
}

func cells(name string, counts ...int) []string {
	out := []string{name}
	for _, n := range counts {
		out = append(out, strconv.Itoa(n))
	}
	return out
}

// standingText is how serve stands, as a sentence.
func standingText(s operator.Told) string {
	text := fmt.Sprintf("%s is %s since %s", s.By, s.Standing.State, s.Standing.Since.UTC().Format(time.RFC3339))
	if s.Standing.Run != "" {
		text += ", run " + s.Standing.Run
	}
	text += "; World " + s.World.Short()
	if s.Commit != "" {
		text += ", commit " + s.Commit
	}
	if s.Standing.Why != "" {
		text += "\n  " + s.Standing.Why
	}
	if s.Broken != "" {
		text += "\n  what is there now does not load: " + strings.ReplaceAll(s.Broken, "\n", "\n  ")
	}
	return text
}
