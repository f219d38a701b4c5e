package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/musterfleet/muster/algebra"
)

// jsonLine writes a value on a line of its own. Signs such as < and & stay as they are.
func jsonLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printRoster prints the hosts of an inventory as devices. All names that no device can have
// are told, and then nothing is printed.
func (r *importing) printRoster() error {
	v, err := r.readInventory()
	if err != nil {
		return err
	}
	var bad []error
	for _, h := range v.Hosts {
		if _, err := algebra.ParseDeviceID(h.Name); err != nil {
			bad = append(bad, err)
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("inventory %s: %w", shown(r.inventory), errors.Join(bad[:min(len(bad), mostRosterErrors)]...))
	}
	if len(v.Left) > 0 {
		shown := v.Left[:min(len(v.Left), 8)]
		r.console.note(strings.Join(shown, "; "), "%s became no label", counted(len(v.Left), "variable", "variables"))
	}
	w := bufio.NewWriter(r.console.out)
	for _, h := range v.Hosts {
		d := struct {
			ID     string            `json:"id"`
			Labels map[string]string `json:"labels"`
			Facts  map[string]string `json:"facts,omitempty"`
		}{h.Name, h.Labels, h.Facts}
		if err := jsonLine(w, d); err != nil {
			return err
		}
	}
	return w.Flush()
}
