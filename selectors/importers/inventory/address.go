package inventory

import (
	"regexp"
	"strings"
)

// How Ansible tells an address or host, with ranges and a port, from a list of patterns. A
// host's label does not end in a hyphen or underscore.
var (
	bracketedPort = regexp.MustCompile(`^\[(.+)\]:[0-9]+$`)
	hostPort      = regexp.MustCompile(`^((?:[^:\[\]]|\[[^\]]*\])*):[0-9]+$`)
	ipv4          = regexp.MustCompile(`^(?:` + octet + `\.){3}` + octet + `$`)
	ipv6          = regexp.MustCompile(`(?i)^(?:` + strings.ReplaceAll(ipv6Forms, "H", hextet) + `$)`)
	hostname      = regexp.MustCompile(`(?i)^` + hostLabel + `(?:\.` + hostLabel + `)*$`)
)

const (
	numericRange = `\[[0-9]+:[0-9]+(?::[0-9]+)?\]`
	hexRange     = `\[[0-9a-f]+:[0-9a-f]+(?::[0-9]+)?\]`
	anyRange     = `\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`

	octet     = `(?:[01]?[0-9]{1,2}|2[0-4][0-9]|25[0-5]|` + numericRange + `)`
	hextet    = `(?:[0-9a-f]{1,4}|` + hexRange + `)`
	hostLabel = `(?:(?:[a-z0-9]|` + anyRange + `)|(?:\w|` + anyRange + `)(?:[\w-]|` + anyRange + `)*(?:[a-z0-9]|` + anyRange + `))`

	// Each form but the last may be followed by more text, as it may for Ansible.
	ipv6Forms = `(?:H:){7}H|(?:H:){1,6}:|(?:H:)(?::H){1,6}|(?:H:){2}(?::H){1,5}|(?:H:){3}(?::H){1,4}|(?:H:){4}(?::H){1,3}|` +
		`(?:H:){5}(?::H){1,2}|(?:H:){6}(?::H)|:(?::H){1,6}|H?::|(?:0:){6}(?:H\.){3}H|::(?:ffff:)?(?:H\.){3}H|(?:0:){5}ffff:(?:H\.){3}H`
)

// WithoutPort is an address or host without its port, and any other text as it is.
func WithoutPort(s string) string {
	host := cutPort(s)
	if isHost(host) {
		return host
	}
	return s
}

// IsAddress reports whether Ansible takes the text for one host, with ranges and a port, and
// so for no list of patterns with colons between them.
func IsAddress(s string) bool { return isHost(cutPort(s)) }

func cutPort(s string) string {
	if m := bracketedPort.FindStringSubmatch(s); m != nil {
		s = m[1]
	}
	if m := hostPort.FindStringSubmatch(s); m != nil {
		s = m[1]
	}
	return s
}

func isHost(s string) bool {
	return ipv4.MatchString(s) || ipv6.MatchString(s) || hostname.MatchString(s)
}
