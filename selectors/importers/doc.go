// Package importers reads the selectors of other tools as expressions of muster's language.
//
//	Kubernetes   ring in (0,1),!hold          label("ring") in ("0", "1") & !has(label("hold"))
//	Ansible      web:prod:&east:!old          ((@web | @prod) & @east) - @old
//	Nodeset      @gpu,@web&@prod!n[1-3]       ((@gpu | @web) & @prod) - {n[1-3]}
//	Bexpr        Meta.site == "lyon"          label("site") = "lyon"
//	Salt         G@role:web and not E@old     label("role") =~ "(?i:web)" & !(name =~ "old.*")
//
// A translation is exact or it is refused: the expression admits a device exactly where the
// other tool would, or there is an error that says which part has no counterpart. Nothing is
// approximated. Where a tool reads a text otherwise than most people do (the phases of
// Ansible, nodesets from left to right), the parentheses of the result show how.
//
// What the names in a text are is not in the text. Kubernetes' labels, Salt's grains and
// pillar and bexpr's Meta are labels. Groups are @names, unless an Inventory (Ansible) or
// Groups (nodesets) says which hosts they have.
//
// Laws: every result is printed, read back and bound without an error; ToKubernetes is the
// inverse of Kubernetes up to meaning. proofs/peers runs the tools themselves beside this.
package importers
