// Package oci fetches policies from a registry, as conftest push and opa's build put them there.
//
//	files, err := oci.Pull(ctx, "registry.example/team/policies:v3")
//
// An artifact is a list of named files: modules and data, or one OPA bundle as a layer without
// a name, which comes out as Bundle. A tag may move: who must have the same policies each time
// names a digest (policies@sha256:…), and the contents are checked against it.
//
// Credentials are those docker login and podman login left. Only a registry on this machine is
// spoken to without TLS. What is pulled is not kept.
package oci
