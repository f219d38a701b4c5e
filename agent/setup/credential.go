package setup

import (
	"fmt"
	"io/fs"
	"path"

	"github.com/musterfleet/muster/identity"
)

// Credential is the steps that a directory, which only an account can read, holds a device's
// credential. How the device came by it, and from which issuer, is no matter here.
//
// A host that is another device, or in another fleet, is refused. A key that the device got
// since stays, as its first one counts no more. again overrides both.
func Credential(dir, account string, c identity.DeviceCredential, again bool) ([]Step, error) {
	files, err := c.Files()
	if err != nil {
		return nil, err
	}
	steps := []Step{Place("directory", dir, account, Entry{Mode: fs.ModeDir | 0o700})}
	for _, f := range files {
		want := Entry{Data: f.Text, Mode: f.Mode}
		steps = append(steps, place{name: f.Name, path: path.Join(dir, f.Name), account: account, want: func(now Entry, found bool) (Entry, error) {
			if !found || again {
				return want, nil
			}
			kept, err := c.Keeps(f.Name, now.Data)
			if err != nil {
				return Entry{}, fmt.Errorf("%w; --again has it changed over", err)
			}
			if kept {
				return Entry{Data: now.Data, Mode: f.Mode}, nil
			}
			return want, nil
		}})
	}
	return steps, nil
}

// owned is the steps that a credential that is there already belongs to the account.
func owned(dir, account string) []Step {
	steps := []Step{Place("directory", dir, account, Entry{Mode: fs.ModeDir | 0o700})}
	for _, name := range []string{identity.DeviceKeyFile, identity.TrustFile, identity.ConfigFile} {
		steps = append(steps, place{name: name, path: path.Join(dir, name), account: account, want: func(now Entry, found bool) (Entry, error) {
			if !found {
				return Entry{}, fs.ErrNotExist
			}
			return now, nil
		}})
	}
	return steps
}
