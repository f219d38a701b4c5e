// Package office is where people ask what their role allows them and the buckets would not: a
// viewer reads the fleet, an enroller also lets devices in, labels and revokes them.
//
//	viewer ---office.viewer.<user>.<name>.read---> Office ---> the buckets of account FLEET
//	       <--records, in parts------------------
//
// Why not the buckets themselves: who may read a bucket of JetStream by its own means can also
// have it deliver to subjects of others, and who may write one key of it can roll up all (DESIGN
// §7). So people of these roles are in an account without JetStream, and may publish nothing but
// their questions. The callout gives each user one prefix, which names them: a question cannot be
// asked in somebody else's name.
//
// Laws: what a role does not include is refused; whatever is changed is on record with who asked;
// an answer that lost a part is an error and never a smaller fleet.
//
// It has no way to publish workloads: for that a person is a deployer or an operator.
package office
