(** How a plan goes out: which rollout takes each action, and in which wave.

    An action is claimed by the rollout of its app, or by the one for all others. But actions on
    one device that depend on each other go out together, so the first of their rollouts, in the
    order in which rollouts claim, takes them all. Rollouts of fleets are left out: where two
    of them claim one slot it is blocked, and where they do not they are as those of apps. *)

From Coq Require Import List Bool Arith NArith ZArith Lia Permutation.
From Muster Require Import Sets Algebra Assignment Diff Blocked Planner World Rollout.
Import ListNotations.
Open Scope nat_scope.

Section Lead.
  Context {T : Type}.
  Variable coupled : T -> T -> bool.
  Variable claim : T -> nat.

  (** Each action with the rollout that takes it so far. *)
  Definition least (l : list (T * nat)) (a : T) (n : nat) : nat :=
    fold_right (fun b m => if coupled a (fst b) then Nat.min (snd b) m else m) n l.
  Definition again (l : list (T * nat)) : list (T * nat) := map (fun x => (fst x, least l (fst x) (snd x))) l.
  Definition weight (l : list (T * nat)) : nat := fold_right (fun x n => snd x + n) 0 l.

  Fixpoint settle (fuel : nat) (l : list (T * nat)) : list (T * nat) :=
    match fuel with
    | O => l
    | S fuel => if weight (again l) =? weight l then l else settle fuel (again l)
    end.

  Definition claimed_first (actions : list T) : list (T * nat) := map (fun a => (a, claim a)) actions.
  Definition lead (actions : list T) : list (T * nat) :=
    settle (S (weight (claimed_first actions))) (claimed_first actions).

  Lemma least_below l a n : least l a n <= n.
  Proof. induction l as [|b l IH]; simpl; [lia|]. destruct (coupled a (fst b)); lia. Qed.

  Lemma least_in l a n b : In b l -> coupled a (fst b) = true -> least l a n <= snd b.
  Proof.
    induction l as [|c l IH]; simpl; [tauto|]. intros [->|I] C.
    - rewrite C. lia.
    - specialize (IH I C). destruct (coupled a (fst c)); lia.
  Qed.

  Lemma least_above l a n m : m <= n -> (forall b, In b l -> coupled a (fst b) = true -> m <= snd b) -> m <= least l a n.
  Proof.
    intros N F. induction l as [|b l IH]; simpl; [assumption|].
    assert (m <= least l a n) by (apply IH; intros c I; apply F; now right).
    destruct (coupled a (fst b)) eqn:C; [|assumption]. specialize (F b (or_introl eq_refl) C). lia.
  Qed.

  Lemma weight_again k l : weight (map (fun x => (fst x, least k (fst x) (snd x))) l) <= weight l.
  Proof. induction l as [|x l IH]; simpl; [lia|]. assert (L := least_below k (fst x) (snd x)). lia. Qed.

  Lemma same_weight k l : weight (map (fun x => (fst x, least k (fst x) (snd x))) l) = weight l ->
    forall x, In x l -> least k (fst x) (snd x) = snd x.
  Proof.
    induction l as [|y l IH]; simpl; [tauto|]. intros E x I.
    assert (A := least_below k (fst y) (snd y)). assert (B := weight_again k l).
    destruct I as [->|I]; [lia|]. apply IH; [lia | assumption].
  Qed.

  Lemma settle_stable fuel : forall l, weight l < fuel ->
    forall x, In x (settle fuel l) -> least (settle fuel l) (fst x) (snd x) = snd x.
  Proof.
    induction fuel as [|fuel IH]; intros l W; [lia|]. simpl.
    destruct (Nat.eqb_spec (weight (again l)) (weight l)) as [E|E].
    - intros x. now apply same_weight.
    - apply IH. assert (B := weight_again l l). unfold again in E |- *. lia.
  Qed.

  (** What holds of what is claimed first and from one round to the next, holds at the end. *)
  Lemma settle_ind (P : list (T * nat) -> Prop) : (forall l, P l -> P (again l)) ->
    forall fuel l, P l -> P (settle fuel l).
  Proof.
    intros K. induction fuel as [|fuel IH]; intros l L; simpl; [assumption|].
    destruct (_ =? _); [assumption | apply IH, K, L].
  Qed.

  (** Every action has one rollout that takes it. *)
  Theorem lead_all : forall actions, map fst (lead actions) = actions.
  Proof.
    intros actions. unfold lead. apply settle_ind.
    - intros l <-. unfold again. rewrite map_map. apply map_ext. reflexivity.
    - unfold claimed_first. rewrite map_map. simpl. apply map_id.
  Qed.

  (** Actions that depend on each other go out together. *)
  Theorem lead_together : forall actions a b n m, (forall x y, coupled x y = coupled y x) ->
    In (a, n) (lead actions) -> In (b, m) (lead actions) -> coupled a b = true -> n = m.
  Proof.
    intros actions a b n m Y I J C.
    assert (L := settle_stable _ (claimed_first actions) (Nat.lt_succ_diag_r _)). fold (lead actions) in L.
    assert (A := L _ I). assert (B := L _ J). simpl in A, B.
    assert (X := least_in _ a n (b, m) J C). rewrite Y in C. assert (Z := least_in _ b m (a, n) I C).
    simpl in X, Z. lia.
  Qed.

  (** And the first of their rollouts takes them, no earlier one: it is not after the one that claims
      the action, and whatever else keeps them together is not after it. *)
  Theorem lead_first : forall actions a n, In (a, n) (lead actions) ->
    n <= claim a /\
    forall f : T -> nat, (forall x, In x actions -> f x <= claim x) ->
      (forall x y, In x actions -> In y actions -> coupled x y = true -> f x = f y) -> f a <= n.
  Proof.
    intros actions a n I. split.
    - revert a n I. unfold lead. apply settle_ind.
      + intros l F a n I. unfold again in I. apply in_map_iff in I as ([b m] & [= <- <-] & I).
        specialize (F b m I). assert (L := least_below l b m). simpl. lia.
      + intros a n I. unfold claimed_first in I. apply in_map_iff in I as (b & [= <- <-] & _). lia.
    - intros f F G. assert (M := lead_all actions).
      assert (K : forall x k, In (x, k) (lead actions) -> In x actions /\ f x <= k).
      { clear I M. unfold lead. apply settle_ind.
        - intros l L x k J. unfold again in J. apply in_map_iff in J as ([y m] & [= <- <-] & J). simpl.
          destruct (L y m J) as [Iy Ly]. split; [assumption|]. apply least_above; [assumption|].
          intros [z k] Iz C. simpl in *. destruct (L z k Iz) as [Jz Lz]. now rewrite (G y z Iy Jz C).
        - intros x k J. unfold claimed_first in J. apply in_map_iff in J as (y & [= <- <-] & J). split; [assumption | now apply F]. }
      now apply K.
  Qed.
