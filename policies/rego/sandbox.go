package rego

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// forbidden are the builtins whose answer depends on more than their arguments, or that
// reach out of the process. A policy that calls one is refused when it is loaded.
var forbidden = map[string]string{
	"http.send":          "the network",
	"net.lookup_ip_addr": "the network",
	"opa.runtime":        "the environment",
	"time.now_ns":        "the clock; the plan's own is input.now",
	"rand.intn":          "chance",
	"uuid.rfc4122":       "chance",
	"io.jwt.encode_sign": "chance", "io.jwt.encode_sign_raw": "chance",
	"io.jwt.decode_verify":                                   "the clock",
	"crypto.x509.parse_and_verify_certificates":              "the clock",
	"crypto.x509.parse_and_verify_certificates_with_options": "the clock",
	"rego.parse_module":                                      "other modules",
	"trace":                                                  "the caller's trace",
}

// capabilities are the builtins a policy may call, and no host to fetch schemas from.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion(ast.CapabilitiesRegoVersion(ast.RegoV1))
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool {
		_, no := forbidden[b.Name]
		return no
	})
	c.AllowNet = []string{}
	return c
}
