package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/executor/nats"
)

// TestChartsBroker: what the chart's values have NATS's official chart write, with the accounts beside
// it, is a configuration that a server takes, and makes it a fleet's broker.
func TestChartsBroker(t *testing.T) {
	text, err := os.ReadFile("../../executor/kube/manifests/chart/charts/nats/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var values struct {
		Server struct {
			Config struct {
				Cluster   struct{ Enabled bool }
				JetStream struct{ Enabled bool } `yaml:"jetstream"`
				Merge     map[string]any
			}
		}
	}
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	c, dir := values.Server.Config, t.TempDir()
	file, _ := c.Merge["$include"].(string)
	if !c.Cluster.Enabled || !c.JetStream.Enabled || file == "" || len(c.Merge) != 1 {
		t.Fatalf("the values are %+v: the configuration below is of others", c)
	}
	public, err := makeServiceKeys(filepath.Join(dir, "services"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, file), []byte(nats.Accounts(public)), 0o600); err != nil {
		t.Fatal(err)
	}
	// As the official chart has it: an include first, then the sections in JSON.
	sections, err := json.Marshal(map[string]any{"server_name": "muster-nats-0", "port": -1, "jetstream": map[string]any{"store_dir": dir, "max_memory_store": 0},
		"cluster": map[string]any{"name": "muster-nats", "port": -1, "no_advertise": true, "routes": []string{"nats://127.0.0.1:1"}}})
	if err != nil {
		t.Fatal(err)
	}
	main := filepath.Join(dir, "nats.conf")
	if err := os.WriteFile(main, append([]byte("include "+file+";\n"), sections[1:len(sections)-1]...), 0o600); err != nil {
		t.Fatal(err)
	}
	options, err := server.ProcessConfigFile(main)
	if err != nil {
		t.Fatal(err)
	}
	if options.AuthCallout == nil || len(options.Accounts) != 5 || options.SystemAccount != "SYS" || !options.JetStream || options.Cluster.Name == "" {
		t.Errorf("the server would have callout %v, %d accounts, of which %q is the system's", options.AuthCallout, len(options.Accounts), options.SystemAccount)
	}
	options.NoLog, options.NoSigs = true, true
	if _, err := server.NewServer(options); err != nil {
		t.Errorf("a server does not take it: %v", err)
	}
}
