package algebra

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Files is a workload of files that are put in place together.
type Files struct {
	Files []File `json:"files"`
	// Values are what ${NAME} in a content stands for; a ${NAME} that is not among them stays.
	Values map[string]EnvValue `json:"values,omitempty"`
}

// File is one file. Its content is written here, or fetched and compared with its digest.
type File struct {
	// Path is absolute and clean. No directory on it may be a symbolic link.
	Path string `json:"path"`
	// Mode is octal; empty is 0644.
	Mode string `json:"mode,omitempty"`
	// Owner is USER or USER:GROUP, by name or number; empty is who runs the agent.
	Owner   string    `json:"owner,omitempty"`
	Content string    `json:"content,omitempty"`
	Fetch   *Download `json:"fetch,omitempty"`
}

// Download is a content that is not part of the World.
type Download struct {
	URL    string `json:"url"`
	Digest Digest `json:"digest"`
}

var (
	fileMode  = regexp.MustCompile(`^0?[0-7]{3,4}$`)
	fileOwner = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9_.-]*(:[a-zA-Z0-9_][a-zA-Z0-9_.-]*)?$`)
)

// Perm is the mode as a number.
func (f File) Perm() uint32 {
	n, err := strconv.ParseUint(f.Mode, 8, 32)
	if err != nil {
		return 0o644 // check lets nothing else pass than an empty one
	}
	return uint32(n)
}

// Text is the content on a device with these values.
func (s *Files) Text(f File, v Values) (string, error) {
	var pairs []string
	for name, e := range s.Values {
		text, ok := e.Text(v)
		if !ok {
			return "", fmt.Errorf("file %s: value %s: nothing came for it with the release", f.Path, name)
		}
		pairs = append(pairs, "${"+name+"}", text)
	}
	return strings.NewReplacer(pairs...).Replace(f.Content), nil
}

// kernelPaths are no places for files.
var kernelPaths = []string{"/proc", "/sys", "/dev"}

func (s *Files) check() error {
	if len(s.Files) == 0 {
		return fmt.Errorf("files: none are listed")
	}
	paths := map[string]bool{}
	for _, f := range s.Files {
		if err := f.check(); err != nil {
			return fmt.Errorf("file %q: %w", f.Path, err)
		}
		if paths[f.Path] {
			return fmt.Errorf("file %q: path used twice", f.Path)
		}
		paths[f.Path] = true
	}
	for p := range paths {
		for dir := path.Dir(p); dir != "/"; dir = path.Dir(dir) {
			if paths[dir] {
				return fmt.Errorf("file %q: %s is a file of the same set", p, dir)
			}
		}
	}
	for name, e := range s.Values {
		if err := e.check(name); err != nil {
			return fmt.Errorf("values: %w", err)
		}
	}
	return nil
}

func (f File) check() error {
	if err := CheckFilePath(f.Path); err != nil {
		return err
	}
	switch {
	case f.Mode != "" && !fileMode.MatchString(f.Mode):
		return fmt.Errorf("mode: %q is no octal mode such as 0644", f.Mode)
	case f.Owner != "" && !fileOwner.MatchString(f.Owner):
		return fmt.Errorf("owner: %q is not USER or USER:GROUP", f.Owner)
	case f.Fetch != nil && f.Content != "":
		return fmt.Errorf("give content or fetch, not both")
	case f.Fetch != nil && (f.Fetch.Digest.IsZero() || !strings.HasPrefix(f.Fetch.URL, "https://") && !strings.HasPrefix(f.Fetch.URL, "http://")):
		return fmt.Errorf("fetch: want an http or https url and the digest of what is there")
	}
	return nil
}

// CheckFilePath refuses a path that is not the one plain name of a file a workload may write.
func CheckFilePath(p string) error {
	switch {
	case !strings.HasPrefix(p, "/"):
		return fmt.Errorf("path must be absolute")
	case strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("path has a control character")
	case path.Clean(p) != p || p == "/":
		return fmt.Errorf("path must be plain: no . or .. or // in it and no / at its end")
	case len(p) > 1024:
		return fmt.Errorf("path is longer than 1024 bytes")
	}
	for _, no := range kernelPaths {
		if p == no || strings.HasPrefix(p, no+"/") {
			return fmt.Errorf("path is in %s, which holds no files of its own", no)
		}
	}
	return nil
}

func (s *Files) resources() []Resource {
	var held []Resource
	for _, f := range s.Files {
		held = append(held, Resource("path "+f.Path))
	}
	return held
}

func (s *Files) inputs() []EnvValue {
	var in []EnvValue
	for _, e := range s.Values {
		in = append(in, e)
	}
	return in
}

// withoutDefaults: files are a set, so their order is no part of the identity.
func (s *Files) withoutDefaults() *Files {
	if s == nil {
		return nil
	}
	out := &Files{Files: slices.Clone(s.Files), Values: s.Values}
	for i := range out.Files {
		f := &out.Files[i]
		if f.Mode != "" {
			f.Mode = fmt.Sprintf("%04o", f.Perm())
		}
		f.Mode = leaveOut(f.Mode, "0644")
	}
	slices.SortFunc(out.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return out
}
