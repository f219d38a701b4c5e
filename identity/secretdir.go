package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// versions is the link by which the kubelet exchanges all files of a mounted Secret at once.
const versions = "..data"

// mounted says that a directory is a Secret that Kubernetes mounted.
func mounted(dir string) bool {
	info, err := os.Lstat(filepath.Join(dir, versions))
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// loadDir reads a directory as Kubernetes mounts a Secret: a config.toml, if there is one, and over it
// files by the names of keys. Where a key is a path the file of that name is what it points to; else
// the file's text is the value.
func loadDir(dir string) (Config, error) {
	from := dir
	if mounted(dir) {
		// One version of all files, even if they are exchanged meanwhile. Paths go by the link: they
		// are read later, and follow it then.
		at, err := filepath.EvalSymlinks(filepath.Join(dir, versions))
		if err != nil {
			return Config{}, fmt.Errorf("config %s: %w", dir, err)
		}
		from = at
	}
	var c Config
	if _, err := os.Stat(filepath.Join(from, ConfigFile)); err == nil {
		if c, err = loadFile(filepath.Join(from, ConfigFile)); err != nil {
			return Config{}, err
		}
		c = c.in(dir)
	}
	names, err := os.ReadDir(from)
	if err != nil {
		return Config{}, fmt.Errorf("config %s: %w", dir, err)
	}
	for _, n := range names {
		i := slices.IndexFunc(variables, func(v variable) bool { return v.key == n.Name() })
		switch table, _, _ := strings.Cut(n.Name(), "."); {
		case i < 0 && (table == "nats" || table == "oidc" || table == "keys"):
			return Config{}, fmt.Errorf("config %s: unknown key %s; known are %s", dir, n.Name(), knownKeys())
		case i < 0:
			continue // a file that a path points to, or nothing of muster's
		case variables[i].path:
			variables[i].set(&c, filepath.Join(dir, n.Name()))
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, n.Name()))
		if err != nil {
			return Config{}, fmt.Errorf("config %s: %w", dir, err)
		}
		variables[i].set(&c, strings.TrimSpace(string(text)))
	}
	return c, c.checkSecrets(dir)
}

// checkSecrets refuses at once what would be refused when it is needed.
func (c Config) checkSecrets(dir string) error {
	var errs []error
	for _, path := range []string{c.NATS.TokenFile, c.OIDC.KeyFile, c.OIDC.IntrospectKeyFile, c.Keys.Sign} {
		if err := private(path); err != nil && filepath.Dir(path) == filepath.Clean(dir) && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// ReadSecret reads a file and refuses one that others may read.
func ReadSecret(path string) ([]byte, error) {
	if err := private(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// private refuses a file that others than its owner may read. In a mounted Secret the group may: that is
// how a pod's fsGroup gives it to a process that is not root.
func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	mode := info.Mode().Perm()
	switch inMount := mounted(filepath.Dir(path)); {
	case inMount && mode&0o037 != 0:
		return fmt.Errorf("%s: others may read it (mode %04o); set defaultMode: 0400 where the Secret is mounted", path, mode)
	case !inMount && mode&0o077 != 0:
		return fmt.Errorf("%s: others may read it (mode %04o); chmod 600 it", path, mode)
	}
	return nil
}
