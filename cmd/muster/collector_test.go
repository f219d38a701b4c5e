package main

import (
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collect is `collect FILE`: a collector of OpenTelemetry that writes a line for each span into the
// file, and to which the commands that follow tell theirs.
func collect(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: collect FILE")
	}
	file, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			body, _ = gzip.NewReader(r.Body) // what is none does not parse below
		}
		text, err := io.ReadAll(body)
		var said collector.ExportTraceServiceRequest
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(text, &said) != nil {
			http.Error(w, "no traces", http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, from := range said.ResourceSpans {
			service := ""
			for _, a := range from.Resource.Attributes {
				if a.Key == "service.name" {
					service = a.Value.GetStringValue()
				}
			}
			for _, scope := range from.ScopeSpans {
				for _, s := range scope.Spans {
					about := ""
					for _, a := range s.Attributes {
						about += fmt.Sprintf(" %s=%s", a.Key, cmp.Or(a.Value.GetStringValue(), fmt.Sprint(a.Value.GetIntValue())))
					}
					fmt.Fprintf(file, "%s: %s%s, in a trace: %t\n", service, s.Name, about, len(s.ParentSpanId) > 0)
				}
			}
		}
	}))
	ts.Defer(func() { server.Close(); _ = file.Close() })
	ts.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
}
