package main

import (
	"io"
	"os"
	"path/filepath"
)

// writeFile puts a whole file in the place of another, or of none: readers see the old or
// the new one, never a part, also after a crash. A file that is there keeps its permission;
// a new one gets perm. A symbolic link is followed.
func writeFile(name string, content []byte, perm os.FileMode) error {
	return writeFileBy(name, perm, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// writeFileBy is writeFile for content that is written as it comes.
func writeFileBy(name string, perm os.FileMode, write func(io.Writer) error) (err error) {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	if info, err := os.Stat(name); err == nil {
		perm = info.Mode().Perm()
	}
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			temp.Close()
			os.Remove(temp.Name())
		}
	}()
	if err = write(temp); err != nil {
		return err
	}
	if err = temp.Chmod(perm); err != nil {
		return err
	}
	if err = temp.Sync(); err != nil {
		return err
	}
	if err = temp.Close(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), name)
}
