// Package oidc gets tokens from an OpenID Connect issuer and verifies those that others show.
//
//	key file --JWT profile grant (RFC 7523)--+
//	person --device grant (RFC 8628)---------+--> token --Verifier--> identity.Principal
//	secret --client credentials--------------+      keys of the issuer, fetched and rotated
//
// Zitadel is an issuer like any other: what is particular to it is the form of its key files,
// which are read as they are, and identity.Mapping.
//
// A token counts if a current key of the issuer signed it by an asymmetric algorithm, for this
// audience, and its times hold within Skew. Keys older than MaxKeyAge are fetched anew, and if
// the issuer does not answer then nothing verifies: it may have withdrawn a key meanwhile.
//
// What is not here: who may do what (identity), and an issuer (identity/devissuer).
package oidc
