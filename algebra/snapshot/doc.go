// Package snapshot keeps a Reality, roster and all, in one file, for work without a network.
//
//	muster snapshot 1        the first line names the format and its version
//	[length][checksum]…      blocks of up to 64 KiB, each checked before it is read
//	[0][checksum]            an empty block ends the file; nothing may follow it
//
// In the blocks stand, one after the other: the time of observation, the ids of the devices
// (sorted, each without what it shares with the one before), the columns of the roster,
// those of the published placement, records, slots and deployments. Numbers are varints.
//
// Laws: Read gives back what Write was given, times in UTC. Equal realities are equal bytes.
// A file that is cut short, or has a byte changed, is refused; so is one that Write never
// makes, such as ids out of order.
//
// It keeps no World and no history, and it does not compress: columns are small, and what
// packs files packs these too.
package snapshot
