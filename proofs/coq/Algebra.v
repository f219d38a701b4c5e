(** Fleets and selectors.

    A roster is a list of different devices; a fleet is the part of it that some question
    admits, in the order of the roster. So equal fleets are equal lists, and every law below
    is an equation and no mere equivalence. A selector is a tree of questions; which atoms
    there are is left open. *)

From Coq Require Import List Bool Permutation.
From Muster Require Import Sets.
Import ListNotations.

Section Fleets.
  Context {D : Type} `{Dec D}.
  Variable roster : list D.

  Definition of (p : D -> bool) : list D := filter p roster.
  Definition none : list D := [].
  Definition all : list D := roster.
  Definition fleet_union (f g : list D) : list D := of (fun d => mem d f || mem d g).
  Definition fleet_inter (f g : list D) : list D := of (fun d => mem d f && mem d g).
  Definition fleet_minus (f g : list D) : list D := of (fun d => mem d f && negb (mem d g)).
  Definition fleet_xor (f g : list D) : list D := of (fun d => xorb (mem d f) (mem d g)).

  (** A list is a fleet if it is what its own membership picks from the roster. *)
  Definition Fleet (f : list D) : Prop := f = of (fun d => mem d f).

  Lemma mem_of p d : In d roster -> mem d (of p) = p d.
  Proof.
    intros Hd. unfold of. rewrite mem_filter. apply mem_true in Hd. now rewrite Hd.
  Qed.

  Lemma of_fleet p : Fleet (of p).
  Proof.
    unfold Fleet. unfold of at 1 2. apply filter_ext_in. intros d Hd. now rewrite mem_of.
  Qed.

  Lemma all_of : all = of (fun _ => true).
  Proof. unfold all, of. induction roster as [|d r IH]; [reflexivity|]. simpl. now f_equal. Qed.

  Lemma none_of : none = of (fun _ => false).
  Proof. unfold none, of. induction roster as [|d r IH]; [reflexivity|]. assumption. Qed.

  (** What the operations mean, element by element. The laws alone would also hold of the
      algebra turned upside down, with union and intersection exchanged; this rules it out. *)
  Theorem fleet_operations_mean : forall f g d, Fleet f -> Fleet g ->
    (In d (fleet_union f g) <-> In d f \/ In d g) /\
    (In d (fleet_inter f g) <-> In d f /\ In d g) /\
    (In d (fleet_minus f g) <-> In d f /\ ~ In d g) /\
    (In d (fleet_xor f g) <-> (In d f /\ ~ In d g) \/ (In d g /\ ~ In d f)).
  Proof.
    intros f g d Hf Hg.
    assert (R : forall h, Fleet h -> In d h -> In d roster).
    { intros h Hh Hd. rewrite Hh in Hd. now apply filter_In in Hd. }
    specialize (R f Hf) as Rf. specialize (R g Hg) as Rg.
    unfold fleet_union, fleet_inter, fleet_minus, fleet_xor, of.
    rewrite !filter_In, orb_true_iff, !andb_true_iff, negb_true_iff, !mem_true, mem_false.
    assert (X : xorb (mem d f) (mem d g) = true <->
                (In d f /\ ~ In d g) \/ (In d g /\ ~ In d f)).
    { rewrite <- !mem_true. destruct (mem d f), (mem d g); simpl; intuition congruence. }
    rewrite X. tauto.
  Qed.

  (** The operations give fleets again. *)
  Theorem fleet_operations_close : forall f g,
    Fleet none /\ Fleet all /\ Fleet (fleet_union f g) /\ Fleet (fleet_inter f g) /\
    Fleet (fleet_minus f g) /\ Fleet (fleet_xor f g).
  Proof.
    intros f g. rewrite all_of, none_of. repeat split; apply of_fleet.
  Qed.

  Ltac law :=
    rewrite ?all_of, ?none_of;
    match goal with
    | F : Fleet ?f |- _ = ?f => transitivity (of (fun d => mem d f)); [clear F | now symmetry]
    | _ => idtac
    end;
    unfold fleet_union, fleet_inter, fleet_minus, fleet_xor, of;
    apply filter_ext_in; let d := fresh in let Hd := fresh in
    intros d Hd; apply mem_true in Hd; rewrite ?mem_filter, ?Hd; simpl;
    repeat match goal with |- context [mem d ?f] => destruct (mem d f) end; reflexivity.

  (** The Boolean laws with none, all and the complement [all - f]; xor is one operation
      without the other. *)
  Theorem fleet_boolean : forall f g h, Fleet f -> Fleet g -> Fleet h ->
    fleet_union f g = fleet_union g f /\
    fleet_inter f g = fleet_inter g f /\
    fleet_union f (fleet_union g h) = fleet_union (fleet_union f g) h /\
    fleet_inter f (fleet_inter g h) = fleet_inter (fleet_inter f g) h /\
    fleet_union f (fleet_inter g h) = fleet_inter (fleet_union f g) (fleet_union f h) /\
    fleet_inter f (fleet_union g h) = fleet_union (fleet_inter f g) (fleet_inter f h) /\
    fleet_minus f g = fleet_inter f (fleet_minus all g) /\
    fleet_xor f g = fleet_minus (fleet_union f g) (fleet_inter f g) /\
    fleet_minus all (fleet_union f g) = fleet_inter (fleet_minus all f) (fleet_minus all g) /\
    fleet_minus all (fleet_inter f g) = fleet_union (fleet_minus all f) (fleet_minus all g) /\
    fleet_union f (fleet_inter f g) = f /\
    fleet_inter f (fleet_union f g) = f /\
    fleet_union f f = f /\
    fleet_inter f f = f /\
    fleet_union f none = f /\
    fleet_inter f all = f /\
    fleet_union f (fleet_minus all f) = all /\
    fleet_inter f (fleet_minus all f) = none /\
    fleet_minus all (fleet_minus all f) = f.
  Proof.
    intros f g h Hf Hg Hh. repeat apply conj; clear Hg Hh; law.
  Qed.
End Fleets.

Section Selectors.
  Context {D atom : Type} `{Dec D}.
  Variable holds : atom -> D -> bool.

  (** Selectors and fleet expressions have one syntax: a Minus or Xor is of fleets, a Not of
      selectors, and both are questions about one device. *)
  Inductive sel :=
  | Atom (a : atom)
  | Const (b : bool)
  | Not (s : sel)
  | And (s t : sel)
  | Or (s t : sel)
  | Minus (s t : sel)
  | Xor (s t : sel).

  Fixpoint admits (s : sel) (d : D) : bool :=
    match s with
    | Atom a => holds a d
    | Const b => b
    | Not s => negb (admits s d)
    | And s t => admits s d && admits t d
    | Or s t => admits s d || admits t d
    | Minus s t => admits s d && negb (admits t d)
    | Xor s t => xorb (admits s d) (admits t d)
    end.

  Definition select (roster : list D) (s : sel) : list D := filter (admits s) roster.

  (** Selecting is a homomorphism from selectors to fleets. *)
  Theorem select_homomorphism : forall roster s t,
    select roster (Const true) = all roster /\
    select roster (Const false) = none /\
    select roster (And s t) = fleet_inter roster (select roster s) (select roster t) /\
    select roster (Or s t) = fleet_union roster (select roster s) (select roster t) /\
    select roster (Minus s t) = fleet_minus roster (select roster s) (select roster t) /\
    select roster (Xor s t) = fleet_xor roster (select roster s) (select roster t) /\
    select roster (Not s) = fleet_minus roster (all roster) (select roster s).
  Proof.
    intros roster s t. unfold select, fleet_inter, fleet_union, fleet_minus, fleet_xor, of, all, none.
    repeat apply conj; simpl;
      try (apply filter_ext_in; intros d Hd; apply mem_true in Hd;
           rewrite !mem_filter, ?Hd; reflexivity).
    - symmetry. apply all_of.
    - symmetry. apply none_of.
  Qed.

  (** A selection is exactly the devices that are admitted, each as often as the roster has it. *)
  Theorem select_per_device : forall roster s d,
    (In d (select roster s) <-> In d roster /\ admits s d = true) /\
    (NoDup roster -> NoDup (select roster s)).
  Proof.
    intros. split; [apply filter_In | apply NoDup_filter].
  Qed.

  (** Filters: F[s][t] = F[s & t], (F | G)[s] = F[s] | G[s], and F[s] = F & all[s]. *)
  Theorem filter_laws : forall roster f g s t,
    select (select f s) t = select f (And s t) /\
    select (fleet_union roster f g) s = fleet_union roster (select f s) (select g s) /\
    (Fleet roster f -> select f s = fleet_inter roster f (select roster s)).
  Proof.
    intros. unfold select. repeat apply conj.
    - apply filter_filter.
    - unfold fleet_union, of. rewrite filter_filter. apply filter_ext_in. intros d Hd.
      rewrite !mem_filter. destruct (mem d f), (mem d g), (admits s d); reflexivity.
    - intros F. transitivity (filter (admits s) (of roster (fun d => mem d f))); [now rewrite <- F|].
      unfold fleet_inter, of. rewrite filter_filter.
      apply filter_ext_in. intros d Hd. rewrite mem_filter.
      apply mem_true in Hd. now rewrite Hd.
  Qed.

  (** Selectors themselves are a Boolean algebra on every device: an absent label is plain
      false, never a third value, or De Morgan would fail. *)
  Theorem selector_boolean : forall s t u d,
    admits (And s t) d = admits (And t s) d /\
    admits (Or s t) d = admits (Or t s) d /\
    admits (And s (And t u)) d = admits (And (And s t) u) d /\
    admits (Or s (Or t u)) d = admits (Or (Or s t) u) d /\
    admits (And s (Or t u)) d = admits (Or (And s t) (And s u)) d /\
    admits (Or s (And t u)) d = admits (And (Or s t) (Or s u)) d /\
    admits (Not (And s t)) d = admits (Or (Not s) (Not t)) d /\
    admits (Not (Or s t)) d = admits (And (Not s) (Not t)) d /\
    admits (Not (Not s)) d = admits s d /\
    admits (And s (Or s t)) d = admits s d /\
    admits (Or s (And s t)) d = admits s d /\
    admits (Or s (Not s)) d = true /\
    admits (And s (Not s)) d = false /\
    admits (Minus s t) d = admits (And s (Not t)) d /\
    admits (Xor s t) d = admits (Minus (Or s t) (And s t)) d.
  Proof.
    intros. simpl. destruct (admits s d), (admits t d), (admits u d); repeat split.
  Qed.
