package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/importers"
	"github.com/musterfleet/muster/selectors/importers/inventory"
)

// translation is the function that reads the language, with the files it needs.
func (r *importing) translation() (func(string) (string, error), error) {
	var options importers.AnsibleOptions
	var groups *importers.Groups
	switch {
	case r.inventory != "":
		v, err := r.readInventory()
		if err != nil {
			return nil, err
		}
		options = importers.AnsibleOptions{Inventory: v, Names: meaningOf[r.as.value], Unknown: r.unknown}
	case r.as != nil && (r.as.value != "" || r.unknown):
		return nil, fmt.Errorf("import %s: --as and --unknown are about an inventory; give it with --inventory FILE", r.language)
	case r.groups != "":
		b, err := r.console.read(r.groups)
		if err != nil {
			return nil, fmt.Errorf("groups: %w", err)
		}
		if groups, err = importers.ReadGroups(b); err != nil {
			return nil, fmt.Errorf("%s: %w", shown(r.groups), err)
		}
	}
	return func(text string) (string, error) {
		x, err := translate(r.language, text, options, groups)
		if err != nil {
			return "", err
		}
		return selectors.Print(x), nil
	}, nil
}

var meaningOf = map[string]importers.Names{"hosts": importers.AsHosts, "labels": importers.AsLabels, "fleets": importers.AsFleets}

// translate reads an expression of a language.
func translate(language, text string, options importers.AnsibleOptions, groups *importers.Groups) (selectors.Expr, error) {
	switch language {
	case "k8s":
		return importers.Kubernetes(text)
	case "ansible":
		return importers.Ansible(text, options)
	case "nodeset":
		return importers.Nodeset(text, groups)
	case "bexpr":
		return importers.Bexpr(text)
	case "salt":
		return importers.Salt(text)
	}
	var known []string
	for _, t := range translators() {
		known = append(known, t.name)
	}
	return nil, fmt.Errorf("unknown language %q; %s", language, suggest(language, known, "known: "+strings.Join(known, ", ")))
}

func (r *importing) readInventory() (*inventory.Inventory, error) {
	b, err := r.console.read(r.inventory)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	v, err := inventory.Read(r.inventory, b)
	if err != nil {
		return nil, fmt.Errorf("inventory %s: %w", shown(r.inventory), err)
	}
	return v, nil
}

// translated is one line of the answer to many expressions.
type translated struct {
	In    string  `json:"in"`
	Out   *string `json:"out"`
	Error *string `json:"error"`
}

func translateOne(text string, translate func(string) (string, error)) translated {
	out, err := translate(text)
	if err == nil {
		return translated{In: text, Out: &out}
	}
	why := err.Error()
	var list diag.List
	if errors.As(placed(diag.Source{Line: 1, Text: text}, err), &list) && len(list) > 0 && list[0].Line > 0 {
		why = fmt.Sprintf("%d:%d: %s", list[0].Line, list[0].Col, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return translated{In: text, Error: &why}
}

// translateAll answers one expression in its format, or with - each line of the input as JSON.
func translateAll(c *console, verb, arg, format string, translate func(string) (string, error)) error {
	if arg == "-" {
		b, err := c.read(arg)
		if err != nil {
			return fmt.Errorf("%s: %w", verb, err)
		}
		w := bufio.NewWriter(c.out)
		for line := range strings.Lines(string(b)) {
			if err := jsonLine(w, translateOne(strings.TrimRight(line, "\r\n"), translate)); err != nil {
				return err
			}
		}
		return w.Flush()
	}
	if format == "json" {
		t := translateOne(arg, translate)
		if err := jsonLine(c.out, t); err != nil {
			return err
		}
		if t.Error != nil {
			return exit(1)
		}
		return nil
	}
	out, err := translate(arg)
	if err != nil {
		return placed(diag.Source{File: verb, Line: 1, Text: arg}, err)
	}
	_, err = fmt.Fprintln(c.out, out)
	return err
}
