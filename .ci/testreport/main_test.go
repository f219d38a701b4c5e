package main

import (
	"io"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	const stream = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: quiet\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:4: note: look twice\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"note: of a program under test\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    a_test.go:9: no podman here\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`
	const want = `      note: look twice
SKIP  p TestB
      a_test.go:9: no podman here
ok  	p	0.1s
1 passed, 0 failed, 1 skipped
`
	var out strings.Builder
	if code := run(strings.NewReader(stream), &out, io.Discard); code != 0 || out.String() != want {
		t.Errorf("exit code %d\n got %q\nwant %q", code, out.String(), want)
	}
}

func TestReportFails(t *testing.T) {
	cases := map[string]string{
		// a failing test, whose package must not be counted again
		`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: wrong\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
`: "FAIL  p TestA\n      a_test.go:3: wrong\n0 passed, 1 failed, 0 skipped\n",
		// a package that does not compile
		`{"ImportPath":"p","Action":"build-output","Output":"a.go:1: syntax error\n"}
{"Action":"fail","Package":"p","FailedBuild":"p"}
`: "a.go:1: syntax error\nFAIL  p\n0 passed, 1 failed, 0 skipped\n",
		// the go command itself gave up
		"go: no such module\n": "go: no such module\n0 passed, 0 failed, 0 skipped\n",
	}
	for stream, want := range cases {
		var out strings.Builder
		if code := run(strings.NewReader(stream), &out, io.Discard); code != 1 || out.String() != want {
			t.Errorf("exit code %d\n got %q\nwant %q", code, out.String(), want)
		}
	}
}
