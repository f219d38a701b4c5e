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
// It does not connect anywhere; the core speaks no HTTP.
package identity
