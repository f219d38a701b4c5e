package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

const testSuffix = ".test"

func testCommand(c *console) *cobra.Command {
	var verbose bool
	cmd := &cobra.Command{
		Use:   "test [FILE|DIR]...",
		Short: "run files that say which devices an expression is to denote",
		Long: `test runs files of steps, or all *.test files below a directory; without arguments below the
present one. A step starts at the margin, what belongs to it is indented:

  world DIR            a World; its names can be used
  load FILE            devices as JSON lines, as --roster reads them
  load                 devices, one or a folded set a line:
    edge-[001-003] arch=aarch64 label.site=berlin heartbeat=2m deploy.web=2.1.0,Running
  let NAME = EXPR      a name
  eval EXPR            an expression, and below it the names it denotes, none, or count N;
    edge-[001-002]     of an assignment the claims, as assignments; of by, show, sort and
                       limit the rows; with note TEXT a note
  eval_fail EXPR       an expression that is wrong, and below it a part of each message
    unknown name
  clear                forget devices, World and names

A line that starts with # says nothing. Files and directories are meant from where the test
file lies. The exit code is 1 if anything fails.`,
		Example: `  muster test
  muster test worlds/shop/tests
  muster test -v edge.test
  muster test -o junit > worlds.xml`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{strings.TrimPrefix(testSuffix, ".")}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	output := outputFlag(cmd, "text", "json", "junit", "tap")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "name the steps that pass too")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return runTests(cmd.Context(), c, args, &testReport{console: c, format: output.value, verbose: verbose})
	}
	return cmd
}

func runTests(ctx context.Context, c *console, args []string, report *testReport) error {
	files, err := testFiles(args)
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		newTestRun(c, file, report).run(ctx, string(text))
	}
	if err := report.end(len(files)); err != nil {
		return err
	}
	if report.Failed > 0 {
		return exit(1)
	}
	return nil
}

// testFiles are the files named, and those below the directories named.
func testFiles(args []string) ([]string, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, fmt.Errorf("test %s: no such file; name files, or directories that hold *%s", arg, testSuffix)
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && filepath.Ext(path) == testSuffix {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("test: no *%s files in %s; muster test --help shows what they look like", testSuffix, strings.Join(args, ", "))
	}
	return files, nil
}
