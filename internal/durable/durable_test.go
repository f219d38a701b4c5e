package durable_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/musterfleet/muster/internal/durable"
)

// TestReplaceCutOffAnywhere leaves the old content or the new one, and can be done again.
func TestReplaceCutOffAnywhere(t *testing.T) {
	for cut := range 4 {
		file := filepath.Join(t.TempDir(), "file")
		if err := durable.Replace(file, []byte("old"), 0o640); err != nil {
			t.Fatal(err)
		}
		for _, step := range durable.Steps(file, []byte("a new one"), 0o640)[:cut] {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		want := "old"
		if cut > 1 {
			want = "a new one"
		}
		if have, err := os.ReadFile(file); string(have) != want || err != nil {
			t.Errorf("cut off after %d steps it holds %q: %v", cut, have, err)
		}
		if err := durable.Replace(file, []byte("the last"), 0o640); err != nil {
			t.Fatal(err)
		}
		if have, _ := os.ReadFile(file); string(have) != "the last" {
			t.Errorf("replaced again it holds %q", have)
		}
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("its mode is %v: %v", info.Mode(), err)
		}
	}
}

// TestReplaceSaysWhatFailed, and leaves the file as it is.
func TestReplaceSaysWhatFailed(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := durable.Replace(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file+".tmp", 0o700); err != nil { // nothing can be written there
		t.Fatal(err)
	}
	if err := durable.Replace(file, []byte("new"), 0o600); err == nil {
		t.Error("it failed, and does not say so")
	}
	if have, _ := os.ReadFile(file); string(have) != "old" {
		t.Errorf("it holds %q", have)
	}
	if err := durable.Replace(filepath.Join(dir, "none", "file"), nil, 0o600); err == nil {
		t.Error("there is no such directory, and it does not say so")
	}
}
