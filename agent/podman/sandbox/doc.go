// Package sandbox is a podman of one's own, for tests and demonstrations: a service on a
// private socket, with storage, state and configuration in one directory, and an image in two
// versions that needs no registry.
//
//	s, err := sandbox.Start(ctx, dir)   // err names what the machine lacks
//	defer s.Close()                     // containers, mounts, processes, files: all gone
//	podman.New(ctx, s.Socket, device)   // sandbox.Image1, sandbox.Image2
//
// It reads and changes nothing of the machine's own podman. It does not serve two processes.
package sandbox
