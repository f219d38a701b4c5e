// Package sshhost is the setup.Host that is another machine, reached over SSH.
//
//	login := sshhost.Login{KnownHosts: …, Agent: os.Getenv("SSH_AUTH_SOCK")}
//	host, err := login.Dial(ctx, sshhost.Target{User: "root", Address: "192.0.2.7:22"})
//
// The host's key must be known: there is no way around that. Who is not root there must be able
// to sudo without a password, as a question that nobody sees would wait for ever. Files go through
// sftp, as root, and are written with nobody else able to read them before they are in place.
//
// A host that stops answering is given up after half a minute, and every call under way ends.
package sshhost
