package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
)

//go:embed scripts
var scripts embed.FS

// deb writes a Debian package.
func (r release) deb(on platform, p pack) error {
	work, err := os.MkdirTemp("", "muster-deb-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	info := &nfpm.Info{
		Name: p.name, Arch: on.debian, Platform: "linux", Version: r.version, VersionSchema: "none", Section: p.section, Priority: "optional",
		Maintainer: maintainer, Description: p.summary + "\n" + p.about, Homepage: "https://github.com/musterfleet/muster", License: "Apache-2.0", MTime: r.made,
		DisableGlobbing: true,
		Overridables:    nfpm.Overridables{Recommends: p.recommends, Deb: nfpm.Deb{Compression: "gzip"}},
	}
	if p.scripts {
		for name, at := range map[string]*string{"postinst": &info.Scripts.PostInstall, "prerm": &info.Scripts.PreRemove} {
			*at = filepath.Join(work, name)
			text, err := scripts.ReadFile("scripts/" + name)
			if err != nil {
				return err
			}
			if err := os.WriteFile(*at, text, 0o755); err != nil {
				return err
			}
		}
	}
	for i, f := range append(p.files, r.debian(p)...) {
		content := &files.Content{Source: f.binary, Destination: f.path, FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: f.mode(), MTime: r.made}}
		if f.binary == "" {
			content.Source = filepath.Join(work, fmt.Sprint(i))
			if err := os.WriteFile(content.Source, f.text, 0o644); err != nil {
				return err
			}
		}
		info.Contents = append(info.Contents, content)
	}
	if err := nfpm.PrepareForPackager(nfpm.WithDefaults(info), "deb"); err != nil {
		return err
	}
	to, err := os.Create(filepath.Join(r.out, fmt.Sprintf("%s_%s_%s.deb", p.name, r.version, on.debian)))
	if err != nil {
		return err
	}
	if err := deb.Default.Package(info, to); err != nil {
		to.Close()
		return err
	}
	return to.Close()
}

// mode is that of what it is: a program or a text.
func (f file) mode() fs.FileMode {
	if f.binary != "" {
		return 0o755
	}
	return 0o644
}
