// Package algebra holds muster's values: devices, rosters, fleets, deployments, assignments,
// placements, worlds and reality, and the laws they obey.
package algebra
