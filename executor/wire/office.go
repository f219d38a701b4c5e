package wire

import (
	"encoding/base32"
	"fmt"
	"strings"
)

// AllOffice is what people whose role has no place among the buckets ask: executor/office.
const AllOffice = "office.>"

// tokens are texts as one token of a subject: letters and digits, whatever the text has.
var tokens = base32.HexEncoding.WithPadding(base32.NoPadding)

// Asker is who asks the office. A user may publish only below their own prefix, and the callout
// alone says which that is: the subject of a question proves who asks it.
type Asker struct{ Role, User, Name string }

// Prefix is what the subjects of all their questions begin with.
func (a Asker) Prefix() string {
	return "office." + a.Role + "." + officeToken(a.User) + "." + officeToken(a.Name)
}

// Subject is where they ask for something.
func (a Asker) Subject(verb string) string { return a.Prefix() + "." + verb }

// Inbox is the prefix of the subjects on which they hear answers.
func (a Asker) Inbox() string { return "_INBOX_" + officeToken(a.User) }

// ParseOfficeSubject is the inverse of Subject.
func ParseOfficeSubject(subject string) (a Asker, verb string, err error) {
	parts := strings.Split(subject, ".")
	if len(parts) != 5 || parts[0] != "office" {
		return Asker{}, "", fmt.Errorf("subject %q: want office.<role>.<user>.<name>.<verb>", subject)
	}
	a.Role = parts[1]
	for i, to := range []*string{&a.User, &a.Name} {
		text, err := tokens.DecodeString(strings.ToUpper(parts[2+i]))
		if err != nil || len(text) == 0 {
			return Asker{}, "", fmt.Errorf("subject %q: no user and name", subject)
		}
		*to = string(text)
	}
	return a, parts[4], nil
}

func officeToken(s string) string { return strings.ToLower(tokens.EncodeToString([]byte(s))) }
