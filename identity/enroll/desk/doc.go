// Package desk is the fleet's side of identity/enroll: it takes devices in.
//
// A wish is moved on by compare-and-set steps: the offer is taken, the device entered in the
// registry, and once it is approved its key registered at the issuer. Asked again, each step
// finds what was done, so that neither a lost answer nor a second desk does anything twice.
package desk
