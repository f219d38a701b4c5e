// Package planner turns a World and a Reality into a Plan: the least list of actions that
// takes what is published to what is declared.
//
//	World ──Relabel, On, Resolve──▶ asked ──block──▶ want ──┐
//	                                  ▲                     ├──Diff──▶ actions
//	Reality ────────published─────────┴────────────▶ have ──┘
//
//	want  gw-1/web 2   gw-2/web 2              ~ gw-1/web  1 → 2
//	have  gw-1/web 1              gw-3/web 1   + gw-2/web  2
//	                                           - gw-3/web  1
//
// A slot is blocked, and keeps what it has, where the World is at odds with itself (two
// claims of one priority, two holders of one resource, a requirement unmet, a value missing)
// or with the device (refused, revoked). That set is least and independent of any order.
//
// Laws: done in any order and any number of times the actions lead to want; none can be left
// out, and every correct list has them; after some of them the plan is the rest; each device's
// part is the plan of that device alone, so the agent runs the same Diff. Equal input in any
// order gives the same bytes.
//
// It publishes nothing, judges nothing and reads no clock. Plans are drawn by Text and
// written by planner/planfile.
package planner
