// Package setuptest holds the contract of a setup.Host as tests, and makes machines to set up:
// each with a root, a network, processes and a name of its own, over the files of this machine,
// behind a real sshd.
package setuptest
