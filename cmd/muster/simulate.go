package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/rollout"
	sim "github.com/musterfleet/muster/executor/simulate"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
)

// simulating is the flags of one simulate.
type simulating struct {
	console *console
	source  source
	world   string
	against string
	output  *choice
	model   sim.Model
	bad     []string
	fails   share
	silent  share
}

func simulateCommand(c *console) *cobra.Command {
	s := &simulating{console: c, source: source{console: c}}
	cmd := &cobra.Command{
		Use:   "simulate -w DIR",
		Short: "play a rollout on a model of the fleet, before any device is touched",
		Long: `simulate plans as plan does, and plays the run that would carry the plan out: the waves,
gates and budgets are the real ones, the devices are a model. It prints what happens when, and
the most devices that were down at one time in each group of a budget. Nothing is published.

The model: a device takes --takes in the mean to run what it is told; --bad names versions that
fail everywhere, --fail is the share of other starts that fail, --silent the share of devices that
fall silent once they are published to. The same --seed gives the same story.

Exit codes: 0 the run succeeds, 1 it fails or waits for somebody.`,
		Example: `  muster simulate -w worlds/shop --against worlds/shop-main
  muster simulate -w worlds/shop --against worlds/shop-main --bad web@2.1.0
  muster simulate -w worlds/shop --snapshot monday.snapshot --fail 2% --silent 1% --seed 7`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return s.run(cmd) },
	}
	worldFlag(cmd, &s.world)
	s.source.addFlags(cmd)
	cmd.Flags().StringVar(&s.against, "against", "", "`DIR` of the World that is taken for what is, fully applied")
	cmd.Flags().Int64Var(&s.model.Seed, "seed", 1, "`N` that decides all that is random")
	cmd.Flags().StringSliceVar(&s.bad, "bad", nil, "`APP@VERSION` that fails on every device; may be given again")
	cmd.Flags().Var(&s.fails, "fail", "share of other starts that fail, such as 2%")
	cmd.Flags().Var(&s.silent, "silent", "share of devices that fall silent once published to")
	cmd.Flags().DurationVar(&s.model.Takes, "takes", 30*time.Second, "`TIME` a device takes in the mean")
	cmd.Flags().BoolVar(&s.model.Approve, "approve", false, "let every held wave pass after an hour")
	s.output = outputFlag(cmd, "text", "json")
	if err := cmd.MarkFlagDirname("against"); err != nil {
		panic("muster: " + err.Error()) // the flag was added just above
	}
	return cmd
}

// share is a flag that takes a share such as 2%.
type share float64

func (s *share) String() string { return strconv.FormatFloat(100*float64(*s), 'f', -1, 64) + "%" }

func (s *share) Type() string { return "SHARE" }

// Set takes 2% or 2.
func (s *share) Set(text string) error {
	v, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || v < 0 || v > 100 {
		return errors.New("want a share such as 2%")
	}
	*s = share(v / 100)
	return nil
}

func (s *simulating) run(cmd *cobra.Command) error {
	if s.world == "" {
		return errors.New("simulate: no World; name its directory by -w DIR")
	}
	world, err := s.console.loadWorld(s.world)
	if err != nil {
		return err
	}
	if err := s.setModel(world); err != nil {
		return err
	}
	s.source.offline = s.against != ""
	reality, err := s.source.reality(cmd.Context())
	if err != nil {
		return err
	}
	if s.against != "" {
		other, err := s.console.loadWorld(s.against)
		if err != nil {
			return err
		}
		reality = applied(other, reality)
	}
	plan := planner.Make(world, reality)
	s.console.noteNoDevices(plan.Roster)
	script := rollout.NewScript(plan, func(string) bool { return true })
	story := sim.Play(script, rollout.SceneOf(plan, reality), s.model, nil)
	if err := s.show(plan, story); err != nil {
		return err
	}
	if story.Stuck || len(plan.Changes) > 0 && story.Run.Status != wire.RunSucceeded {
		return exit(1)
	}
	return nil
}

// setModel reads the versions that are to fail.
func (s *simulating) setModel(w algebra.World) error {
	s.model.Fails, s.model.Silent = float64(s.fails), float64(s.silent)
	s.model.Bad = map[algebra.DeploymentRef]bool{}
	var known []string
	for _, d := range w.Deployments {
		known = append(known, d.Ref().String())
	}
	if s.model.Takes < time.Second {
		return fmt.Errorf("simulate: --takes %s: at least a second", s.model.Takes)
	}
	for _, text := range s.bad {
		found := false
		for _, d := range w.Deployments {
			if d.Ref().String() == text {
				s.model.Bad[d.Ref()], found = true, true
			}
		}
		if !found {
			return fmt.Errorf("simulate: --bad %s: the World has no such deployment; %s", text, suggest(text, known, "known: "+strings.Join(known, ", ")))
		}
	}
	return nil
}

func (s *simulating) show(plan planner.Plan, story sim.Story) error {
	c := s.console
	if s.output.value == "json" {
		return indented(c, simulated(story))
	}
	if len(plan.Changes) == 0 {
		_, err := fmt.Fprintln(c.out, "Nothing to do, so nothing to play.")
		return err
	}
	for _, l := range story.Lines {
		fmt.Fprintf(c.out, "%9s  %s\n", clock(l.After), l.Text)
	}
	if len(story.Groups) == 0 {
		_, err := fmt.Fprintln(c.out, "\nNo rollout has a budget, so nothing bounds how many devices are down at one time.")
		return err
	}
	fmt.Fprintln(c.out)
	var rows [][]string
	for _, g := range story.Groups {
		rows = append(rows, []string{g.Name, strconv.Itoa(g.Devices), strconv.Itoa(g.Limit), strconv.Itoa(g.Most), clock(g.At)})
	}
	return table(c.out, []string{"GROUP", "DEVICES", "LIMIT", "MOST DOWN", "FIRST AT"}, rows)
}

// clock is a duration as h:mm:ss.
func clock(d time.Duration) string {
	seconds := int(d / time.Second)
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}

// simulatedStory is a Story as JSON.
type simulatedStory struct {
	Status   string           `json:"status"`
	Stuck    bool             `json:"stuck"`
	Seconds  int              `json:"seconds"`
	Timeline []simulatedLine  `json:"timeline"`
	Groups   []simulatedGroup `json:"groups"`
}

type simulatedLine struct {
	Seconds int    `json:"seconds"`
	Text    string `json:"text"`
}

type simulatedGroup struct {
	Name     string `json:"name"`
	Devices  int    `json:"devices"`
	Limit    int    `json:"limit"`
	MostDown int    `json:"most_down"`
}

func simulated(s sim.Story) simulatedStory {
	out := simulatedStory{Status: s.Run.Status.String(), Stuck: s.Stuck, Seconds: int(s.Took / time.Second),
		Timeline: []simulatedLine{}, Groups: []simulatedGroup{}}
	for _, l := range s.Lines {
		out.Timeline = append(out.Timeline, simulatedLine{int(l.After / time.Second), l.Text})
	}
	for _, g := range s.Groups {
		out.Groups = append(out.Groups, simulatedGroup{g.Name, g.Devices, g.Limit, g.Most})
	}
	return out
}
