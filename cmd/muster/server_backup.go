package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/identity"
)

// backupNote is the first entry of a backup.
type backupNote struct {
	Kind    string    `json:"kind"`
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	Broker  string    `json:"broker"`
}

const (
	backupKind    = "MusterBackup"
	backupVersion = 1
	noteEntry     = "backup.json"
	filesEntry    = "files/"
	streamsEntry  = "streams/"
	recordsDir    = "jetstream"
)

func serverBackup(c *console) *cobra.Command {
	dir := serverState
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "write records, keys and configuration of a server to one file",
		Long: `backup writes what a server keeps to one file, while the fleet goes on: each stream of records as it
is at one instant, the audit, the operators' keys, the issuer's accounts, the configuration. Heartbeats
are not in it. Who has the file can sign for the fleet: keep it as you keep the signing key.`,
		Example: `  sudo muster server backup /srv/backup/fleet-$(date +%F).tar.gz
  muster server backup --dir server fleet.tar.gz`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := backUp(cmd.Context(), dir, args[0])
			if err != nil {
				return fmt.Errorf("server backup: %w", err)
			}
			_, err = fmt.Fprintln(c.out, text)
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "dir", dir, "`DIR` that the server keeps everything in")
	return cmd
}

// backUp writes the file whole or not at all, for its owner's eyes.
func backUp(ctx context.Context, dir, file string) (said string, err error) {
	if there(file) {
		return "", fmt.Errorf("%s is there; a backup replaces none", file)
	}
	config, err := identity.Load(filepath.Join(dir, identity.ConfigFile), func(string) string { return "" })
	if err != nil {
		return "", err
	}
	fleet, err := join(ctx, config)
	if err != nil {
		return "", err
	}
	defer fleet.close()
	part := file + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part))
		}
	}()
	zip := gzip.NewWriter(f)
	w := &backupWriter{tar.NewWriter(zip), time.Now().UTC().Truncate(time.Second)}
	messages, err := w.write(ctx, fleet, dir, filepath.Dir(file))
	if err := errors.Join(err, w.tar.Close(), zip.Close(), f.Sync(), f.Close()); err != nil {
		return "", err
	}
	if err := os.Rename(part, file); err != nil {
		return "", err
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %s in %s, %d KiB", file, counted(int(messages), "record", "records"), counted(len(nats.Streams()), "stream", "streams"), (info.Size()+1023)>>10), nil
}

type backupWriter struct {
	tar *tar.Writer
	at  time.Time
}

func (w *backupWriter) write(ctx context.Context, fleet *cluster, dir, scratch string) (messages uint64, err error) {
	if err := w.json(noteEntry, backupNote{backupKind, backupVersion, w.at, fleet.config.NATS.URL}); err != nil {
		return 0, err
	}
	for _, stream := range nats.Streams() {
		n, err := w.stream(ctx, fleet, stream, scratch)
		if err != nil {
			return 0, err
		}
		messages += n
	}
	return messages, w.files(dir)
}

// stream writes a stream by way of a file: an archive wants to know the length first.
func (w *backupWriter) stream(ctx context.Context, fleet *cluster, name, scratch string) (messages uint64, err error) {
	f, err := os.CreateTemp(scratch, ".muster-backup-*")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	snapshot, err := nats.Backup(ctx, fleet.conn, name, f)
	if err != nil {
		return 0, err
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = w.json(streamsEntry+name+".json", snapshot)
	}
	if err == nil {
		err = w.entry(streamsEntry+name+".data", size, 0o600, f)
	}
	return snapshot.State.Msgs, err
}

// files writes all that the directory holds beside the records.
func (w *backupWriter) files(dir string) error {
	return filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p == filepath.Join(dir, recordsDir):
			return fs.SkipDir
		case !e.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		return w.entry(path.Join(filesEntry, filepath.ToSlash(name)), int64(len(text)), info.Mode().Perm(), strings.NewReader(string(text)))
	})
}

func (w *backupWriter) json(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.entry(name, int64(len(text)), 0o600, strings.NewReader(string(text)))
}

func (w *backupWriter) entry(name string, size int64, mode fs.FileMode, from io.Reader) error {
	if err := w.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: int64(mode), ModTime: w.at, Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := io.CopyN(w.tar, from, size)
	return err
}
