package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

// supposing is the flags of one what-if.
type supposing struct {
	console *console
	source  source
	world   string
	other   string
	devices []string
	without []string
	labels  []string
	output  *choice
}

func whatIfCommand(c *console) *cobra.Command {
	s := &supposing{console: c, source: source{console: c}}
	cmd := &cobra.Command{
		Use:   "what-if -w DIR",
		Short: "print how the plan would differ with another device, label or World",
		Long: `what-if plans twice, as things are and as they are supposed to be, and prints what only one of
the plans does. It changes nothing. Suppositions combine, and each may be given several times:

  --device DEVICE   a device more, or one that is known with other labels and facts; DEVICE is
                    'id=gw-9,labels=site=berlin,env=prod,facts=arch=aarch64' or a line of a roster
  --without NAMES   without these devices, folded as in gw-[1-3]
  --label D k=v     a device with another label, k- without it
  --world OTHER     another World in place of DIR

Where the source has nothing published, as a roster or the World's own devices, DIR counts as
carried out in full: what is printed is what the supposition alone would bring.`,
		Example: `  muster what-if -w worlds/shop --label edge-007 ring=0
  muster what-if -w worlds/shop --snapshot fleet.snap --world worlds/shop-next --without edge-[1-3]
  muster what-if -w worlds/shop --device 'id=gw-9,labels=site=berlin,facts=arch=aarch64' -o json`,
		RunE:              func(cmd *cobra.Command, args []string) error { return s.run(cmd, args) },
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVarP(&s.world, "from", "w", "", "`DIR` of the World as it is")
	s.source.addFlags(cmd)
	cmd.Flags().StringArrayVar(&s.devices, "device", nil, "suppose `DEVICE` is there")
	cmd.Flags().StringArrayVar(&s.without, "without", nil, "suppose the devices `NAMES` are not there")
	cmd.Flags().StringArrayVar(&s.labels, "label", nil, "suppose a device `D k=v` has that label")
	cmd.Flags().StringVar(&s.other, "world", "", "suppose the World in `OTHER`")
	s.output = outputFlag(cmd, "text", "json")
	for _, dir := range []string{"from", "world"} {
		if err := cmd.MarkFlagDirname(dir); err != nil {
			panic("muster: " + err.Error()) // the flags were added just above
		}
	}
	return cmd
}

func (s *supposing) run(cmd *cobra.Command, args []string) error {
	if s.world == "" {
		return errors.New("what-if: no World; name its directory by -w DIR")
	}
	if len(s.devices)+len(s.without)+len(s.labels) == 0 && s.other == "" {
		return errors.New("what-if: suppose something: --device, --without, --label or --world; what-if --help has examples")
	}
	labels, err := labelEdits(s.labels, args)
	if err != nil {
		return err
	}
	world, err := s.console.loadWorld(s.world)
	if err != nil {
		return err
	}
	reality, err := s.source.reality(cmd.Context())
	if err != nil {
		return err
	}
	if len(reality.Published.Apps()) == 0 {
		reality = applied(world, reality)
	}
	supposed, then := world, reality
	if s.other != "" {
		if supposed, err = s.console.loadWorld(s.other); err != nil {
			return err
		}
	}
	if supposed, then, err = s.suppose(supposed, then, labels); err != nil {
		return err
	}
	return s.print(planner.Make(world, reality), planner.Make(supposed, then))
}

func (s *supposing) print(before, after planner.Plan) error {
	c := s.console
	d := planner.Compare(before, after)
	if s.output.value == "json" {
		return indented(c, struct {
			Before planner.Counts `json:"before"`
			After  planner.Counts `json:"after"`
			Lines  []planner.Line `json:"lines"`
		}{before.Counts(), after.Counts(), d.Lines()})
	}
	if d.IsEmpty() {
		_, err := fmt.Fprintln(c.out, "No difference: the plan would be the same.")
		return err
	}
	_, err := fmt.Fprint(c.out, d.Text(planner.Style{Color: c.color(c.out), Width: c.columns()},
		"Would come into the plan", "Would fall away from it"))
	return err
}

// suppose makes the changes to what is declared and seen. A device with a document has what
// the document says, so labels are changed there too.
func (s *supposing) suppose(w algebra.World, r algebra.Reality, labels []labelEdit) (algebra.World, algebra.Reality, error) {
	change := supposition{world: w, reality: r, put: map[algebra.DeviceID]algebra.Device{}, gone: map[algebra.DeviceID]bool{}}
	for _, text := range s.devices {
		if err := change.device(text); err != nil {
			return w, r, err
		}
	}
	for _, names := range s.without {
		if err := change.without(names); err != nil {
			return w, r, err
		}
	}
	for _, e := range labels {
		if err := change.label(e); err != nil {
			return w, r, err
		}
	}
	return change.made()
}
