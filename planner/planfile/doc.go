// Package planfile is the plan as a file: one JSON object that people's tools, policies and
// apply read alike.
//
// It keeps Terraform's verbs and list idiom in a Kubernetes envelope. Every key is always
// present, empty rather than absent, since half of all policies that pass in silence
// trip over an absent key. Counts are integers. No secret is in it: environment texts
// appear as digests. The same plan gives the same bytes.
package planfile
