package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/musterfleet/muster/agent/setup"
)

// packageFilesCommand is how packages come by what is made of the verbs. People have help,
// completion and setup instead.
func packageFilesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "package-files DIR",
		Short: "write what packages carry besides the binaries",
		Long: `package-files writes the manuals and the completions of all verbs to DIR, the units of the
agent, and a sample of a configuration. The same binary writes the same bytes: the date of the manuals
is that of SOURCE_DATE_EPOCH, or none.`,
		Example: "  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) muster package-files made",
		Hidden:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("package-files: want the directory to write to")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := packageFiles(cmd.Root())
			if err != nil {
				return err
			}
			for name, text := range files {
				name = filepath.Join(args[0], name)
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					return err
				}
				if err := os.WriteFile(name, text, 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// packageFiles are texts by where they go.
func packageFiles(root *cobra.Command) (map[string][]byte, error) {
	out := map[string][]byte{"config.toml.example": []byte(sampleConfig)}
	for name, text := range setup.Packaged("muster-agent") {
		out[name] = []byte(text)
	}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"muster.bash": func(b *bytes.Buffer) error { return root.GenBashCompletionV2(b, true) },
		"_muster":     func(b *bytes.Buffer) error { return root.GenZshCompletion(b) },
		"muster.fish": func(b *bytes.Buffer) error { return root.GenFishCompletion(b, true) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return nil, err
		}
		out["completions/"+name] = b.Bytes()
	}
	made, err := builtAt(os.Getenv("SOURCE_DATE_EPOCH"))
	if err != nil {
		return nil, err
	}
	root.DisableAutoGenTag = true
	return out, manuals(root, made, out)
}

// manuals adds the manual of a verb and of those below it.
func manuals(cmd *cobra.Command, made time.Time, out map[string][]byte) error {
	var b bytes.Buffer
	header := &doc.GenManHeader{Section: "1", Date: &made, Source: "muster", Manual: "muster"}
	if err := doc.GenMan(cmd, header, &b); err != nil {
		return err
	}
	out["man/"+strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".1"] = b.Bytes()
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && !sub.IsAdditionalHelpTopicCommand() {
			if err := manuals(sub, made, out); err != nil {
				return err
			}
		}
	}
	return nil
}

// builtAt is the time that a build is to have.
func builtAt(epoch string) (time.Time, error) {
	if epoch == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH=%s: want seconds since 1970", epoch)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// sampleConfig is read by a test as a configuration.
const sampleConfig = `# How this device reaches its fleet. muster-agent join and muster device setup write
# /etc/muster/config.toml; this shows what is in it. Every key is also a variable of the
# environment, such as MUSTER_NATS_URL.

device = "edge-001"            # its id in the fleet

[nats]
url = "tls://fleet.example:4222"
token_file = "token"           # paths are relative to this file

[keys]
trust = ["operator.pub"]       # whose signatures on desired states are taken

# [oidc] instead of token_file, for a device with a key of its own
# issuer = "https://issuer.example"
# audience = "muster"
# key_file = "device.json"
`
