// Package identity says who someone is and what they hold: keys, tokens, and the one
// configuration that workstation, operator and agent share.
//
//	[nats]
//	url = "nats://127.0.0.1:4222"
//	token_file = "operator.token"
//	[keys]
//	sign = "operator.key"          # operators only
//	trust = ["operator.pub"]
//
// Every key of the file is also an environment variable, which wins: MUSTER_NATS_URL,
// MUSTER_NATS_TOKEN_FILE, MUSTER_KEYS_SIGN, MUSTER_KEYS_TRUST (comma-separated). Paths are
// relative to the file. A secret is never in the file itself, only the path of it, and a file
// with a secret that others may read is refused.
//
// A directory is read as Kubernetes mounts a Secret: a config.toml, or a file for each key. One by
// the name of a path (nats.token_file, oidc.key_file, keys.sign) is what is pointed to:
//
//	stringData: {nats.url: "tls://…", oidc.key_file: '{"type":"serviceaccount",…}', keys.trust: "-----BEGIN…"}
//	volumes: [{name: muster, secret: {secretName: muster, defaultMode: 0400}}]
//
// It does not connect anywhere; the core speaks no HTTP.
package identity
