// Package callout answers a NATS server's question about each connection: who is this, and
// what may they do?
//
//	server --$SYS.REQ.USER.AUTH--> Authorize(token) --> user JWT with exactly its permissions
//	                                    |
//	          FromIssuer: identity.Verifier and the registry of devices
//
// Account DEVICES has no JetStream, and a device in it may use the subjects that executor/wire
// lists for it. Account PEOPLE has none either: viewers and enrollers may ask executor/office.
// Account FLEET is for operators, deployers and the services. The user ends when the token
// that was shown does, and the server ends the connection with it.
//
// Law: no error lets anybody in. An issuer that is down, a registry that cannot be read and a
// device that is not enrolled are refusals. Connections that exist stay until their end;
// Revocations ends those of devices that are revoked.
//
// Any number of callouts share the work as one queue group. Requests are encrypted to the
// callout's own key where the server is told that key. Decisions are logged and counted; a
// token is never logged.
package callout
