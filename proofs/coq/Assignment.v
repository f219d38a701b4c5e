(** Assignments are sets of claims, and what claims come to.

    A claim is (device, app, priority, deployment). Assignments combine by the set operations,
    and a World resolves their union: in each slot the highest priority wins, and two
    deployments at that priority are a conflict. *)

From Coq Require Import List Bool ZArith Lia.
From Muster Require Import Sets Algebra.
Import ListNotations.
Open Scope Z_scope.

#[export] Instance dec_Z : Dec Z := Z.eq_dec.

Section Claims.
  Context {C : Type} `{Dec C}.

  (** A Boolean algebra with relative complement: there is no greatest assignment, so no law
      speaks of one. Equality is that of sets. *)
  Theorem assignment_boolean : forall a b c : list C,
    same (union a b) (union b a) /\
    same (inter a b) (inter b a) /\
    same (union a (union b c)) (union (union a b) c) /\
    same (inter a (inter b c)) (inter (inter a b) c) /\
    same (union a (inter b c)) (inter (union a b) (union a c)) /\
    same (inter a (union b c)) (union (inter a b) (inter a c)) /\
    same (union a (inter a b)) a /\
    same (inter a (union a b)) a /\
    same (union a []) a /\
    same (inter a []) [] /\
    same (minus a (union b c)) (inter (minus a b) (minus a c)) /\
    same (minus a (inter b c)) (union (minus a b) (minus a c)) /\
    same (union (inter a b) (minus a b)) a /\
    same (inter (minus a b) b) [] /\
    same (minus a a) [] /\
    same (minus a []) a.
  Proof.
    intros a b c. repeat apply conj; intros x;
      repeat rewrite ?in_union, ?in_inter, ?in_minus; simpl;
      destruct (in_dec dec x a), (in_dec dec x b), (in_dec dec x c); tauto.
  Qed.

  Theorem assignment_operations_mean : forall (a b : list C) c,
    (In c (union a b) <-> In c a \/ In c b) /\
    (In c (inter a b) <-> In c a /\ In c b) /\
    (In c (minus a b) <-> In c a /\ ~ In c b).
  Proof. intros. now rewrite in_union, in_inter, in_minus. Qed.
End Claims.

Section Expressions.
  Context {D A P atom : Type} `{Dec D} `{Dec A} `{Dec P}.
  Variable holds : atom -> D -> bool.

  Record claim := Claim { on : D; app : A; priority : Z; deployment : P }.

  #[export] Instance dec_claim : Dec claim.
  Proof.
    intros [d a p x] [d' a' p' x'].
    destruct (dec d d'), (dec a a'), (Z.eq_dec p p'), (dec x x'); [left; congruence | right; congruence ..].
  Defined.

  (** Assignment expressions: F -> {deployments} at p, the set operations, and filters. *)
  Inductive expr :=
  | Rule (from : sel atom) (deploy : list (A * P)) (at_priority : Z)
  | Union (x y : expr)
  | Inter (x y : expr)
  | Without (x y : expr)
  | Filter (x : expr) (by_ : sel atom).

  Fixpoint claims (roster : list D) (x : expr) : list claim :=
    match x with
    | Rule s ds p =>
        flat_map (fun d => map (fun ap => Claim d (fst ap) p (snd ap)) ds) (select holds roster s)
    | Union x y => union (claims roster x) (claims roster y)
    | Inter x y => inter (claims roster x) (claims roster y)
    | Without x y => minus (claims roster x) (claims roster y)
    | Filter x s => filter (fun c => admits holds s (on c)) (claims roster x)
    end.

  (** The claims at one device: the function an assignment denotes. *)
  Definition at_device (d : D) (l : list claim) : list claim := filter (fun c => eqb (on c) d) l.

  (** What a rule claims, and where. *)
  Theorem rule_claims : forall roster s ds p c,
    In c (claims roster (Rule s ds p)) <->
    In (on c) roster /\ admits holds s (on c) = true /\ In (app c, deployment c) ds /\ priority c = p.
  Proof.
    intros roster s ds p [d a q x]. simpl. rewrite in_flat_map. split.
    - intros (e & He & I). apply in_map_iff in I as ((a' & x') & [= <- <- <- <-] & I).
      apply filter_In in He. simpl. tauto.
    - intros (I & J & K & ->). exists d. split; [now apply filter_In|].
      apply in_map_iff. now exists (a, x).
  Qed.

  (** (A op B)(d) = A(d) op B(d): an expression on a roster is, device by device, the
      expression on that device alone. *)
  Theorem assignment_per_device : forall x roster d, In d roster ->
    same (at_device d (claims roster x)) (claims [d] x).
  Proof.
    assert (S : forall s (d : D), select holds [d] s = if admits holds s d then [d] else [])
      by (intros; unfold select; simpl; now destruct (admits holds s d)).
    induction x as [s ds p|x IHx y IHy|x IHx y IHy|x IHx y IHy|x IHx s]; intros roster d Hd c;
      unfold at_device in *; rewrite filter_In, eqb_true.
    - rewrite !rule_claims. simpl. split; [intros ((I & J) & E) | intros (E & J)].
      + repeat split; try tauto. left. congruence.
      + destruct E as [E|[]]. subst. tauto.
    - specialize (IHx roster d Hd c). specialize (IHy roster d Hd c).
      rewrite filter_In, eqb_true in IHx, IHy. simpl. rewrite !in_union. tauto.
    - specialize (IHx roster d Hd c). specialize (IHy roster d Hd c).
      rewrite filter_In, eqb_true in IHx, IHy. simpl. rewrite !in_inter. tauto.
    - specialize (IHx roster d Hd c). specialize (IHy roster d Hd c).
      rewrite filter_In, eqb_true in IHx, IHy. simpl. rewrite !in_minus. tauto.
    - specialize (IHx roster d Hd c). rewrite filter_In, eqb_true in IHx. simpl. rewrite !filter_In. tauto.
  Qed.

  (** A[s](d) is A(d) where s admits d, else nothing; filters compose and distribute. *)
  Theorem assignment_filter : forall roster x y s t,
    (forall c, In c (claims roster (Filter x s)) <->
               In c (claims roster x) /\ admits holds s (on c) = true) /\
    claims roster (Filter (Filter x s) t) = claims roster (Filter x (And s t)) /\
    same (claims roster (Filter (Union x y) s)) (claims roster (Union (Filter x s) (Filter y s))).
  Proof.
    intros. repeat apply conj.
    - intros c. simpl. now rewrite filter_In.
    - simpl. apply filter_filter.
    - intros c. simpl. rewrite in_union, !filter_In, in_union. tauto.
  Qed.
