// Package executor carries an approved plan to the fleet, and reads what became of it.
//
// The fleet's records are reached through the port Transport (ports.go); what a record means is
// said once, in Assemble, for every transport.
package executor
