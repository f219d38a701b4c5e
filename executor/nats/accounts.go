package nats

import (
	"fmt"

	"github.com/musterfleet/muster/executor/wire"
)

// accounts is what a server is configured with so that a fleet can live on it, in the server's own
// language. The point are the accounts: DEVICES and PEOPLE have no JetStream, and only report, hub,
// desired, ask and office cross between them and FLEET.
type accounts struct {
	// Issuer and XKey are the public keys of the callout.
	Issuer, XKey string
	// The users that do not go through it.
	auth, fleet, system user
}

// user is a user of an account: as the callout's configuration names it, and as the account's has it.
type user struct{ name, entry string }

const accountsText = `accounts: {
  AUTH: { users: [%[1]s] }
  SYS: { users: [%[2]s] }
  DEVICES: {
    exports: [{stream: %[6]q, accounts: [FLEET]}, {service: %[10]q, accounts: [FLEET]}]
    imports: [
      {service: {account: FLEET, subject: %[7]q}, share: true}
      {stream: {account: FLEET, subject: %[8]q}}
    ]
  }
  PEOPLE: { imports: [{service: {account: FLEET, subject: %[9]q}, share: true}] }
  FLEET: {
    jetstream: enabled
    users: [%[3]s]
    exports: [
      {service: %[7]q, accounts: [DEVICES]}
      {stream: %[8]q, accounts: [DEVICES]}
      {service: %[9]q, accounts: [PEOPLE], response_type: stream}
    ]
    imports: [{stream: {account: DEVICES, subject: %[6]q}}, {service: {account: DEVICES, subject: %[10]q}}]
  }
}
system_account: SYS
authorization: { timeout: 10, auth_callout: {
  issuer: %[4]s, xkey: %[5]s, account: AUTH, auth_users: [%[11]s, %[12]s, %[13]s], allowed_accounts: [DEVICES, PEOPLE, FLEET] } }
`

func (a accounts) text() string {
	return fmt.Sprintf(accountsText, a.auth.entry, a.system.entry, a.fleet.entry, a.Issuer, a.XKey,
		wire.AllReports, wire.AllHub, wire.AllDesired, wire.AllOffice, wire.AllQueries, a.auth.name, a.fleet.name, a.system.name)
}

// PublicKeys are the public halves of what the services of a fleet act by: users of the accounts AUTH,
// FLEET and SYS, the account key that signs who is let in, and the curve key it is told in.
type PublicKeys struct{ Auth, Fleet, System, Issuer, XKey string }

// Accounts is the part of the configuration of a NATS server, or of each server of a cluster, that
// makes it the broker of a fleet: to be included beside its ports, its storage and its routes.
func Accounts(k PublicKeys) string {
	by := func(key string) user { return user{key, "{nkey: " + key + "}"} }
	return accounts{Issuer: k.Issuer, XKey: k.XKey, auth: by(k.Auth), fleet: by(k.Fleet), system: by(k.System)}.text()
}
