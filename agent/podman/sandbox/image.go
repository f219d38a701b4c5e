package sandbox

import (
	"archive/tar"
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// The two versions of the image. Both hold busybox; /etc/version says which one it is, and
// `serve PORT` serves it over HTTP, ending at once when asked to.
const (
	Image1 = "localhost/muster-demo:1"
	Image2 = "localhost/muster-demo:2"
)

// applets are the commands the image has besides busybox itself.
var applets = []string{"sh", "cat", "echo", "false", "httpd", "kill", "ls", "ps", "sleep", "test", "true", "wget"}

const serve = `#!/bin/sh
# As process 1 a command that sets no trap would ignore the signal to end.
trap 'kill $!; exit 0' TERM INT
httpd -f -p "${1:-8080}" -h /srv & wait
`

// busybox is the path of a statically linked busybox.
func busybox() (string, error) {
	file, err := exec.LookPath("busybox")
	if err != nil {
		return "", errors.New("no busybox; on Debian: apt-get install busybox-static")
	}
	f, err := elf.Open(file)
	if err != nil {
		return "", err
	}
	libs, err := f.ImportedLibraries()
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if len(libs) > 0 {
		return "", fmt.Errorf("%s is not statically linked; on Debian: apt-get install busybox-static", file)
	}
	return file, nil
}

// importImage makes an image of a tar file written here.
func (s *Service) importImage(ctx context.Context, image string) error {
	_, version, _ := strings.Cut(path.Base(image), ":")
	content, err := rootfs(version)
	if err != nil {
		return fmt.Errorf("image %s: %w", image, err)
	}
	file := filepath.Join(s.dir, "image.tar")
	if err := os.WriteFile(file, content, 0o644); err != nil {
		return err
	}
	_, err = s.Podman(ctx, "import", "--quiet", "--change", "ENV=PATH=/bin", "--change", `CMD=["serve"]`, file, image)
	return errors.Join(err, os.Remove(file))
}

func rootfs(version string) ([]byte, error) {
	file, err := busybox()
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	var errs []error
	add := func(h tar.Header, content string) {
		h.Size = int64(len(content))
		if err := w.WriteHeader(&h); err != nil {
			errs = append(errs, err)
			return
		}
		_, err := w.Write([]byte(content))
		errs = append(errs, err)
	}
	for _, dir := range []string{"bin/", "etc/", "srv/", "tmp/"} {
		add(tar.Header{Name: dir, Typeflag: tar.TypeDir, Mode: 0o755}, "")
	}
	add(tar.Header{Name: "bin/busybox", Mode: 0o755}, string(program))
	for _, name := range applets {
		add(tar.Header{Name: "bin/" + name, Typeflag: tar.TypeSymlink, Linkname: "busybox"}, "")
	}
	add(tar.Header{Name: "bin/serve", Mode: 0o755}, serve)
	add(tar.Header{Name: "etc/version", Mode: 0o644}, version+"\n")
	add(tar.Header{Name: "srv/index.html", Mode: 0o644}, version+"\n")
	errs = append(errs, w.Close())
	return b.Bytes(), errors.Join(errs...)
}
