// Package devissuer is an OpenID Connect issuer for one machine: for muster dev, and for tests
// of everything that meets an issuer. It runs zitadel/oidc's provider, and its tokens have
// Zitadel's claims.
//
//	machine      key file  --JWT profile grant-->      access token (JWT, or opaque: Config.Opaque)
//	person       /device   --device grant, refresh-->  access token
//	application  key file  --introspection-->          roles, device and end of a token
//
// Accounts and signing keys are kept in a directory, so that it comes back as it was. Whoever
// can open its page can be anyone: it asks for no password, and refuses to listen on anything
// but a loopback address.
//
// It is no issuer for a fleet. A fleet has Zitadel, or another one that conforms.
package devissuer
