package worlddir

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Commit is the commit that a directory has checked out, with -dirty where files of it differ; empty
// where it is in no git working copy, or there is no git.
func Commit(ctx context.Context, dir string) string {
	sha := head(ctx, dir)
	if sha == "" {
		return ""
	}
	if changed, err := git(ctx, dir, "status", "--porcelain", "--", "."); err != nil || changed != "" {
		return sha + "-dirty"
	}
	return sha
}

func head(ctx context.Context, dir string) string {
	if gitDir(dir) == "" {
		return ""
	}
	sha, err := git(ctx, dir, "rev-parse", "HEAD")
	if err != nil {
		return ""
	}
	return sha
}

// git runs without taking locks: to look must change nothing that is watched.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0")
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// gitDir is the .git of the working copy that a directory is in, or "".
func gitDir(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for {
		at := filepath.Join(abs, ".git")
		if info, err := os.Stat(at); err == nil {
			if info.IsDir() {
				return at
			}
			if text, err := os.ReadFile(at); err == nil { // a worktree: it says where
				path, _ := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
				if !filepath.IsAbs(path) {
					path = filepath.Join(abs, path)
				}
				return path
			}
		}
		parent := filepath.Dir(abs)
		if parent == abs {
			return ""
		}
		abs = parent
	}
}

// busy reports that git changes the working copy at this moment.
func (d Directory) busy() bool {
	dir := gitDir(d.Path)
	if dir == "" {
		return false
	}
	lock, err := os.Stat(filepath.Join(dir, "index.lock"))
	return err == nil && time.Since(lock.ModTime()) < staleLock
}

// staleLock is after how long a lock is one that a git left behind that was killed.
const staleLock = 10 * time.Minute
