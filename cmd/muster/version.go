package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build is what the Go tool wrote into the binary.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func versionCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "print what was built: version, revision, Go",
		Args:    cobra.NoArgs,
		Example: "  muster version\n  muster version -o json",
	}
	output := outputFlag(cmd, "text", "json")
	cmd.RunE = func(*cobra.Command, []string) error {
		b := readBuild()
		if output.value == "json" {
			return json.NewEncoder(c.out).Encode(b)
		}
		_, err := fmt.Fprintln(c.out, b)
		return err
	}
	return cmd
}

// String is one line for people.
func (b build) String() string {
	return fmt.Sprintf("muster %s (revision %s, %s, %s)", b.Version, cmp.Or(b.Revision, "unknown"), b.Go, b.Platform)
}

// readBuild reads the build info. Binaries built without version control have no revision.
func readBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return build{Version: "unknown"}
	}
	b := build{Version: info.Main.Version, Go: info.GoVersion}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	b.Platform = set["GOOS"] + "/" + set["GOARCH"]
	b.Revision = set["vcs.revision"]
	if set["vcs.modified"] == "true" {
		b.Revision += "+modified"
	}
	return b
}
