(** The model as an OCaml program: oracle.ml asks it. Booleans, lists, options and pairs become
    OCaml's own; numbers stay what they are here, and names are strings whose equality is given,
    so nothing unsound is mapped. *)

From Coq Require Import Extraction ExtrOcamlBasic.
From Muster Require Import Sets Algebra Assignment Merge Diff Blocked Planner World Order Rollout Courses Delivery Analysis.

Extraction Language OCaml.
Extraction "model.ml"
  claims resolve_world conflicted merge
  make blocks relabel
  diff order check
  waves start_all limit courses target
  deliver new_agent
  satisfiable implies disjoint equivalent.
