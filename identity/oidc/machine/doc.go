// Package machine gets the tokens of machines: devices, and operators' scripts.
//
//	key file --JWT profile grant (RFC 7523)--+
//	secret   --client credentials------------+--> Source.Token, fresh whenever it is asked
//
// It is apart from identity/oidc so that a device links no more than it needs: it verifies no
// token and signs nobody in.
package machine
