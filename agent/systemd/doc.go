// Package systemd is the Runtime of workloads of units. It writes the unit files as agent/files
// writes any, and asks systemd over its D-Bus for all the rest.
//
//	Start   write the units, reload, enable those that say so, start those that are not passive
//	Stop    stop and disable them, remove their files, reload
//	Observe by the units' own states: systemd restarts a service, the agent does not
//
// A machine without systemd runs no such workload: New says so, and the agent refuses them.
package systemd
