package main

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// TestWatch changes the devices under a watch: the first answer is whole, then only who comes and
// who goes is told, until it is interrupted.
func TestWatch(t *testing.T) {
	const before = `{"id":"edge-1","labels":{"ring":"0"}}
{"id":"edge-2","labels":{"ring":"0"}}
{"id":"edge-3","labels":{"ring":"1"}}
`
	s := testSession(t, txtar.Parse([]byte("-- devices.jsonl --\n"+before)))
	s.live, s.timing = true, false
	var shown strings.Builder
	ctx, interrupt := context.WithCancel(t.Context())
	later := []string{ // what the file holds after each time something is shown
		strings.ReplaceAll(before, `"edge-3","labels":{"ring":"1"}`, `"edge-3","labels":{"ring":"0"}`),
		`{"id":"edge-3","labels":{"ring":"0"}}` + "\n",
	}
	s.emit = func(text string) {
		if shown.WriteString(text); text == "" {
			return
		}
		if len(later) == 0 {
			interrupt()
			return
		}
		if err := os.WriteFile("devices.jsonl", []byte(later[0]), 0o644); err != nil {
			t.Error(err)
		}
		later = later[1:]
	}
	timeout := time.AfterFunc(20*time.Second, interrupt)
	defer timeout.Stop()
	said, _, err := s.handle(ctx, `:watch 100ms label("ring") = "0"`)
	if err != nil || said != "" {
		t.Fatalf("%q, %v", said, err)
	}
	have := regexp.MustCompile(`(?m)^[0-9:]{8}Z`).ReplaceAllString(shown.String(), "now")
	want := `≡ all[label("ring") = "0"]
edge-[1-2]
2 of 3 devices · devices.jsonl
every 100ms; Ctrl-C ends it
now  + edge-3
now  - edge-[1-2]
`
	if have != want {
		t.Errorf("shown\n%swant\n%s", have, want)
	}
}

func TestWatchRefuses(t *testing.T) {
	s := testSession(t, txtar.Parse([]byte("-- devices.jsonl --\n{\"id\":\"edge-1\"}\n")))
	for entry, want := range map[string]string{
		":watch 1ms all":        "watch every 1ms; 100ms is the least",
		":watch all by arch":    "an expression is wanted here, without let and without clauses",
		":watch 2s let a = all": "an expression is wanted here, without let and without clauses",
	} {
		if _, _, err := s.handle(t.Context(), entry); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", entry, err, want)
		}
	}
}
