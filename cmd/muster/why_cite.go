package main

import (
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// citations say where what an explanation rests on was written.
type citations struct {
	world    algebra.World
	registry map[algebra.DeviceID]string // who set the labels of a device that has no document
}

// label says who set a label of a device: its document, or whoever wrote its registry entry.
func (c *citations) label(id algebra.DeviceID, k selectors.Key) string {
	if by := c.author(id, k); by != "" {
		return ", " + by
	}
	return ""
}

func (c *citations) author(id algebra.DeviceID, k selectors.Key) string {
	if c == nil || !k.Label {
		return ""
	}
	for _, d := range c.world.Devices {
		if d.ID == id {
			return "declared at " + d.Source.String()
		}
	}
	return c.registry[id]
}

// name says where a @name is defined.
func (c *citations) name(name string) string {
	if c == nil {
		return ""
	}
	for _, list := range [][]algebra.Definition{c.world.Fleets, c.world.Assignments} {
		for _, d := range list {
			if d.Name == name {
				return d.Source.String()
			}
		}
	}
	return ""
}
