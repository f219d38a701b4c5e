package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

// maxContent is the greatest content that is fetched.
const maxContent = 4 << 30

// keptUnused is how long a content that no set uses may be waiting for one that does.
const keptUnused = time.Hour

// content is where the bytes of a file are: a text, or a file that was fetched.
type content struct {
	text string
	path string
}

func (r *Runtime) content(s *algebra.Files, f algebra.File, v algebra.Values) (content, error) {
	if f.Fetch != nil {
		return content{path: r.contentPath(f.Fetch.Digest)}, nil
	}
	text, err := s.Text(f, v)
	return content{text: text}, err
}

func (r *Runtime) contentPath(d algebra.Digest) string {
	return filepath.Join(r.Dir, "content", strings.TrimPrefix(d.String(), "sha256:"))
}

func (c content) open() (io.ReadCloser, error) {
	if c.path == "" {
		return io.NopCloser(strings.NewReader(c.text)), nil
	}
	f, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("its content was not fetched")
	}
	return f, err
}

func (c content) digest() (algebra.Digest, error) {
	if c.path == "" {
		return algebra.DigestOf([]byte(c.text)), nil
	}
	f, err := c.open()
	if err != nil {
		return algebra.Digest{}, err
	}
	defer f.Close()
	return digestOf(f)
}

// Prepare fetches the contents that are not part of the deployment, and compares their digests.
// It finds out too whether each file may be written, so that nothing stops for one that may not.
func (r *Runtime) Prepare(ctx context.Context, d algebra.Deployment) error {
	if err := r.Ready(ctx, d.Spec().Files); err != nil {
		return fmt.Errorf("prepare %s: %w", d, err)
	}
	return nil
}

// Ready is Prepare for the files of a kind of one's own.
func (r *Runtime) Ready(ctx context.Context, set *algebra.Files) error {
	for _, f := range set.Files {
		err := r.allowed(f)
		if err == nil && f.Fetch != nil {
			err = r.fetch(ctx, *f.Fetch)
		}
		if err != nil {
			return fmt.Errorf("file %s: %w", f.Path, err)
		}
	}
	return nil
}

// allowed refuses a file in a directory of the agent's own, on a way or in a place that is a
// link, and of an owner that is not known here.
func (r *Runtime) allowed(f algebra.File) error {
	for _, dir := range r.Forbidden {
		if dir != "" && (f.Path == dir || strings.HasPrefix(f.Path, dir+"/")) {
			return fmt.Errorf("%w: %s is the agent's own", agent.ErrRefused, dir)
		}
	}
	if _, _, err := ids(f.Owner); err != nil {
		return fmt.Errorf("%w: %w", agent.ErrRefused, err)
	}
	p, err := r.tree.at(f.Path, false)
	if err == nil {
		defer p.close()
		var have *os.File
		if have, _, err = p.open(); err == nil {
			return have.Close()
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", agent.ErrRefused, err)
	}
	return nil
}

func (r *Runtime) fetch(ctx context.Context, from algebra.Download) error {
	file := r.contentPath(from.Digest)
	if have, err := (content{path: file}).digest(); err == nil && have == from.Digest {
		return nil
	}
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, from.URL, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", from.URL, answer.Status)
	}
	out, err := os.CreateTemp(filepath.Dir(file), "fetching-*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name()) // no longer there when all went well
	n, err := io.Copy(out, io.LimitReader(answer.Body, maxContent+1))
	if err == nil && n > maxContent {
		err = fmt.Errorf("%s: more than %d bytes", from.URL, int64(maxContent))
	}
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	have, err := (content{path: out.Name()}).digest()
	if err != nil {
		return err
	}
	if have != from.Digest {
		return fmt.Errorf("%s: what is there has the digest %s, want %s", from.URL, have, from.Digest)
	}
	return os.Rename(out.Name(), file)
}

// forget removes contents that no file in place was written from. The caller holds the lock.
func (r *Runtime) forget() error {
	apps, err := r.apps()
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for _, app := range apps {
		for _, stage := range []string{current, pending, leaving} {
			set, _, err := r.slot(app).read(stage)
			if err != nil {
				return err
			}
			for _, f := range set.Files {
				used[r.contentPath(f.Digest)] = true
			}
		}
	}
	entries, err := os.ReadDir(filepath.Join(r.Dir, "content"))
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		file := filepath.Join(r.Dir, "content", e.Name())
		info, err := e.Info()
		if err != nil || used[file] || time.Since(info.ModTime()) < keptUnused {
			continue
		}
		errs = append(errs, os.Remove(file))
	}
	return errors.Join(errs...)
}
