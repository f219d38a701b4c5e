// Package enroll lets devices into a fleet.
//
//	operator  muster enroll      --Offer--> bucket enrollments;  prints mt1.ID.SECRET.TRUST
//	device    muster-agent join  --key made here; Ask signed with it--> Desk
//	Desk      checks token, key and binding; enters the device in the registry
//	          approved (by the offer, or in the lobby): its public key goes to the issuer
//	device    <--account, issuer, operators' keys--; all later tokens come from the issuer
//
// Later the device is known by another key (muster-agent renew, or by itself before its key ends): it
// asks with a proof by the key it is known by, and the old one is retired once it shows the new one.
//
// Laws: the private key never leaves the device, and who asks proves to have it. An offer
// counts once: the first key that takes it owns it, until its end, whatever is lost on the
// way. Nobody is entered over a device that is there, unless the offer names that device.
// TRUST is the hash of the operators' keys: a broker or desk that lies about them is found out.
//
// What is kept of a token is its hash. The desk has no key to sign desired states with.
package enroll