End Selectors.

Arguments sel : clear implicits.

Section Partition.
  Context {D V : Type} `{Dec D} `{Dec V}.
  Variable value : D -> option V. (* None: the device lacks the key *)

  Definition part (v : option V) (f : list D) : list D := filter (fun d => eqb (value d) v) f.
  Definition values (f : list D) : list (option V) := nodup dec (map value f).

  Lemma parts_rest v w f : w <> v ->
    part w f = part w (filter (fun d => negb (eqb (value d) v)) f).
  Proof.
    intros N. unfold part. rewrite filter_filter. apply filter_ext. intros d.
    destruct (dec (value d) w) as [E|E].
    - assert (W : eqb (value d) w = true) by now apply eqb_true.
      assert (U : eqb (value d) v = false) by (apply eqb_false; congruence).
      now rewrite W, U.
    - apply eqb_false in E. rewrite E. now destruct (negb _).
  Qed.

  Lemma parts_cover vs : forall f, NoDup vs -> (forall d, In d f -> In (value d) vs) ->
    Permutation (concat (map (fun v => part v f) vs)) f.
  Proof.
    induction vs as [|v vs IH]; intros f U C.
    - destruct f as [|d f]; [constructor|]. destruct (C d). now left.
    - inversion U as [|? ? N U']; subst. simpl.
      rewrite (map_ext_in _ (fun w => part w (filter (fun d => negb (eqb (value d) v)) f))).
      + rewrite (IH (filter (fun d => negb (eqb (value d) v)) f) U').
        * apply filter_split.
        * intros d Hd. apply filter_In in Hd as [Hd E].
          apply negb_true_iff, eqb_false in E. destruct (C d Hd) as [|]; try congruence; assumption.
      + intros w Hw. apply parts_rest. intros ->. contradiction.
  Qed.

  (** The parts by a key's values, and the part without it, cover the fleet: nothing is lost,
      nothing stands twice. Each device is in the part of its own value and in no other. *)
  Theorem partition_covers : forall f,
    Permutation (concat (map (fun v => part v f) (values f))) f.
  Proof.
    intros f. apply parts_cover; [apply NoDup_nodup|].
    intros d Hd. apply nodup_In. now apply in_map.
  Qed.

  Theorem partition_disjoint : forall f v d, In d (part v f) <-> In d f /\ value d = v.
  Proof. intros. unfold part. now rewrite filter_In, eqb_true. Qed.
End Partition.
