(** The plan of a whole fleet: the difference, with every blocked slot left as it is.

    What is asked for in each slot, what is published there and which slots have a reason of
    their own to be blocked are given here; World.v computes them from documents and reports. *)

From Coq Require Import List Bool Arith Lia Permutation.
From Muster Require Import Sets Diff Blocked.
Import ListNotations.

(** Which set is blocked depends on nothing but what the rules look at: not on what a slot keeps
    that is not blocked. *)
Section Agreement.
  Context {A R H : Type} `{Dec A} `{Dec H}.
  Variable apps : list A.
  Variables asked asked' kept kept' : A -> option R.
  Variables (holds : R -> list H) (requires : R -> list A).
  Variables own own' : A -> bool.
  Hypothesis same_asked : forall a, asked a = asked' a.
  Hypothesis same_own : forall a, own a = own' a.

  Notation B := (Blocked apps asked kept holds requires own).
  Notation B' := (Blocked apps asked' kept' holds requires own').

  Lemma Blocked_agree : (forall a, B a -> kept a = kept' a) -> forall a, B a <-> B' a.
  Proof.
    intros K.
    assert (F : forall a, B a -> B' a).
    { induction 1 as [a I O|a o I J N C|a o I N P IH C|a r n I E J L|a r n I E J P IH].
      - apply by_itself; [assumption | now rewrite <- same_own].
      - apply (by_wanted _ _ _ _ _ _ a o); auto. now rewrite <- !same_asked.
      - apply (by_kept _ _ _ _ _ _ a o); auto. now rewrite <- same_asked, <- K.
      - apply (by_absent _ _ _ _ _ _ a r n); auto; now rewrite <- same_asked.
      - apply (by_requirement _ _ _ _ _ _ a r n); auto. now rewrite <- same_asked. }
    intros a. split; [apply F|].
    induction 1 as [a I O|a o I J N C|a o I N P IH C|a r n I E J L|a r n I E J P IH].
    - apply by_itself; [assumption | now rewrite same_own].
    - apply (by_wanted _ _ _ _ _ _ a o); auto. now rewrite !same_asked.
    - apply (by_kept _ _ _ _ _ _ a o); auto. now rewrite same_asked, K.
    - apply (by_absent _ _ _ _ _ _ a r n); auto; now rewrite same_asked.
    - apply (by_requirement _ _ _ _ _ _ a r n); auto. now rewrite same_asked.
  Qed.
End Agreement.

Section Planner.
  Context {D A R H : Type} `{Dec D} `{Dec A} `{Dec R} `{Dec H}.
  Variable apps : list A.
  Variables (holds : R -> list H) (requires : R -> list A).

  Notation slot := (D * A)%type.

  (** A demand is what a World asks of its devices: a release or nothing in each slot, and the
      slots with a reason of their own to be left alone. *)
  Record demand := Demand { asked : slot -> option R; own : slot -> bool }.

  Definition blocked_on (w : demand) (have : slot -> option R) (d : D) : list A :=
    blocked apps (fun a => asked w (d, a)) (fun a => have (d, a)) holds requires (fun a => own w (d, a)).

  Definition BlockedSlot (w : demand) (have : slot -> option R) (s : slot) : Prop :=
    Blocked apps (fun a => asked w (fst s, a)) (fun a => have (fst s, a)) holds requires
      (fun a => own w (fst s, a)) (snd s).

  Definition want (w : demand) (have : slot -> option R) : slot -> option R :=
    fun s => if mem (snd s) (blocked_on w have (fst s)) then have s else asked w s.

  Definition plan (devices : list D) (w : demand) (have : slot -> option R) : list (action slot R) :=
    diff (list_prod devices apps) (want w have) have.

  Lemma blocked_on_exact w have s : In (snd s) (blocked_on w have (fst s)) <-> BlockedSlot w have s.
  Proof. apply blocked_exact. Qed.

  (** Done in any order and with any repetition, the plan fills every slot of the fleet as asked,
      but for the blocked ones, which hold what they held. *)
  Theorem plan_arrives : forall devices w have l, same l (plan devices w have) ->
    forall s, In s (list_prod devices apps) ->
      (BlockedSlot w have s -> apply l have s = have s) /\
      (~ BlockedSlot w have s -> apply l have s = asked w s).
  Proof.
    intros devices w have l E s Hs.
    destruct (diff_arrives _ _ _ _ E) as [C _]. specialize (C s Hs). unfold want in C.
    split; intros B; rewrite <- blocked_on_exact in B.
    - apply mem_true in B. now rewrite B in C.
    - apply mem_false in B. now rewrite B in C.
  Qed.

  (** No action touches a blocked slot. *)
  Theorem plan_leaves_blocked : forall devices w have a,
    In a (plan devices w have) -> ~ BlockedSlot w have (target a).
  Proof.
    intros devices w have a I B. apply diff_exact in I as (_ & _ & _ & N).
    apply blocked_on_exact, mem_true in B. unfold want in N. rewrite B in N. congruence.
  Qed.

  (** Nothing is left out: a slot that is neither blocked nor as asked has an action. *)
  Theorem plan_complete : forall devices w have s, In s (list_prod devices apps) ->
    ~ BlockedSlot w have s -> asked w s <> have s ->
    exists a, In a (plan devices w have) /\ target a = s.
  Proof.
    intros devices w have s Hs B N.
    assert (I : In s (map target (plan devices w have))).
    { unfold plan. rewrite diff_ordered. apply filter_In. split; [assumption|].
      apply negb_true_iff, eqb_false. unfold want.
      rewrite <- blocked_on_exact in B. apply mem_false in B. now rewrite B. }
    apply in_map_iff in I as (a & T & I). now exists a.
  Qed.

  (** What runs side by side after the plan shares no resource, if nothing did before. *)
  Theorem plan_without_clash : forall devices w have l d a o,
    same l (plan devices w have) -> (forall s, asked w s <> None -> In s (list_prod devices apps)) ->
    In (d, a) (list_prod devices apps) -> In (d, o) (list_prod devices apps) -> a <> o ->
    (forall x y, x <> y -> clash holds (have (d, x)) (have (d, y)) = false) ->
    clash holds (apply l have (d, a)) (apply l have (d, o)) = false.
  Proof.
    intros devices w have l d a o E C Ia Io N K.
    destruct (diff_arrives _ _ _ _ E) as [G _]. rewrite (G _ Ia), (G _ Io).
    apply (settled_without_clash apps (fun a => asked w (d, a)) (fun a => have (d, a)) holds requires
      (fun a => own w (d, a))); try assumption.
    intros x Nx. apply C in Nx. now apply in_prod_iff in Nx.
  Qed.

  (** What the plan places has all that it requires beside it. *)
  Theorem plan_with_requirements : forall devices w have l d a r n,
    same l (plan devices w have) -> (forall s, asked w s <> None -> In s (list_prod devices apps)) ->
    ~ BlockedSlot w have (d, a) -> asked w (d, a) = Some r -> In n (requires r) ->
    exists q, apply l have (d, n) = Some q.
  Proof.
    intros devices w have l d a r n E C B K I.
    destruct (settled_with_requirements apps (fun a => asked w (d, a)) (fun a => have (d, a)) holds requires
      (fun a => own w (d, a))) with (a := a) (r := r) (n := n) as [M [q Q]]; try assumption.
    - intros x Nx. apply C in Nx. now apply in_prod_iff in Nx.
    - exists q. destruct (diff_arrives _ _ _ _ E) as [G _]. rewrite G; [exact Q|].
      apply C. unfold settle in Q. destruct (mem n _) eqn:T; [|congruence].
      apply mem_true, blocked_exact in T. contradiction.
  Qed.

  (** After any part of the plan is published the plan is exactly the rest, and the same slots
      are blocked. *)
  Theorem plan_remainder : forall devices w have part, NoDup devices -> NoDup apps ->
    incl part (plan devices w have) ->
    plan devices w (apply part have) = filter (fun a => negb (mem a part)) (plan devices w have) /\
    (forall s, BlockedSlot w (apply part have) s <-> BlockedSlot w have s).
  Proof.
    intros devices w have part UD UA I.
    assert (K : forall s, BlockedSlot w have s -> have s = apply part have s).
    { intros s B. symmetry. apply apply_elsewhere. intros J.
      apply in_map_iff in J as (a & <- & Ha). now apply (plan_leaves_blocked devices w have a (I a Ha)). }
    assert (G : forall s, BlockedSlot w have s <-> BlockedSlot w (apply part have) s).
    { intros [d a]. unfold BlockedSlot. simpl. apply Blocked_agree; try reflexivity.
      intros x B. exact (K (d, x) B). }
    split; [|intros s; symmetry; apply G].
    unfold plan at 2. rewrite <- (diff_remainder _ _ _ part).
    - unfold plan. apply diff_looks_nowhere_else. intros s Hs. split; [|reflexivity].
      unfold want. destruct s as [d a]. simpl.
      assert (M : mem a (blocked_on w (apply part have) d) = mem a (blocked_on w have d)).
      { apply eq_true_iff_eq. rewrite !mem_true. symmetry.
        rewrite (blocked_on_exact w have (d, a)), (blocked_on_exact w (apply part have) (d, a)). apply G. }
      rewrite M. destruct (mem a (blocked_on w have d)) eqn:E; [|reflexivity].
      symmetry. apply K. apply (blocked_on_exact w have (d, a)). now apply mem_true.
    - clear - UD UA. induction devices as [|d ds IH]; [constructor|].
      inversion UD as [|? ? N U]; subst. simpl. apply NoDup_app'; auto.
      + apply FinFun.Injective_map_NoDup; [intros x y [=]; assumption | assumption].
      + intros [x y] J K. apply in_map_iff in J as (z & [= <- <-] & _).
        apply in_prod_iff in K. tauto.
    - exact I.
  Qed.

  (** The plan of some devices is their part of the plan: what is asked for, published or wrong
      elsewhere is not looked at. *)
  Theorem plan_local : forall p devices w w' have have',
    (forall s, p (fst s) = true -> asked w s = asked w' s /\ own w s = own w' s /\ have s = have' s) ->
    plan (filter p devices) w' have' = filter (fun a => p (fst (target a))) (plan devices w have).
  Proof.
    intros p devices w w' have have' E. unfold plan.
    rewrite <- (diff_local (fun s => p (fst s))).
    assert (P : filter (fun s => p (fst s)) (list_prod devices apps) = list_prod (filter p devices) apps).
    { induction devices as [|d ds IH]; [reflexivity|]. simpl. rewrite filter_app, IH.
      assert (X : filter (fun s : slot => p (fst s)) (map (fun y => (d, y)) apps) =
                  if p d then map (fun y => (d, y)) apps else []).
      { clear IH. induction apps as [|a l IH]; simpl; destruct (p d); try reflexivity;
          now rewrite IH. }
      rewrite X. now destruct (p d). }
    rewrite P. symmetry. apply diff_looks_nowhere_else. intros [d a] Hs.
    apply in_prod_iff in Hs as [Hd _]. apply filter_In in Hd as [_ Hp].
    destruct (E (d, a) Hp) as (Ea & Eo & Eh). split; [|assumption].
    unfold want. simpl. rewrite Ea, Eh.
    assert (M : mem a (blocked_on w have d) = mem a (blocked_on w' have' d)).
    { apply eq_true_iff_eq. rewrite !mem_true. unfold blocked_on. rewrite !blocked_exact.
      apply Blocked_agree; intros x; try (destruct (E (d, x) Hp) as (? & ? & ?); assumption).
      intros _. now apply E. }
    now rewrite M.
  Qed.
End Planner.
