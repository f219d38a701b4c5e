// Package conformance runs the tools that muster translates from beside the translations:
// random texts and random devices, each judged by both.
//
//	kubernetes_test.go   apimachinery's labels, both ways
//	bexpr_test.go        go-bexpr's evaluator
//	nodeset_test.go      ClusterShell, Debian's package clustershell
//	ansible_test.go      Ansible, Debian's package ansible-core
//
// The last two need their tools and say so where they are missing. PEERS_CASES sets how many
// texts are tried (20000), PEERS_SEED another beginning than 1; PEERS_REFUSED shows what is
// refused and why.
package conformance
