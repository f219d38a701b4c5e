(** The difference of two placements: the least list of actions from one to the other.

    The vocabulary is what leastness is about, so it is stated: an action sets one slot, to a
    release or to nothing, and also says what it finds there. A list is correct if doing it
    takes [have] to [want]; it is legal if each action finds what it says. *)

From Coq Require Import List Bool Arith Lia Permutation.
From Muster Require Import Sets.
Import ListNotations.

Section Diff.
  Context {S R : Type} `{Dec S} `{Dec R}.

  Definition placement := S -> option R.

  Inductive action :=
  | Start (at_ : S) (want : R)
  | Replace (at_ : S) (have want : R)
  | Stop (at_ : S) (have : R).

  Definition target (a : action) : S :=
    match a with Start s _ | Replace s _ _ | Stop s _ => s end.

  (** What the slot holds before and after. *)
  Definition finds (a : action) : option R :=
    match a with Start _ _ => None | Replace _ o _ | Stop _ o => Some o end.
  Definition leaves (a : action) : option R :=
    match a with Start _ r | Replace _ _ r => Some r | Stop _ _ => None end.

  #[export] Instance dec_action : Dec action.
  Proof.
    intros [s r|s o r|s o] [s' r'|s' o' r'|s' o']; try (right; congruence);
      destruct (dec s s'); try (right; congruence);
      try (destruct (dec r r'); try (right; congruence));
      try (destruct (dec o o'); try (right; congruence)); left; congruence.
  Defined.

  Definition act (p : placement) (a : action) : placement :=
    fun s => if dec (target a) s then leaves a else p s.
  Definition apply (l : list action) (p : placement) : placement := fold_left act l p.

  Definition change (s : S) (want have : option R) : list action :=
    match want, have with
    | Some r, None => [Start s r]
    | None, Some o => [Stop s o]
    | Some r, Some o => if dec r o then [] else [Replace s o r]
    | None, None => []
    end.

  Definition diff (slots : list S) (want have : placement) : list action :=
    flat_map (fun s => change s (want s) (have s)) slots.

  Lemma in_change a s w h :
    In a (change s w h) <-> target a = s /\ finds a = h /\ leaves a = w /\ w <> h.
  Proof.
    destruct w as [r|], h as [o|]; simpl; try destruct (dec r o); simpl;
      destruct a; simpl; intuition congruence.
  Qed.

  (** What is in the list, and nothing else: the slots that differ, each changed from what it
      has to what is wanted; *)
  Theorem diff_exact : forall slots want have a,
    In a (diff slots want have) <->
    In (target a) slots /\ finds a = have (target a) /\ leaves a = want (target a) /\
    want (target a) <> have (target a).
  Proof.
    intros. unfold diff. rewrite in_flat_map. split.
    - intros (s & I & J). apply in_change in J as (<- & J). tauto.
    - intros (I & J). exists (target a). split; [assumption|]. apply in_change. tauto.
  Qed.

  (** in the order of the slots, each once. *)
  Theorem diff_ordered : forall slots want have,
    map target (diff slots want have) = filter (fun s => negb (eqb (want s) (have s))) slots.
  Proof.
    induction slots as [|s slots IH]; intros want have; [reflexivity|].
    simpl. rewrite map_app, IH. unfold eqb.
    destruct (dec (want s) (have s)) as [E|N]; simpl.
    - rewrite E. destruct (have s) as [o|]; simpl; [destruct (dec o o); [reflexivity | congruence] | reflexivity].
    - destruct (want s) as [r|], (have s) as [o|]; simpl; try reflexivity; try congruence.
      destruct (dec r o); [congruence | reflexivity].
  Qed.

  Lemma diff_targets_unique slots want have :
    NoDup slots -> NoDup (map target (diff slots want have)).
  Proof. intros U. rewrite diff_ordered. now apply NoDup_filter. Qed.

  (** ** What a list does to one slot *)

  Lemma apply_app l m p : apply (l ++ m) p = apply m (apply l p).
  Proof. apply fold_left_app. Qed.

  Lemma apply_elsewhere l : forall p s, ~ In s (map target l) -> apply l p s = p s.
  Proof.
    induction l as [|a l IH]; intros p s N; [reflexivity|].
    simpl in N. simpl. rewrite IH by tauto. unfold act.
    destruct (dec (target a) s); [tauto | reflexivity].
  Qed.

  Lemma apply_last l : forall p s, In s (map target l) ->
    exists a, In a l /\ target a = s /\ apply l p s = leaves a.
  Proof.
    induction l as [|a l IH]; intros p s I; [destruct I|].
    destruct (in_dec dec s (map target l)) as [J|N].
    - destruct (IH (act p a) s J) as (b & Hb & T & E). exists b. simpl. auto.
    - destruct I as [T|J]; [|contradiction].
      exists a. simpl. rewrite apply_elsewhere by assumption. unfold act.
      destruct (dec (target a) s); [auto | congruence].
  Qed.

  (** ** Soundness *)

  Definition correct (slots : list S) (want have : placement) (l : list action) : Prop :=
    forall s, In s slots -> apply l have s = want s.

  (** The actions arrive in any order and with any repetition: that is what a bus may do to them
      that delivers at least once and in no order. Other slots are left alone. *)
  Theorem diff_arrives : forall slots want have l, same l (diff slots want have) ->
    correct slots want have l /\ (forall s, ~ In s slots -> apply l have s = have s).
  Proof.
    intros slots want have l E. split; intros s Hs.
    - destruct (in_dec dec s (map target l)) as [I|N].
      + destruct (apply_last l have s I) as (a & Ha & <- & ->).
        apply E, diff_exact in Ha. tauto.
      + rewrite apply_elsewhere by assumption.
        destruct (dec (want s) (have s)) as [|D]; [congruence|]. exfalso. apply N.
        assert (J : In s (map target (diff slots want have))).
        { rewrite diff_ordered. apply filter_In. split; [assumption|].
          now apply negb_true_iff, eqb_false. }
        apply in_map_iff in J as (a & <- & Ha). apply in_map. now apply E.
    - apply apply_elsewhere. intros I. apply in_map_iff in I as (a & <- & Ha).
      apply E, diff_exact in Ha. tauto.
  Qed.

  (** There is nothing to do iff nothing differs. *)
  Theorem diff_empty : forall slots want have,
    diff slots want have = [] <-> forall s, In s slots -> want s = have s.
  Proof.
    intros slots want have. split.
    - intros E s Hs. destruct (dec (want s) (have s)) as [|D]; [assumption|].
      assert (I : In s (map target (diff slots want have))).
      { rewrite diff_ordered. apply filter_In. split; [assumption|]. now apply negb_true_iff, eqb_false. }
      rewrite E in I. destruct I.
    - intros E. destruct (diff slots want have) as [|a l] eqn:F; [reflexivity|].
      assert (I : In a (diff slots want have)) by (rewrite F; now left).
      apply diff_exact in I as (I & _ & _ & D). now destruct (D (E _ I)).
  Qed.

  (** ** Leastness *)

  (** Every action is necessary: each correct list, however roundabout, does to that slot what the
      action does to it. *)
  Theorem diff_necessary : forall slots want have l a,
    correct slots want have l -> In a (diff slots want have) ->
    exists b, In b l /\ target b = target a /\ leaves b = leaves a.
  Proof.
    intros slots want have l a C I. apply diff_exact in I as (I & F & L & D).
    destruct (in_dec dec (target a) (map target l)) as [J|N].
    - destruct (apply_last l have _ J) as (b & Hb & T & E).
      exists b. repeat split; try assumption. rewrite <- E, L. now apply C.
    - exfalso. apply D. rewrite <- (C _ I). now apply apply_elsewhere.
  Qed.

  Lemma correct_targets slots want have l :
    correct slots want have l -> incl (map target (diff slots want have)) (map target l).
  Proof.
    intros C s I. apply in_map_iff in I as (a & <- & Ha).
    destruct (diff_necessary slots want have l a C Ha) as (b & Hb & <- & _). now apply in_map.
  Qed.

  (** No correct list is shorter; *)
  Theorem diff_shortest : forall slots want have l, NoDup slots ->
    correct slots want have l -> length (diff slots want have) <= length l.
  Proof.
    intros slots want have l U C.
    rewrite <- (map_length target (diff _ _ _)), <- (map_length target l).
    apply NoDup_incl_length; [now apply diff_targets_unique | now apply correct_targets].
  Qed.

  Fixpoint legal (p : placement) (l : list action) : Prop :=
    match l with
    | [] => True
    | a :: l => finds a = p (target a) /\ legal (act p a) l
    end.

  Lemma legal_finds l : forall p a, NoDup (map target l) -> legal p l -> In a l ->
    finds a = p (target a).
  Proof.
    induction l as [|b l IH]; intros p a U L I; [destruct I|].
    inversion U as [|? ? N U']; subst. destruct L as [F L]. destruct I as [<-|I]; [assumption|].
    rewrite (IH _ _ U' L I). unfold act. destruct (dec (target b) (target a)) as [E|]; [|reflexivity].
    exfalso. apply N. rewrite E. now apply in_map.
  Qed.

  Lemma unique_leaves l : forall p a, NoDup (map target l) -> In a l ->
    apply l p (target a) = leaves a.
  Proof.
    induction l as [|b l IH]; intros p a U I; [destruct I|].
    inversion U as [|? ? N U']; subst. simpl. destruct I as [->|I].
    - rewrite apply_elsewhere by assumption. unfold act. now destruct (dec (target a) (target a)).
    - now apply IH.
  Qed.

  (** and there is only one: a legal correct list of that length is the same actions. *)
  Theorem diff_unique : forall slots want have l, NoDup slots ->
    correct slots want have l -> legal have l ->
    length l = length (diff slots want have) -> Permutation l (diff slots want have).
  Proof.
    intros slots want have l U C L E.
    assert (UD := diff_targets_unique slots want have U).
    assert (P : Permutation (map target (diff slots want have)) (map target l)).
    { apply NoDup_Permutation_bis; [assumption | | now apply correct_targets].
      rewrite !map_length. lia. }
    assert (UL : NoDup (map target l)) by now apply (Permutation_NoDup P).
    apply NoDup_Permutation_bis.
    - now apply (NoDup_map_inv target).
    - lia.
    - intros a Ha.
      assert (I : In (target a) (map target (diff slots want have))).
      { apply (Permutation_in _ (Permutation_sym P)). now apply in_map. }
      rewrite diff_ordered in I. apply filter_In in I as [I D].
      apply negb_true_iff, eqb_false in D.
      apply diff_exact. repeat split; try assumption.
      + now apply (legal_finds l).
      + rewrite <- (unique_leaves l have a UL Ha). now apply C.
  Qed.

  (** The list itself is legal, in any order. *)
  Theorem diff_legal : forall slots want have l, NoDup slots ->
    Permutation l (diff slots want have) -> legal have l.
  Proof.
    intros slots want have l U P.
    assert (UL : NoDup (map target l)).
    { apply (Permutation_NoDup (l := map target (diff slots want have))).
      - apply Permutation_map. now apply Permutation_sym.
      - now apply diff_targets_unique. }
    assert (F : forall a, In a l -> finds a = have (target a)).
    { intros a Ha. apply (Permutation_in _ P), diff_exact in Ha. tauto. }
    clear P. revert have F UL. induction l as [|a l IH]; intros have F UL; [exact I|].
    inversion UL as [|? ? N UL']; subst. split; [apply F; now left|].
    apply IH; [|assumption]. intros b Hb. rewrite F by now right.
    unfold act. destruct (dec (target a) (target b)) as [E|]; [|reflexivity].
    exfalso. apply N. rewrite E. now apply in_map.
  Qed.

  (** ** The remainder *)

  (** After any part of the list, in any order and repetition, the difference is exactly the rest:
      a crash needs no journal, only another plan. *)
  Theorem diff_remainder : forall slots want have part, NoDup slots ->
    incl part (diff slots want have) ->
    diff slots want (apply part have) =
    filter (fun a => negb (mem a part)) (diff slots want have).
  Proof.
    intros slots want have part U I. unfold diff at 1 2.
    assert (G : forall some, incl some slots -> NoDup some ->
      flat_map (fun s => change s (want s) (apply part have s)) some =
      filter (fun a => negb (mem a part)) (flat_map (fun s => change s (want s) (have s)) some)).
    2: { apply G; [apply incl_refl | assumption]. }
    induction some as [|s some IH]; intros J UJ; [reflexivity|].
    simpl. rewrite filter_app. inversion UJ; subst.
    rewrite IH by (assumption || (intros x Hx; apply J; now right)). f_equal.
    destruct (in_dec dec s (map target part)) as [D|N].
    - destruct (apply_last part have s D) as (a & Ha & T & E). rewrite E.
      assert (X := I a Ha). apply diff_exact in X as (_ & F & L & X). rewrite T in *.
      rewrite L.
      assert (Y : change s (want s) (have s) = [a]).
      { destruct (want s) as [r|], (have s) as [o|], a; simpl in *; try congruence.
        destruct (dec r o); congruence. }
      rewrite Y. simpl. rewrite (proj2 (mem_true a part) Ha). simpl.
      destruct (want s) as [r|]; simpl; [destruct (dec r r); congruence | reflexivity].
    - rewrite apply_elsewhere by assumption.
      assert (Z : forall a, In a (change s (want s) (have s)) -> negb (mem a part) = true).
      { intros a Ha. apply in_change in Ha as (T & _). apply negb_true_iff, mem_false.
        intros Hp. apply N. rewrite <- T. now apply in_map. }
      revert Z. generalize (change s (want s) (have s)) as l.
      induction l as [|a l IHl]; intros Z; [reflexivity|]. simpl.
      rewrite (Z a) by now left. f_equal. apply IHl. intros b Hb. apply Z. now right.
  Qed.

  (** ** Locality *)

  (** The difference of a part of the slots is that part of the difference, and looks at nothing
      else: so the fleet's planner and a device's agent can run one function. *)
  Theorem diff_local : forall p slots want have,
    diff (filter p slots) want have = filter (fun a => p (target a)) (diff slots want have).
  Proof.
    induction slots as [|s slots IH]; intros want have; [reflexivity|]. simpl.
    rewrite filter_app, <- IH.
    assert (E : filter (fun a => p (target a)) (change s (want s) (have s)) =
                if p s then change s (want s) (have s) else []).
    { destruct (want s) as [r|], (have s) as [o|]; simpl; try destruct (dec r o); simpl;
        destruct (p s); reflexivity. }
    rewrite E. now destruct (p s).
  Qed.

  Theorem diff_looks_nowhere_else : forall slots want have want' have',
    (forall s, In s slots -> want s = want' s /\ have s = have' s) ->
    diff slots want have = diff slots want' have'.
  Proof.
    induction slots as [|s slots IH]; intros want have want' have' E; [reflexivity|]. simpl.
    destruct (E s) as [-> ->]; [now left|]. f_equal. apply IH. intros x Hx. apply E. now right.
  Qed.
End Diff.

Arguments action : clear implicits.
Arguments placement : clear implicits.
