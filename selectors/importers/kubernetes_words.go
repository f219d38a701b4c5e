package importers

import "strings"

type tokenKind uint8

const (
	word tokenKind = iota + 1
	sign
	endOfText
)

// token is a word or a sign of a text, and where it stands.
type token struct {
	kind       tokenKind
	text       string
	start, end int
}

func (t token) is(s string) bool { return t.kind == sign && t.text == s }

// kubernetesSigns are the operators of label selectors, the longer first.
var kubernetesSigns = []string{"!=", "==", "=", "!", "(", ")", ",", "<", ">"}

// kubernetesTokens cuts a label selector; its last token is the end.
func kubernetesTokens(s string) []token {
	const signs = "=!(),<>"
	var list []token
	for i := 0; i < len(s); {
		if strings.IndexByte(" \t\r\n", s[i]) >= 0 {
			i++
			continue
		}
		end := i
		for end < len(s) && strings.IndexByte(signs+" \t\r\n", s[end]) < 0 {
			end++
		}
		kind := word
		if end == i {
			kind = sign
			for _, op := range kubernetesSigns {
				if strings.HasPrefix(s[i:], op) {
					end = i + len(op)
					break
				}
			}
		}
		list = append(list, token{kind, s[i:end], i, end})
		i = end
	}
	return append(list, token{kind: endOfText, start: len(s), end: len(s)})
}

// notLabelKey says why Kubernetes has no label of that name; empty if it may have.
func notLabelKey(s string) string {
	prefix, name, prefixed := strings.Cut(s, "/")
	if !prefixed {
		name = s
	} else if why := notSubdomain(prefix); why != "" {
		return "its prefix " + why
	}
	switch {
	case name == "":
		return "it has no name"
	case !isQualified(name):
		return "its name has letters, digits and - _ . inside only"
	case len(name) > 63:
		return "its name has more than 63 characters"
	}
	return ""
}

// notLabelValue says why a label of Kubernetes cannot have that value; empty if it can.
func notLabelValue(s string) string {
	switch {
	case s != "" && !isQualified(s):
		return "it has letters, digits and - _ . inside only"
	case len(s) > 63:
		return "it has more than 63 characters"
	}
	return ""
}

func isQualified(s string) bool {
	return strings.Trim(s, alphanumeric+"-_.") == "" && s[0] != '-' && s[0] != '_' && s[0] != '.' && strings.IndexByte("-_.", s[len(s)-1]) < 0
}

const (
	lower        = "abcdefghijklmnopqrstuvwxyz"
	digits       = "0123456789"
	alphanumeric = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + digits
)

// notSubdomain says why s is no DNS subdomain, as a label's prefix must be.
func notSubdomain(s string) string {
	if s == "" || len(s) > 253 {
		return "has 1 to 253 characters"
	}
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.Trim(part, lower+digits+"-") != "" || part[0] == '-' || part[len(part)-1] == '-' {
			return "is a DNS subdomain: lower-case letters, digits and - inside"
		}
	}
	return ""
}
