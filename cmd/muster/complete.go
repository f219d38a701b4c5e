package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"
)

// completeExpr completes the arguments of a verb that are expressions, as the prompt of the REPL
// does: by the keys, values and names of its sources. A shell does not wait for a large
// file or a fleet: without them there are the words of the language and the names of the World.
func completeExpr(from *source, world *string, most int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		quick := from.quietly(io.Discard)
		if !quick.named() || quick.roster == "-" || quick.long() {
			quick = &source{console: quick.console, offline: true}
		}
		ctx := cmd.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		g, err := quick.ground(ctx, *world)
		if err != nil {
			if g, err = (&source{console: quick.console, offline: true}).ground(ctx, ""); err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
		}
		s := newSession(loaded(g), quick.label(*world), quick.console)
		if err := s.arrive(true); err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		found, start := s.completeExpr(typed, 0)
		var out []string
		for _, c := range found {
			out = append(out, cobra.CompletionWithDesc(typed[:start]+c.text, c.about))
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveKeepOrder
	}
}
