package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// platform is a kind of machine, as Go, Debian and OCI call it.
type platform struct {
	name                  string // in the names of files
	goarch, goarm, debian string
	variant               string
}

var platforms = map[string]platform{
	"amd64": {"amd64", "amd64", "", "amd64", ""},
	"arm64": {"arm64", "arm64", "", "arm64", ""},
	"armv7": {"armv7", "arm", "7", "armhf", "v7"},
}

// tags are those of the Makefile.
const tags = "remote,containers_image_openpgp"

// built is the binaries of one platform.
type built struct {
	platform
	muster, agent string
}

// build makes the binaries of a platform. They name the commit by what go build reads from git.
func (r release) build(p platform, dir string) (built, error) {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=true", "-tags="+tags, "-ldflags=-s -w", "-o", dir+"/", "./cmd/muster", "./cmd/muster-agent")
	cmd.Dir, cmd.Stderr = r.root, os.Stderr
	cmd.Env = append(os.Environ(), "GOFLAGS=", "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+p.goarch, "GOARM="+p.goarm, "GOWORK=off")
	if err := cmd.Run(); err != nil {
		return built{}, fmt.Errorf("go build for %s: %w", p.name, err)
	}
	return built{p, filepath.Join(dir, "muster"), filepath.Join(dir, "muster-agent")}, nil
}

// texts are the files that are the same for all platforms, by the path they have in a package.
type texts map[string][]byte

// texts has the binaries of this machine write what is made of their verbs: manuals,
// completions, units and the sample of a configuration.
func (r release) texts(here built, dir string) (texts, error) {
	cmd := exec.Command(here.muster, "package-files", dir)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.made.Unix()))
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("muster package-files: %w", err)
	}
	out, err := readTexts(dir)
	if err != nil {
		return nil, err
	}
	if out[agentManual], err = r.agentManual(here.agent); err != nil {
		return nil, err
	}
	for path, name := range map[string]string{license: "LICENSE", readme: "README.md", guide: "cmd/GUIDE.md"} {
		if out[path], err = os.ReadFile(filepath.Join(r.root, name)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readTexts(dir string) (texts, error) {
	out := texts{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, dir+"/")] = text
		return err
	})
	return out, err
}
