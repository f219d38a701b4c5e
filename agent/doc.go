// Package agent is one device's loop: it makes what runs equal to what was accepted.
package agent
