package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Where texts are, before a package takes them to their places.
const (
	license     = "LICENSE"
	readme      = "README.md"
	guide       = "GUIDE.md"
	agentManual = "man/muster-agent.8"
	agentUnits  = "systemd/"
	accounts    = "sysusers.d/"
	folders     = "tmpfiles.d/"
	agentConfig = "config.toml.example"
)

// file is one file of a package: text, or the copy of a binary.
type file struct {
	path   string
	text   []byte
	binary string
}

// pack is a package before it has a format.
type pack struct {
	name, summary, about string
	section              string
	binary               string
	recommends           []string
	scripts              bool // it has scripts, which dpkg runs
	files                []file
}

// packages are those of one platform.
func packages(b built, t texts) []pack {
	muster := pack{name: "muster", section: "admin", binary: b.muster,
		summary: "policy-and-query engine for fleets of devices",
		about: `muster plans what takes a fleet of devices to what is declared, has policies
judge the plan, and carries out an approved one. Fleets, selectors and
assignments are values that combine like sets.`,
		files: []file{{path: "/usr/bin/muster", binary: b.muster}, {path: "/usr/share/doc/muster/GUIDE.md", text: t[guide]}}}
	agent := pack{name: "muster-agent", section: "admin", binary: b.agent, recommends: []string{"podman"}, scripts: true,
		summary: "agent of muster: runs on a device what its fleet's operators signed",
		about: `muster-agent follows the desired state of its device and carries it out with
podman, files and systemd units. It works without a network from what it
accepted last.`,
		files: []file{{path: "/usr/bin/muster-agent", binary: b.agent}, {path: "/usr/share/doc/muster-agent/config.toml.example", text: t[agentConfig]}}}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		dir, base := path.Split(name)
		switch {
		case name == agentManual:
			agent.files = append(agent.files, file{path: "/usr/share/man/man8/" + base + ".gz", text: zipped(t[name])})
		case dir == "man/":
			muster.files = append(muster.files, file{path: "/usr/share/man/man1/" + base + ".gz", text: zipped(t[name])})
		case dir == agentUnits:
			agent.files = append(agent.files, file{path: "/usr/lib/systemd/system/" + base, text: t[name]})
		case dir == accounts, dir == folders:
			agent.files = append(agent.files, file{path: "/usr/lib/" + name, text: t[name]})
		case completions[name] != "":
			muster.files = append(muster.files, file{path: completions[name], text: t[name]})
		}
	}
	return []pack{muster, agent}
}

// completions are where shells look for them.
var completions = map[string]string{
	"completions/muster.bash": "/usr/share/bash-completion/completions/muster",
	"completions/_muster":     "/usr/share/zsh/vendor-completions/_muster",
	"completions/muster.fish": "/usr/share/fish/vendor_completions.d/muster.fish",
}

// debian are the files that Debian wants of each package.
func (r release) debian(p pack) []file {
	doc := "/usr/share/doc/" + p.name + "/"
	changelog := fmt.Sprintf("%s (%s) unstable; urgency=medium\n\n  * Built from the commit of this time; its log says what changed.\n\n -- %s  %s\n",
		p.name, r.version, maintainer, r.made.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	overrides := p.name + ": statically-linked-binary\n"
	return []file{
		{path: doc + "copyright", text: []byte(copyright)},
		{path: doc + "changelog.gz", text: zipped([]byte(changelog))},
		{path: "/usr/share/lintian/overrides/" + p.name, text: []byte(overrides)},
	}
}

const maintainer = "The muster developers <muster@musterfleet.invalid>"

var copyright = strings.TrimLeft(`
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: muster
Source: https://github.com/musterfleet/muster

Files: *
Copyright: the muster developers
License: Apache-2.0
 On Debian systems the text of this license is in
 /usr/share/common-licenses/Apache-2.0.
`, "\n")

// zipped is a text in gzip, without a name or a time.
func zipped(text []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic("package: " + err.Error()) // the level exists
	}
	if _, err := w.Write(text); err != nil {
		panic("package: " + err.Error()) // a Buffer takes everything
	}
	if err := w.Close(); err != nil {
		panic("package: " + err.Error())
	}
	return b.Bytes()
}
