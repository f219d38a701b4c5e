package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// mostHistory is how many entries are kept from one session to the next.
const mostHistory = 2000

// history is what was entered, the oldest first. On disk it is one JSON text a line, so that
// an entry of many lines comes back whole.
type history struct {
	file    string // empty keeps it in memory
	entries []string
}

// openHistory reads the history of earlier sessions. A line that is no JSON text is skipped:
// a history is not worth an error.
func openHistory(file string) (*history, error) {
	h := &history{file: file}
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return h, os.MkdirAll(filepath.Dir(file), 0o700)
	}
	if err != nil {
		return h, err
	}
	lines := bufio.NewScanner(strings.NewReader(string(b)))
	lines.Buffer(nil, len(b)+1)
	for lines.Scan() {
		var text string
		if json.Unmarshal(lines.Bytes(), &text) == nil && text != "" {
			h.entries = append(h.entries, text)
		}
	}
	if left := len(h.entries) - mostHistory; left > mostHistory/4 {
		h.entries = h.entries[left:]
		return h, h.rewrite()
	}
	return h, nil
}

func (h *history) rewrite() error {
	var b strings.Builder
	for _, e := range h.entries {
		b.Write(historyLine(e))
	}
	return writeFile(h.file, []byte(b.String()), 0o600)
}

func historyLine(text string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // & is a frequent word of the language
	if err := enc.Encode(text); err != nil {
		panic("muster: " + err.Error()) // a text always has a JSON form
	}
	return b.Bytes()
}

// add keeps an entry, but not twice in a row.
func (h *history) add(text string) error {
	text = strings.TrimSpace(text)
	if text == "" || len(h.entries) > 0 && h.entries[len(h.entries)-1] == text {
		return nil
	}
	h.entries = append(h.entries, text)
	if h.file == "" {
		return nil
	}
	f, err := os.OpenFile(h.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(historyLine(text)); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// historyFile is where the history is kept: in $XDG_STATE_HOME, else in ~/.local/state.
func historyFile(getenv func(string) string) string {
	if dir := getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "muster", "history")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "state", "muster", "history")
	}
	return ""
}
