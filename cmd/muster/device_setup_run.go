package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/musterfleet/muster/agent/setup"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
	"slices"
)

// setupResult is what became of a host.
type setupResult struct {
	Device string `json:"device"`
	// Changes are what was done, or in a dry run would be.
	Changes []string `json:"changes"`
	// Error is the step that failed and its cause, in one line; empty if none did.
	Error string `json:"error"`
}

// setUpAll sets hosts up side by side and tells of it meanwhile. A host that fails holds up no other.
func (s *settingUp) setUpAll(ctx context.Context, targets []target, heard func(algebra.DeviceID) setup.Step) []setupResult {
	board := newBoard(s.console, targets)
	defer board.close()
	results := make([]setupResult, len(targets))
	turn := make(chan struct{}, s.parallel)
	var all sync.WaitGroup
	for i, t := range targets {
		all.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			done, err := s.setUp(ctx, t, heard(t.id), func(step string) { board.at(i, step) })
			results[i] = setupResult{Device: t.id.String(), Changes: append([]string{}, done...)}
			if err != nil {
				results[i].Error = strings.ReplaceAll(err.Error(), "\n", "; ")
			}
			board.end(i, results[i])
		})
	}
	all.Wait()
	return sorted(results)
}

func (s *settingUp) setUp(ctx context.Context, t target, heard setup.Step, at func(string)) (done []string, err error) {
	at("connect")
	h, leave, err := t.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, leave()) }()
	at("preflight")
	steps, err := s.steps(ctx, h, t.id, heard)
	if err != nil {
		return nil, err
	}
	for i := range steps {
		steps[i] = telling{steps[i], at}
	}
	if s.dryRun {
		return setup.Diff(ctx, h, steps)
	}
	return setup.Run(ctx, h, steps)
}

// telling is a step that tells when it begins.
type telling struct {
	setup.Step
	at func(string)
}

func (t telling) Check(ctx context.Context, h setup.Host) (setup.Change, error) {
	t.at(t.Name())
	return t.Step.Check(ctx, h)
}

// print shows the results: hosts of which the same is to be said together, failures last.
func (s *settingUp) print(results []setupResult) error {
	changed, failed, changes := 0, 0, 0
	var same []string            // the texts, in order
	who := map[string][]string{} // the devices of each
	for _, r := range results {
		changes += len(r.Changes)
		switch {
		case r.Error != "":
			failed++
		case len(r.Changes) > 0:
			changed++
		}
		text := "  " + strings.Join(r.Changes, "\n  ")
		if len(r.Changes) == 0 {
			text = ""
		}
		if r.Error != "" {
			text = strings.TrimPrefix(text+"\n  ! "+r.Error, "\n")
		}
		if who[text] == nil {
			same = append(same, text)
		}
		who[text] = append(who[text], r.Device)
	}
	if s.output.value == "json" {
		if err := indented(s.console, results); err != nil {
			return err
		}
	} else {
		var b bytes.Buffer
		for _, text := range same {
			if text != "" {
				fmt.Fprintf(&b, "%s\n%s\n\n", selectors.Fold(who[text]), text)
			}
		}
		fmt.Fprintln(&b, s.summary(len(results), changed, failed, changes))
		if _, err := s.console.out.Write(b.Bytes()); err != nil {
			return err
		}
	}
	if failed > 0 {
		return exit(1)
	}
	return nil
}

func (s *settingUp) summary(all, changed, failed, changes int) string {
	verb := "set up"
	if s.dryRun {
		verb = "to set up"
	}
	words := []string{}
	if changed > 0 {
		words = append(words, fmt.Sprintf("%d %s (%s)", changed, verb, counted(changes, "change", "changes")))
	}
	if right := all - changed - failed; right > 0 {
		words = append(words, fmt.Sprintf("%d as it should be", right))
	}
	if failed > 0 {
		words = append(words, fmt.Sprintf("%d failed; the others are not held up, and the same command goes on with it", failed))
	}
	return fmt.Sprintf("%s: %s", counted(all, "host", "hosts"), strings.Join(words, ", "))
}

// sorted puts results in the order of the devices.
func sorted(results []setupResult) []setupResult {
	return slices.SortedFunc(slices.Values(results), func(a, b setupResult) int { return strings.Compare(a.Device, b.Device) })
}
