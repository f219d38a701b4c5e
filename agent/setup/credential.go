package setup

import (
	"io/fs"
	"path"

	"github.com/musterfleet/muster/identity"
)

// Credential is the steps that a directory, which only its owner can read, holds a device's
// credential. How the device came by it, and from which issuer, is no matter here.
func Credential(dir string, uid, gid int, c identity.DeviceCredential) ([]Step, error) {
	files, err := c.Files()
	if err != nil {
		return nil, err
	}
	steps := []Step{Place("directory "+dir, dir, Entry{Mode: fs.ModeDir | 0o700, UID: uid, GID: gid})}
	for _, f := range files {
		steps = append(steps, Place(f.Name, path.Join(dir, f.Name), Entry{Data: f.Text, Mode: f.Mode, UID: uid, GID: gid}))
	}
	return steps, nil
}
