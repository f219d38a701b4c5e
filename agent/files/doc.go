// Package files is the Runtime of workloads of files.
//
//	conf@3  ->  stage each file beside its place, sync   -- fails here: nothing was touched
//	            rename all into place                    -- fails here: renamed back
//	            set.json: what is in the slot            -- the slot is filled
//
// The memory is a directory per app: set.json names each file that is in place with its digest,
// mode and owner, and what was there before muster came, which Stop puts back. Cut off anywhere,
// the next Open finds which of the two it was.
//
// A stopped set leaves its files for a moment: the set that follows takes them over, so that a
// reader of a file that both have never finds it missing. What no set took over then goes.
//
// No symbolic link is followed, not in the place of a file nor on the way to it: who may write a
// directory on the way could else have the agent write where he may not.
//
// A file that somebody changed shows as Failed, and the agent's loop writes the set anew.
package files
