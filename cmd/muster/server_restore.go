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
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/identity/callout"
)

func serverRestore(c *console) *cobra.Command {
	dir := serverState
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "bring a server back from a backup, while none runs",
		Long: `restore writes what a backup holds to a directory that is not there yet, whole or not at all. Then
muster server up, or run, goes on with it: the devices know it by its keys and its name.

What was published after the backup is not in it. Devices that have more than the server knows keep what
they run, and the next plan says so.`,
		Example: `  sudo muster server restore fleet.tar.gz && sudo muster server up …
  sudo systemctl stop muster-server muster-operator && sudo mv /var/lib/muster-server /var/lib/muster-server.old`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			note, err := restoreServer(cmd.Context(), args[0], dir)
			if err != nil {
				return fmt.Errorf("server restore: %w", err)
			}
			_, err = fmt.Fprintf(c.out, "%s is the server of %s as of %s\n", dir, note.Broker, note.At.Format(time.RFC3339))
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "dir", dir, "`DIR` to restore to; it must not be there, or be empty")
	return cmd
}

func restoreServer(ctx context.Context, file, dir string) (note backupNote, err error) {
	if held, err := os.ReadDir(dir); err == nil && len(held) > 0 {
		return note, fmt.Errorf("%s holds a server already; stop that one and move its directory away", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return note, err
	}
	staged := filepath.Clean(dir) + ".restoring"
	if err := os.RemoveAll(staged); err != nil {
		return note, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(staged))
		}
	}()
	if err := os.MkdirAll(staged, 0o700); err != nil {
		return note, err
	}
	if note, err = unpack(ctx, file, staged); err != nil {
		return note, err
	}
	if err := ownedByServer(dir, staged); err != nil {
		return note, err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return note, err
	}
	return note, os.Rename(staged, dir)
}

// unpack writes files, and has a broker that nobody else can reach write the records.
func unpack(ctx context.Context, file, dir string) (note backupNote, err error) {
	f, err := os.Open(file)
	if err != nil {
		return note, err
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		return note, fmt.Errorf("%s: is no backup: %w", file, err)
	}
	in := tar.NewReader(zip)
	if err := nextJSON(in, noteEntry, &note); err != nil {
		return note, fmt.Errorf("%s: is no backup: %w", file, err)
	}
	if note.Kind != backupKind || note.Version != backupVersion {
		return note, fmt.Errorf("%s: is a %s of version %d; this muster reads %s of version %d", file, note.Kind, note.Version, backupKind, backupVersion)
	}
	broker, err := nats.Start(nats.ServerConfig{Dir: filepath.Join(dir, recordsDir), Authorize: func(context.Context, string) (callout.Admission, error) {
		return callout.Admission{}, errors.New("the fleet is being restored")
	}})
	if err != nil {
		return note, err
	}
	defer broker.Stop()
	conn, err := broker.Connect()
	if err != nil {
		return note, err
	}
	defer conn.Close()
	for _, stream := range nats.Streams() {
		if err := unpackStream(ctx, conn, in, stream); err != nil {
			return note, fmt.Errorf("%s: %w", file, err)
		}
	}
	if err := unpackFiles(in, dir); err != nil {
		return note, fmt.Errorf("%s: %w", file, err)
	}
	// What a newer muster keeps beside these is made now; what does not fit is told now.
	return note, nats.CreateBuckets(ctx, conn)
}

func unpackStream(ctx context.Context, conn *natsgo.Conn, in *tar.Reader, stream string) error {
	var s nats.Snapshot
	if err := nextJSON(in, streamsEntry+stream+".json", &s); err != nil {
		return err
	}
	if s.Config.Name != stream {
		return fmt.Errorf("stream %s is %s in there", stream, s.Config.Name)
	}
	if _, err := nextEntry(in, streamsEntry+stream+".data"); err != nil {
		return err
	}
	return nats.Restore(ctx, conn, s, in)
}

// unpackFiles takes what is left, and none that leads out of the directory.
func unpackFiles(in *tar.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, ok := strings.CutPrefix(h.Name, filesEntry)
		if !ok || h.Typeflag != tar.TypeReg || !filepath.IsLocal(name) {
			return fmt.Errorf("%q is nothing of a backup", h.Name)
		}
		if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fs.FileMode(h.Mode).Perm())
		if err != nil {
			return err
		}
		_, err = io.Copy(f, in)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
	}
}

func nextEntry(in *tar.Reader, name string) (*tar.Header, error) {
	h, err := in.Next()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if h.Name != name {
		return nil, fmt.Errorf("%s stands where %s should", h.Name, name)
	}
	return h, nil
}

func nextJSON(in *tar.Reader, name string, v any) error {
	if _, err := nextEntry(in, name); err != nil {
		return err
	}
	if err := json.NewDecoder(in).Decode(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// ownedByServer gives what root restored for the unit to the account that the unit runs as.
func ownedByServer(dir, staged string) error {
	account, err := user.Lookup(serverAccount)
	if dir != serverState || os.Getuid() != 0 || err != nil {
		return nil // the unit's own StateDirectory= takes it over, once the account is there
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return err
	}
	return filepath.WalkDir(staged, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(p, uid, gid)
	})
}
