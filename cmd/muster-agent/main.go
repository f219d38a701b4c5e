package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

const usage = `muster-agent runs on a device what the fleet's operators signed for it.

  muster-agent join      enter a fleet with a token that muster enroll printed
  muster-agent run       run until ended by a signal; what runs on the device is left running
  muster-agent renew     get a new key for this device
  muster-agent try       find out whether run would be answered by the fleet; changes nothing
  muster-agent hold      have nothing that runs on this device changed, until release
  muster-agent release   end that
  muster-agent version   print what was built
  muster-agent help      print this

muster-agent run --help lists the options of run; join and renew have theirs.
`

// run is muster-agent as a function: it returns the exit code, 0 or 1.
func run(ctx context.Context, args []string, env func(string) string, out, errw io.Writer) int {
	verb := ""
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	var err error
	switch verb {
	case "run":
		err = runAgent(ctx, args, env, out, errw)
	case "try":
		err = try(ctx, args, env, out, errw)
	case "join":
		err = join(ctx, args, out, errw)
	case "renew":
		err = renew(ctx, args, env, out)
	case "hold", "release":
		err = hold(verb, args, env, out)
	case "version", "--version":
		_, err = fmt.Fprintf(out, "muster-agent %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	case "help", "--help", "-h":
		_, err = io.WriteString(out, usage)
	case "":
		err = errors.New("no command given; want join, run, try, renew, hold, release, version or help")
	default:
		err = fmt.Errorf("unknown command %q; want join, run, try, renew, hold, release, version or help", verb)
	}
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	// Errors that were joined stand one on a line.
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(errw, "error: "+line)
	}
	return 1
}

// version is the module's, with the revision if the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v += "+" + s.Value[:min(12, len(s.Value))]
		}
	}
	return v
}
