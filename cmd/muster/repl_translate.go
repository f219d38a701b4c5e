package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/importers"
	"github.com/musterfleet/muster/selectors/importers/inventory"
)

// cutLanguage cuts LANGUAGE EXPR apart: the text of a translation, and where it starts.
func cutLanguage(c call) (language string, from int) {
	entry := strings.TrimRight(c.entry, " \t\n")
	start := len(entry) - len(strings.TrimLeft(entry[c.from:], " \t\n"))
	end := start
	for end < len(entry) && strings.IndexByte(" \t\n", entry[end]) < 0 {
		end++
	}
	from = min(end+1, len(entry))
	return entry[start:end], from
}

// importText says a selector of another tool here, and how many devices it admits. The
// patterns of Ansible are about the groups that the devices carry as labels, if any does.
func (s *session) importText(ctx context.Context, c call) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	language, from := cutLanguage(c)
	text := strings.TrimSpace(c.entry[from:])
	from += strings.Index(c.entry[from:], text)
	var options importers.AnsibleOptions
	if language == "ansible" {
		options.Inventory = inventoryOf(s.ground.roster)
	}
	x, err := translate(language, text, options, nil)
	if err != nil {
		var places selectors.Errors
		if errors.As(err, &places) {
			return placed(diag.Source{Line: 1, Text: c.entry, Offset: from}, err)
		}
		return err
	}
	fmt.Fprintln(s.console.out, "≡ "+selectors.Print(x))
	bound, err := selectors.Bind(x, s.scope)
	if err != nil { // a group that no name here stands for
		s.console.note("", "not asked of the devices: %v", err)
		return nil
	}
	fmt.Fprintln(s.console.out, s.dim(s.share(s.ground.demand.Fleet(bound).Len())))
	return nil
}

// exportText says an expression in the language of another tool.
func (s *session) exportText(_ context.Context, c call) error {
	language, from := cutLanguage(c)
	if language != "k8s" {
		return fmt.Errorf("unknown language %q; %s", language, suggest(language, []string{"k8s"}, "known: k8s"))
	}
	bound, err := s.bind(c.entry, from)
	if err != nil {
		return err
	}
	text, err := importers.ToKubernetes(bound)
	if err != nil {
		return placed(diag.Source{Line: 1, Text: c.entry, Offset: from}, err)
	}
	fmt.Fprintln(s.console.out, text)
	return nil
}

// inventoryOf is the devices of a roster as an inventory. There is none where no device has a
// label that stands for a group.
func inventoryOf(roster *algebra.Roster) *inventory.Inventory {
	var groups []string
	for _, k := range roster.LabelKeys() {
		if strings.HasPrefix(k, inventory.LabelOf("")) {
			groups = append(groups, k)
		}
	}
	if len(groups) == 0 {
		return nil
	}
	hosts := make([]inventory.Host, roster.Len())
	for i := range hosts {
		hosts[i] = inventory.Host{Name: roster.ID(uint32(i)).String(), Labels: map[string]string{}}
		for _, k := range groups {
			if v, ok := roster.Value(uint32(i), algebra.Key{Label: true, Name: k}); ok {
				hosts[i].Labels[k] = v
			}
		}
	}
	v, err := inventory.OfDevices(hosts, false)
	if err != nil {
		panic("muster: " + err.Error()) // a roster has each device once
	}
	return v
}
