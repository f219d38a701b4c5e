// Package builds what people install: Debian packages, tarballs, an image, bills of materials
// and checksums. It is a module of its own, so that muster's has no packager in it.
//
//	go run . -root ../../.. -out ../../../dist
//
// The same commit gives the same bytes, in any folder: times are the commit's, paths are cut
// from the binaries, and lists are in order.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// release is what one run builds.
type release struct {
	root, out string
	version   string
	made      time.Time // of the commit: the only time in what is built
	platforms []platform
}

func main() {
	root := flag.String("root", "../../..", "`DIR` of the repository")
	out := flag.String("out", "../../../dist", "`DIR` to write to; it must not exist")
	version := flag.String("version", "", "`VERSION` of the packages; of the commit, if empty")
	only := flag.String("platforms", "amd64,arm64,armv7", "`LIST` of platforms")
	flag.Parse()
	if err := run(*root, *out, *version, *only); err != nil {
		fmt.Fprintln(os.Stderr, "error: package: "+err.Error())
		os.Exit(1)
	}
}

func run(root, out, version, only string) error {
	r, err := newRelease(root, out, version, only)
	if err != nil {
		return err
	}
	if _, err := os.Stat(r.out); err == nil {
		return fmt.Errorf("%s is there already; remove it first", r.out)
	}
	work, err := os.MkdirTemp("", "muster-package-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	here := slices.IndexFunc(r.platforms, func(p platform) bool { return p.goarch == runtime.GOARCH })
	if here < 0 {
		return fmt.Errorf("one of the platforms must be this machine's, as the manuals are what the binaries say of themselves")
	}
	var all []built
	for _, p := range r.platforms {
		fmt.Println("building for linux/" + p.name)
		b, err := r.build(p, filepath.Join(work, p.name))
		if err != nil {
			return err
		}
		all = append(all, b)
	}
	texts, err := r.texts(all[here], filepath.Join(work, "texts"))
	if err != nil {
		return err
	}
	return r.write(all, texts)
}

// newRelease reads version and time from the commit.
func newRelease(root, out, version, only string) (release, error) {
	r := release{version: version}
	var err error
	if r.root, err = filepath.Abs(root); err != nil {
		return r, err
	}
	if r.out, err = filepath.Abs(out); err != nil {
		return r, err
	}
	seconds, err := r.git("log", "-1", "--format=%ct")
	if err != nil {
		return r, err
	}
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return r, err
	}
	r.made = time.Unix(at, 0).UTC()
	if r.version == "" {
		hash, err := r.git("rev-parse", "--short=12", "HEAD")
		if err != nil {
			return r, err
		}
		r.version = "0.0.0~" + r.made.Format("20060102150405") + "." + hash // before any version there will be
	}
	for _, name := range strings.Split(only, ",") {
		p, ok := platforms[name]
		if !ok {
			return r, fmt.Errorf("unknown platform %q; want amd64, arm64 or armv7", name)
		}
		r.platforms = append(r.platforms, p)
	}
	return r, nil
}

func (r release) git(args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-C", r.root}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// write makes all there is of binaries and texts.
func (r release) write(all []built, texts texts) error {
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	for _, b := range all {
		for _, p := range packages(b, texts) {
			if err := r.deb(b.platform, p); err != nil {
				return fmt.Errorf("%s for %s: %w", p.name, b.name, err)
			}
			if err := r.bill(b.platform, p); err != nil {
				return fmt.Errorf("bill of %s for %s: %w", p.name, b.name, err)
			}
		}
		if err := r.tarball(b, texts); err != nil {
			return fmt.Errorf("tarball for %s: %w", b.name, err)
		}
	}
	if err := r.image(all); err != nil {
		return fmt.Errorf("image: %w", err)
	}
	return r.sums()
}
