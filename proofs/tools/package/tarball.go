package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// tarball writes the binaries of a platform with all texts, for machines without dpkg.
func (r release) tarball(b built, t texts) (err error) {
	name := fmt.Sprintf("muster-%s-linux-%s", r.version, b.name)
	to, err := os.Create(filepath.Join(r.out, name+".tar.gz"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	zip, err := gzip.NewWriterLevel(to, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(zip)
	list := []file{{path: "muster", binary: b.muster}, {path: "muster-agent", binary: b.agent}}
	for _, path := range slices.Sorted(maps.Keys(t)) {
		list = append(list, file{path: path, text: t[path]})
	}
	for _, f := range list {
		f.path = name + "/" + f.path
		if err := add(w, f, r.made); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), zip.Close())
}

// add writes a file to an archive. It belongs to root and is as old as the release.
func add(w *tar.Writer, f file, made time.Time) error {
	text := f.text
	if f.binary != "" {
		var err error
		if text, err = os.ReadFile(f.binary); err != nil {
			return err
		}
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: f.path, Size: int64(len(text)), Mode: int64(f.mode()), Uname: "root", Gname: "root", ModTime: made, Format: tar.FormatPAX}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(text)
	return err
}

// archive is an archive of files as bytes that can be read again and again.
func archive(list []file, made time.Time) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		read, write := io.Pipe()
		go func() {
			w := tar.NewWriter(write)
			var err error
			for _, f := range list {
				if err = add(w, f, made); err != nil {
					break
				}
			}
			write.CloseWithError(errors.Join(err, w.Close()))
		}()
		return read, nil
	}
}
