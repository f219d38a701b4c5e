// Package vault holds a device's own curve key, and opens with it the secrets that operators
// sealed to the device.
//
//	operator --seal to the device's key, sign--> bucket secrets --hub--> vault --open--> podman secret
//
// Who holds the bucket, the hub or the broker sees boxes. A box in the place of another, or an
// older one, is refused: it must be signed by an operator for this device under this name, with a
// revision that is not below the one last seen. Sealed as they came, secrets are kept in the state
// directory, so that what uses them starts with no network.
package vault
