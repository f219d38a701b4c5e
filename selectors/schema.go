package selectors

import "slices"

// kind is how the values of a key are read and compared.
type kind uint8

const (
	textKind     kind = iota + 1 // any text, quoted
	wordKind                     // any text, bare where that can be read
	enumKind                     // one of a fixed list
	versionKind                  // 2.1.0-rc.1, 22.04
	kernelKind                   // a version whose package suffix is no prerelease
	quantityKind                 // 8GiB
	integerKind                  // 4
	numberKind                   // 3.5, only by num(…)
	addressKind                  // 10.0.0.7; in also takes 10.0.0.0/8
	setKind                      // gpu,cam: texts with commas between them
	instantKind                  // "2026-11-23T12:00:00Z", and what within asks about
)

// schema are the attributes every device has, in the order people expect them.
var schema = []struct {
	name string
	kind kind
}{
	{"name", textKind},
	{"id", textKind},
	{"arch", enumKind},
	{"os", wordKind},
	{"os.version", versionKind},
	{"kernel", kernelKind},
	{"cpus", integerKind},
	{"mem", quantityKind},
	{"disk", quantityKind},
	{"ip", addressKind},
	{"agent.version", versionKind},
	{"runtime.version", versionKind},
	{"model", textKind},
	{"tags", setKind},
	{Heartbeat, instantKind},
}

// Heartbeat is the attribute that says when a device was last heard of. It is observed: no
// roster holds it.
const Heartbeat = "heartbeat"

// Deploy is the collection of what a device reports to run: the deploy of any(deploy: …).
const Deploy = "deploy"

// elements are the keys of an element of Deploy. No name is in both schemas, so that a key
// alone says its kind.
var elements = []struct {
	name string
	kind kind
}{
	{"app", textKind},
	{"version", versionKind},
	{"phase", enumKind},
	{"since", instantKind},
	{"restarts", integerKind},
}

// phases are the values of phase.
var phases = []string{"Pending", "Pulling", "Starting", "Running", "Completed", "Stopping", "Failed", "Refused"}

// enumeration is the values of a key that has a fixed list of them.
func enumeration(k Key) []string {
	if k.Name == "phase" {
		return phases
	}
	return architectures
}

// architectures are the values of arch, as uname -m prints them.
var architectures = []string{"aarch64", "armv7l", "i686", "ppc64le", "riscv64", "s390x", "x86_64"}

// otherTongues are the same architectures as Go and container registries call them. They
// are no values, as facts never hold them; an error offers the right word.
var otherTongues = map[string]string{
	"386": "i686", "amd64": "x86_64", "arm": "armv7l", "arm64": "aarch64", "x64": "x86_64", "x86": "i686",
}

// AttributeNames are the bare words that may be keys, in a fixed order.
func AttributeNames() []string {
	names := make([]string, len(schema))
	for i, a := range schema {
		names[i] = a.name
	}
	return names
}

// ElementKeys are the bare words that may be keys inside any(deploy: …), in a fixed order.
func ElementKeys() []string {
	names := make([]string, len(elements))
	for i, a := range elements {
		names[i] = a.name
	}
	return names
}

func isAttribute(name string) bool { return slices.Contains(AttributeNames(), name) }
func isElement(name string) bool   { return slices.Contains(ElementKeys(), name) }

// kindOf is how the key's values are read; false for an unknown attribute.
func kindOf(k Key) (kind, bool) {
	switch k.Cast {
	case AsNumber:
		return numberKind, true
	case AsVersion:
		return versionKind, true
	case AsAddress:
		return addressKind, true
	case NoCast:
	}
	if k.Label {
		return textKind, true
	}
	for _, a := range schema {
		if a.name == k.Name {
			return a.kind, true
		}
	}
	for _, a := range elements {
		if a.name == k.Name {
			return a.kind, true
		}
	}
	return 0, false
}

// Reads reports whether a value that a device has of the key is what the key is compared as:
// num(label("slots")) reads 8 and not many. To an atom a value that is not counts as absent.
func (k Key) Reads(value string) bool {
	kind, ok := kindOf(k)
	if !ok {
		return false
	}
	_, ok = kind.read(value)
	return ok
}

// Noun is what the key is compared as: a number, text.
func (k Key) Noun() string {
	kind, ok := kindOf(k)
	if !ok {
		return "nothing"
	}
	return kind.noun()
}

// ordered reports whether < means something.
func (k kind) ordered() bool {
	switch k {
	case textKind, wordKind, enumKind, addressKind, setKind:
		return false
	case versionKind, kernelKind, quantityKind, integerKind, numberKind, instantKind:
		return true
	}
	panic("selectors: unknown kind")
}

// noun and example let an error say what the key's values are.
func (k kind) noun() string {
	switch k {
	case textKind, wordKind:
		return "text"
	case enumKind:
		return "one of a fixed list"
	case versionKind, kernelKind:
		return "a version"
	case quantityKind:
		return "a quantity"
	case integerKind:
		return "a whole number"
	case numberKind:
		return "a number"
	case addressKind:
		return "an IP address"
	case setKind:
		return "a set"
	case instantKind:
		return "an instant"
	}
	panic("selectors: unknown kind")
}

func (k kind) example() string {
	switch k {
	case textKind:
		return `"…"`
	case wordKind:
		return "linux"
	case enumKind:
		return "aarch64"
	case versionKind:
		return "2.1.0"
	case kernelKind:
		return "6.1"
	case quantityKind:
		return "8GiB"
	case integerKind:
		return "4"
	case numberKind:
		return "3.5"
	case addressKind:
		return "10.0.0.7"
	case setKind:
		return `"gpu"`
	case instantKind:
		return `"2026-11-23T12:00:00Z"`
	}
	panic("selectors: unknown kind")
}
