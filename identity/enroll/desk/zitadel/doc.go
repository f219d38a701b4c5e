// Package zitadel is a desk.Registrar for a fleet whose issuer is Zitadel: it makes a service account for
// each device through Zitadel's management API.
//
//	account   muster-device-ID, with JWTs for access tokens
//	metadata  device = ID, which becomes the claim that identity.Mapping reads
//	grant     the role device in the fleet's project
//	keys      the public halves that devices made; each has an end
//
// The account that it acts as needs the role ORG_USER_MANAGER in the organisation, and tokens with Scopes.
// What it does can be done again: each step finds what was done, and the key comes last, so that no
// account has a key before it has all else. It never takes over an account that is not a device's.
//
// The calls are those of version 1 of the API, which all versions of Zitadel have, as
// https://zitadel.com/docs/reference/api/management documents them; testdata has them word for word.
package zitadel
