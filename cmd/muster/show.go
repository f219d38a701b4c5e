package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

func showCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show PLAN",
		Short: "print a plan that was saved by plan --out",
		Long: `show prints a saved plan, as plan did when it was made. It needs no fleet and no World, and
shows stale and applied plans too. A file that was changed since it was written is refused.

-o markdown is a comment for a pull request: the summary first, details folded, never longer
than --max-bytes. Its first line is a fixed comment, by which a robot finds the one to replace.`,
		Example: `  muster show plan.json
  muster show plan.json -o markdown --max-bytes 60000`,
		Args: onePlan,
	}
	output := outputFlag(cmd, "text", "json", "markdown")
	limit := maxBytesFlag(cmd)
	whole := wholeFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		f, err := c.loadPlan(args[0])
		if err != nil {
			return err
		}
		p, err := f.Plan(nil, nil)
		if err != nil {
			return err
		}
		switch output.value {
		case "json":
			_, err = c.out.Write(f.JSON())
		case "markdown":
			_, err = fmt.Fprint(c.out, f.Markdown(p, *limit))
		default:
			fmt.Fprintln(c.out, strings.TrimRight(origin(f)+"\n"+approvedBy(f), "\n")+"\n")
			_, err = fmt.Fprint(c.out, planner.Text(p, planner.Style{Color: c.color(c.out), Width: c.columns(), Fields: f.Fields(), Notes: policies.Notes(f), Risk: f.Risk.Told(), Whole: *whole}))
		}
		return err
	}
	return cmd
}

// onePlan wants the name of one file.
func onePlan(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return fmt.Errorf("%s: no plan; name the file that `muster plan --out FILE` wrote", cmd.Name())
	case 1:
		return nil
	}
	return fmt.Errorf("%s: unexpected argument %q; it takes one plan", cmd.Name(), args[1])
}

// maxBytesFlag adds --max-bytes.
func maxBytesFlag(cmd *cobra.Command) *int {
	return cmd.Flags().Int("max-bytes", 60000, "cut markdown to `N` bytes; 0 never cuts")
}

// wholeFlag adds --whole.
func wholeFlag(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("whole", false, "print every line of the text, however long the plan")
}

// loadPlan reads a plan file.
func (c *console) loadPlan(name string) (planfile.File, error) {
	from, err := c.open(name)
	if err != nil {
		return planfile.File{}, err
	}
	defer from.Close()
	f, err := decodePlan(from)
	if err != nil {
		return planfile.File{}, fmt.Errorf("%s: %w", shown(name), err)
	}
	return f, nil
}

// decodePlan reads a plan as it comes, if it can be read twice.
func decodePlan(from io.Reader) (planfile.File, error) {
	if file, ok := from.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			return planfile.Read(file)
		}
	}
	text, err := io.ReadAll(from)
	if err != nil {
		return planfile.File{}, err
	}
	return planfile.Decode(text)
}

// origin is what a plan was made from.
func origin(f planfile.File) string {
	world := f.Base.WorldDigest
	if d, err := f.World(); err == nil {
		world = d.Short()
	}
	text := fmt.Sprintf("Plan %s of World %s, as of %s", f.Metadata.Name, world, f.Base.ObservedAt.Format(time.RFC3339))
	if !f.Complete {
		text += "; incomplete, as some changes were left out on request"
	}
	return text
}