End Lead.

Section Courses.
  Context {N : Type} `{Dec N}.
  Notation change := (action (@device N * N) (@release N)).

  Inductive part := ByFleet (s : sel (@atom N)) | ByShare (hundredths : BinNums.N) | ByRest.

  (** A rollout of one app, or of all that no other claims; with all devices in the order in which
      it draws them. *)
  Record course := Course { for_app : option N; drawn : list N; parts : list part }.

  (** Two changes on one device depend on each other if what one stops or starts shares a resource
      with what the other does, or requires the other's app. *)
  Definition ends (a : change) : list (@release N) :=
    match a with Start _ x => [x] | Replace _ x y => [x; y] | Stop _ x => [x] end.
  Definition touches (w : @world N) (r : @reality N) (x y : @release N) : bool :=
    existsb (fun h => mem h (holds_of w r y)) (holds_of w r x).
  Definition asks_for (w : @world N) (r : @reality N) (x : @release N) (b : change) : bool :=
    mem (snd (target b)) (needs_of w r x).
  Definition depends (w : @world N) (r : @reality N) (a b : change) : bool :=
    existsb (fun x => existsb (touches w r x) (ends b) || asks_for w r x b) (ends a).
  Definition coupled_on (w : @world N) (r : @reality N) (a b : change) : bool :=
    eqb (id (fst (target a))) (id (fst (target b))) && (depends w r a b || depends w r b a).

  Lemma coupled_sym w r a b : coupled_on w r a b = coupled_on w r b a.
  Proof.
    unfold coupled_on. rewrite (orb_comm (depends w r b a)). f_equal.
    unfold eqb. destruct (dec _ _), (dec _ _); congruence.
  Qed.

  Fixpoint index (p : course -> bool) (l : list course) : nat :=
    match l with [] => 0 | c :: l => if p c then 0 else S (index p l) end.
  Definition takes_app (a : change) (c : course) : bool :=
    match for_app c with None => true | Some x => eqb x (snd (target a)) end.
  Definition claim_of (cs : list course) (a : change) : nat := index (takes_app a) cs.

  Definition led (w : @world N) (r : @reality N) (cs : list course) : list (change * nat) :=
    lead (coupled_on w r) (claim_of cs) (make w r).

  Definition mine (l : list (change * nat)) (n : nat) : list change := map fst (filter (fun x => snd x =? n) l).
  Definition aimed_at (l : list change) (c : course) : list N :=
    filter (fun i => existsb (fun a => eqb (id (fst (target a))) i) l) (drawn c).
  Definition wave_of (devices : list (@device N)) (p : part) : @wave N :=
    match p with
    | ByFleet s => OfFleet (fun i => existsb (fun d => eqb (id d) i && admits holds_atom s d) devices)
    | ByShare n => OfShare n
    | ByRest => OfRest
    end.

  (** Each course: the changes it takes, and its waves and tail. *)
  Definition courses (w : @world N) (r : @reality N) (online : N -> bool) (cs : list course)
      : list (list change * (list (list N) * list N)) :=
    let l := led w r cs in
    map (fun nc => let m := mine l (fst nc) in
      (m, waves online (aimed_at m (snd nc)) (map (wave_of (relabel w r)) (parts (snd nc)))))
      (combine (seq 0 (length cs)) cs).

  Lemma mine_rest l k n : n <> k -> mine l n = mine (filter (fun x => negb (snd x =? k)) l) n.
  Proof.
    intros E. unfold mine. f_equal. rewrite filter_filter. apply filter_ext. intros x.
    destruct (Nat.eqb_spec (snd x) n) as [->|D]; [|now rewrite andb_false_r].
    destruct (Nat.eqb_spec n k); [congruence | reflexivity].
  Qed.

  Lemma mine_cover k : forall l, (forall x, In x l -> snd x < k) ->
    Permutation (concat (map (mine l) (seq 0 k))) (map fst l).
  Proof.
    induction k as [|k IH]; intros l B.
    - destruct l as [|x l]; [constructor | specialize (B x (or_introl eq_refl)); lia].
    - rewrite seq_S, map_app, concat_app. simpl. rewrite app_nil_r.
      rewrite (map_ext_in _ (mine (filter (fun x => negb (snd x =? k)) l))).
      + rewrite (IH (filter (fun x => negb (snd x =? k)) l)).
        * unfold mine. rewrite <- map_app. apply Permutation_map. rewrite Permutation_app_comm.
          apply filter_split.
        * intros x I. apply filter_In in I as [I E]. apply negb_true_iff, Nat.eqb_neq in E. specialize (B x I). lia.
      + intros n I. apply in_seq in I. apply mine_rest. lia.
  Qed.

  Lemma fst_courses w r online cs :
    map fst (courses w r online cs) = map (mine (led w r cs)) (seq 0 (length cs)).
  Proof.
    unfold courses. rewrite map_map. simpl. generalize 0 as k. generalize (led w r cs) as l.
    intros l. induction cs as [|c cs IH]; intros k; [reflexivity|]. simpl. f_equal. apply IH.
  Qed.

  (** The courses share out the plan: each change is in exactly one of them. *)
  Theorem courses_cover : forall w r online cs, In None (map for_app cs) ->
    Permutation (concat (map fst (courses w r online cs))) (make w r).
  Proof.
    intros w r online cs I. rewrite fst_courses, mine_cover.
    - unfold led. now rewrite lead_all.
    - intros [a n] J. unfold led in J. apply lead_first in J as [L _]. simpl.
      apply (Nat.le_lt_trans _ _ _ L). unfold claim_of. clear L. induction cs as [|c cs IH]; [destruct I|].
      simpl. unfold takes_app at 1. destruct (for_app c) as [x|] eqn:E; [|lia].
      destruct (eqb x _); [lia|]. destruct I as [I|I]; [congruence|]. specialize (IH I). lia.
  Qed.

  (** Changes on one device that depend on each other are in one course, *)
  Theorem courses_together : forall w r cs a b n m,
    In (a, n) (led w r cs) -> In (b, m) (led w r cs) -> coupled_on w r a b = true -> n = m.
  Proof. intros w r cs a b n m. apply lead_together. apply coupled_sym. Qed.

  (** and each device a course changes is in one of its waves, or its tail, and in no other. *)
  Theorem courses_waves : forall w r online c l i, NoDup (drawn c) ->
    let '(ps, tail) := waves online (aimed_at l c) (map (wave_of (relabel w r)) (parts c)) in
    NoDup (concat ps ++ tail) /\
    (In i (concat ps ++ tail) <-> In i (drawn c) /\ exists a, In a l /\ id (fst (target a)) = i).
  Proof.
    intros w r online c l i U.
    assert (A := waves_disjoint online (aimed_at l c) (map (wave_of (relabel w r)) (parts c)) (NoDup_filter _ U)).
    assert (B := waves_cover online (aimed_at l c) (map (wave_of (relabel w r)) (parts c))).
    destruct (waves online _ _) as [ps tail]. split; [assumption|].
    assert (E : In i (concat ps ++ tail) <-> In i (aimed_at l c)).
    { split; apply Permutation_in; [assumption | now apply Permutation_sym]. }
    rewrite E. unfold aimed_at. rewrite filter_In, existsb_exists.
    split; intros [I (a & J & K)]; (split; [assumption|]); exists a; (split; [assumption|]); now apply eqb_true.
  Qed.
End Courses.
