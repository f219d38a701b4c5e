// Package durable writes files that outlive a crash of the machine at any instant.
//
//	Replace(file, new)   -->   after a crash: all of the old content, or all of the new
//
// A rename alone does not promise that: the content may reach the disk after the name does, and the
// name never. So the content is synced before, and the directory after.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace puts content in the place of a file, or makes the file, with that mode. What was left by a
// Replace that was cut off does not matter. The file's directory must exist.
func Replace(file string, content []byte, mode fs.FileMode) error {
	for _, step := range Steps(file, content, mode) {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Steps are the operations of a Replace in their order, each a call of the system: for who must hold
// though it is cut off after any of them, and shows it.
func Steps(file string, content []byte, mode fs.FileMode) []func() error {
	building := file + ".tmp"
	return []func() error{
		func() error { return Write(building, content, mode) },
		func() error { return os.Rename(building, file) },
		func() error { return SyncDir(filepath.Dir(file)) },
	}
}

// Write writes a file and waits until its content is on the disk. Cut off, it leaves a part.
func Write(file string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// SyncDir waits until the names in a directory are on the disk: what was made, renamed or removed
// there.
func SyncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