End Expressions.

Arguments expr : clear implicits.
Arguments claim : clear implicits.

(** What the claims of one slot come to: nothing, or the deployments at the highest priority.
    One deployment settles the slot; several are a conflict. *)

Section Resolution.
  Context {P : Type} `{Dec P}.

  Definition resolution := option (Z * list P).

  Definition join (x y : resolution) : resolution :=
    match x, y with
    | None, _ => y
    | _, None => x
    | Some (p, s), Some (q, t) =>
        match p ?= q with Lt => y | Gt => x | Eq => Some (p, union s t) end
    end.

  Fixpoint resolve (cs : list (Z * P)) : resolution :=
    match cs with
    | [] => None
    | (p, d) :: cs => join (Some (p, [d])) (resolve cs)
    end.

  (** Resolutions are equal if they have the same priority and the same set. *)
  Definition equiv (x y : resolution) : Prop :=
    match x, y with
    | None, None => True
    | Some (p, s), Some (q, t) => p = q /\ same s t
    | _, _ => False
    end.

  Lemma equiv_refl x : equiv x x.
  Proof. destruct x as [[p s]|]; simpl; [split; [reflexivity | apply same_refl] | exact I]. Qed.

  Lemma equiv_sym x y : equiv x y -> equiv y x.
  Proof.
    destruct x as [[p s]|], y as [[q t]|]; simpl; try tauto.
    intros [-> E]. split; [reflexivity | now apply same_sym].
  Qed.

  Lemma equiv_trans x y z : equiv x y -> equiv y z -> equiv x z.
  Proof.
    destruct x as [[p s]|], y as [[q t]|], z as [[r u]|]; simpl; try tauto.
    intros [-> E] [-> F]. split; [reflexivity | now apply (same_trans s t u)].
  Qed.

  Ltac compare_all :=
    repeat match goal with
    | |- context [?p ?= ?q] => destruct (Z.compare_spec p q); simpl
    | H : context [?p ?= ?q] |- _ => destruct (Z.compare_spec p q); simpl in *
    end.

  Ltac sets :=
    intros ?; repeat rewrite in_union; intuition.

  Theorem join_semilattice : forall x y z,
    equiv (join x y) (join y x) /\
    equiv (join x (join y z)) (join (join x y) z) /\
    equiv (join x x) x /\
    equiv (join None x) x.
  Proof.
    intros [[p s]|] [[q t]|] [[r u]|]; repeat apply conj; simpl; compare_all; subst; try lia;
      try exact I; try (split; [lia || reflexivity | sets]); sets.
  Qed.

  (** The order of the lattice, and join as its least upper bound. *)
  Definition below (x y : resolution) : Prop := equiv (join x y) y.

  Lemma join_equiv x x' y y' : equiv x x' -> equiv y y' -> equiv (join x y) (join x' y').
  Proof.
    destruct x as [[p s]|], x' as [[p' s']|], y as [[q t]|], y' as [[q' t']|]; simpl; try tauto.
    intros [-> E] [-> F]. destruct (p' ?= q'); simpl; try tauto.
    split; [reflexivity|]. intros d. rewrite !in_union, (E d), (F d). tauto.
  Qed.

  Theorem join_least_upper_bound : forall x y z,
    below x (join x y) /\ below y (join x y) /\
    (below x z -> below y z -> below (join x y) z).
  Proof.
    intros x y z. unfold below. repeat apply conj.
    - apply equiv_trans with (join (join x x) y).
      + apply (join_semilattice x x y).
      + apply join_equiv; [apply (join_semilattice x x x) | apply equiv_refl].
    - apply equiv_trans with (join y (join y x)).
      + apply join_equiv; [apply equiv_refl | apply (join_semilattice x y x)].
      + apply equiv_trans with (join (join y y) x); [apply (join_semilattice y y x)|].
        apply equiv_trans with (join y x); [|apply (join_semilattice y x x)].
        apply join_equiv; [apply (join_semilattice y y y) | apply equiv_refl].
    - intros X Y. apply equiv_trans with (join x (join y z)).
      + apply equiv_sym, (join_semilattice x y z).
      + apply equiv_trans with (join x z); [|assumption].
        apply join_equiv; [apply equiv_refl | assumption].
  Qed.

  (** Resolving is a homomorphism from union, whatever the order of claims. *)
  Lemma resolve_app a b : equiv (resolve (a ++ b)) (join (resolve a) (resolve b)).
  Proof.
    induction a as [|[p d] a IH]; [apply equiv_refl|].
    cbn [app resolve]. apply equiv_trans with (join (Some (p, [d])) (join (resolve a) (resolve b))).
    - apply join_equiv; [apply equiv_refl | assumption].
    - apply join_semilattice.
  Qed.

  (** What a resolution is, said without the lattice: d wins at p iff d is claimed at p and
      nothing is claimed above p. A constant would be a homomorphism too; this rules it out. *)
  Theorem resolve_exact : forall cs,
    match resolve cs with
    | None => cs = []
    | Some (p, s) => s <> [] /\
        (forall d, In d s <-> In (p, d) cs) /\ (forall q d, In (q, d) cs -> q <= p)
    end.
  Proof.
    induction cs as [|[p d] cs IH]; [reflexivity|]. cbn [resolve].
    destruct (resolve cs) as [[q t]|]; cbn [join].
    - destruct IH as (N & I & U). destruct (Z.compare_spec p q) as [<-|L|L]; cbn iota.
      + repeat apply conj.
        * discriminate.
        * intros x. rewrite in_union, I. simpl. intuition congruence.
        * intros r x [[= <- <-]|J]; [lia | now apply U in J].
      + repeat apply conj; [assumption | |].
        * intros x. rewrite I. split; [now right | intros [[= <- <-]|J]; [lia | assumption]].
        * intros r x [[= <- <-]|J]; [lia | now apply U in J].
      + repeat apply conj; [discriminate | |].
        * intros x. simpl. split; [intros [->|[]]; now left|].
          intros [[= <-]|J]; [now left | apply U in J; lia].
        * intros r x [[= <- <-]|J]; [lia | apply U in J; lia].
    - subst. repeat apply conj; [discriminate | |].
      + intros x. simpl. intuition congruence.
      + intros r x [[= <- <-]|[]]. lia.
  Qed.

  (** So it depends on the set of claims alone: not on their order, nor on repetition. *)
  Lemma resolve_same a b : same a b -> equiv (resolve a) (resolve b).
  Proof.
    intros E. generalize (resolve_exact a), (resolve_exact b).
    destruct (resolve a) as [[p s]|], (resolve b) as [[q t]|]; simpl.
    - intros (N & I & U) (N' & I' & U').
      assert (p = q).
      { destruct s as [|x s]; [congruence|]. destruct t as [|y t]; [congruence|].
        assert (In (p, x) b) by (apply E, I; now left).
        assert (In (q, y) a) by (apply E, I'; now left).
        apply U in H1. apply U' in H0. lia. }
      subst. split; [reflexivity|]. intros d. now rewrite I, I', (E (q, d)).
    - intros (N & I & _) ->. destruct s as [|x s]; [congruence|].
      apply (E (p, x)), I. now left.
    - intros -> (N & I & _). destruct t as [|x t]; [congruence|].
      apply (E (q, x)), I. now left.
    - trivial.
  Qed.

  Theorem resolve_homomorphism : forall a b,
    equiv (resolve (union a b)) (join (resolve a) (resolve b)).
  Proof.
    intros a b. apply equiv_trans with (resolve (a ++ b)); [|apply resolve_app].
    apply resolve_same. intros c. now rewrite in_union, in_app_iff.
  Qed.

  (** What the slot is to hold: the deployment, if exactly one wins. *)
  Definition settled (r : resolution) : option P :=
    match r with Some (_, [d]) => Some d | _ => None end.

  Definition conflicted (r : resolution) : bool :=
    match r with Some (_, _ :: _ :: _) => true | _ => false end.
End Resolution.

(** Lifted pointwise: whole worlds, functions from slots to resolutions, are the lattice too,
    and resolving a union is joining the resolutions, slot by slot. *)

Section Pointwise.
  Context {D A P : Type} `{Dec D} `{Dec A} `{Dec P}.

  Definition in_slot (s : D * A) (c : claim D A P) : bool := eqb (on c, app c) s.

  Definition claimed (l : list (claim D A P)) (s : D * A) : list (Z * P) :=
    map (fun c => (priority c, deployment c)) (filter (in_slot s) l).

  Definition resolve_world (l : list (claim D A P)) : D * A -> resolution :=
    fun s => resolve (claimed l s).

  Lemma in_claimed l s p x :
    In (p, x) (claimed l s) <-> In (Claim (fst s) (snd s) p x) l.
  Proof.
    unfold claimed. rewrite in_map_iff. split.
    - intros ([d a q y] & [= <- <-] & I). apply filter_In in I as [I E].
      apply eqb_true in E. now subst.
    - intros I. exists (Claim (fst s) (snd s) p x). split; [reflexivity|].
      apply filter_In. split; [assumption|]. apply eqb_true. now destruct s.
  Qed.

  Theorem resolve_pointwise : forall a b s,
    equiv (resolve_world (union a b) s) (join (resolve_world a s) (resolve_world b s)).
  Proof.
    intros a b s. unfold resolve_world.
    apply equiv_trans with (resolve (union (claimed a s) (claimed b s))).
    - apply resolve_same. intros [p x]. rewrite in_union, !in_claimed. apply in_union.
    - apply resolve_homomorphism.
  Qed.
End Pointwise.

(** Resolving does not commute with & and -. In both examples [a] claims 1 at priority 0 and 2
    at priority 10. *)

Definition ex_a : list (Z * nat) := [(0, 1%nat); (10, 2%nat)].
Definition meet (x y : resolution (P := nat)) : resolution :=
  match x, y with
  | Some (p, s), Some (q, t) => if Z.eq_dec p q then
      match inter s t with [] => None | u => Some (p, u) end else None
  | _, _ => None
  end.
Definition less (x y : resolution (P := nat)) : resolution :=
  match x, y with
  | Some (p, s), Some (q, t) => if Z.eq_dec p q then
      match minus s t with [] => None | u => Some (p, u) end else x
  | _, _ => x
  end.

Theorem resolve_not_inter : exists a b : list (Z * nat),
  resolve (inter a b) = Some (0, [1%nat]) /\ meet (resolve a) (resolve b) = None.
Proof. exists ex_a, [(0, 1%nat); (20, 2%nat)]. now split. Qed.

Theorem resolve_not_minus : exists a b : list (Z * nat),
  resolve (minus a b) = Some (0, [1%nat]) /\ less (resolve a) (resolve b) = None.
Proof. exists ex_a, [(10, 2%nat)]. now split. Qed.
