(** Which slots of a device are left as they are, and why that is neither too many nor too few.

    The rules are those of SEMANTICS, as an inductive predicate that a reader can check against
    the page; what is computed is shown to be exactly it. "Own" reasons are given from outside:
    a conflict of claims, a missing value, a refusal by the device, a quarantine, a device that
    was revoked. *)

From Coq Require Import List Bool Arith Lia.
From Muster Require Import Sets.
Import ListNotations.

Section Blocked.
  Context {A R H : Type} `{Dec A} `{Dec H}.
  Variable apps : list A. (* of one device: all that are wanted or in place *)
  Variables asked kept : A -> option R.
  Variable holds : R -> list H. (* host resources: ports, paths, container names *)
  Variable requires : R -> list A.

  Definition clash (x y : option R) : bool :=
    match x, y with
    | Some r, Some q => existsb (fun h => mem h (holds q)) (holds r)
    | _, _ => false
    end.

  Lemma clash_sym x y : clash x y = clash y x.
  Proof.
    destruct x as [r|], y as [q|]; simpl; try reflexivity.
    apply eq_true_iff_eq. rewrite !existsb_exists. split; intros (h & I & J); exists h;
      (split; [now apply mem_true | now apply mem_true]).
  Qed.

  Variable own : A -> bool.

  Inductive Blocked : A -> Prop :=
  | by_itself a : In a apps -> own a = true -> Blocked a
  | by_wanted a o : In a apps -> In o apps -> o <> a ->
      clash (asked a) (asked o) = true -> Blocked a
  | by_kept a o : In a apps -> o <> a -> Blocked o ->
      clash (asked a) (kept o) = true -> Blocked a
  | by_absent a r n : In a apps -> asked a = Some r -> In n (requires r) ->
      asked n = None -> Blocked a
  | by_requirement a r n : In a apps -> asked a = Some r -> In n (requires r) ->
      Blocked n -> Blocked a.

  (** ** The computation: rounds until nothing is added *)

  Definition unmet (b : list A) (a : A) : bool :=
    match asked a with
    | Some r => existsb (fun n => match asked n with None => true | Some _ => mem n b end) (requires r)
    | None => false
    end.

  Definition follows (b : list A) (a : A) : bool :=
    own a || unmet b a ||
    existsb (fun o => negb (eqb o a) &&
      (clash (asked a) (asked o) || mem o b && clash (asked a) (kept o))) apps.

  Fixpoint rounds (n : nat) : list A :=
    match n with
    | O => []
    | S n => filter (follows (rounds n)) apps
    end.

  Definition blocked : list A := rounds (length apps).

  Lemma follows_spec b a : follows b a = true <->
    own a = true \/
    (exists r n, asked a = Some r /\ In n (requires r) /\ (asked n = None \/ In n b)) \/
    (exists o, In o apps /\ o <> a /\
       (clash (asked a) (asked o) = true \/ In o b /\ clash (asked a) (kept o) = true)).
  Proof.
    unfold follows, unmet. rewrite !orb_true_iff, existsb_exists.
    assert (U : (match asked a with
                 | Some r => existsb (fun n => match asked n with None => true | Some _ => mem n b end) (requires r)
                 | None => false end = true) <->
                (exists r n, asked a = Some r /\ In n (requires r) /\ (asked n = None \/ In n b))).
    { destruct (asked a) as [r|].
      - rewrite existsb_exists. split.
        + intros (n & I & J). exists r, n. repeat split; try assumption.
          destruct (asked n); [right; now apply mem_true | now left].
        + intros (r' & n & [= <-] & I & J). exists n. split; [assumption|].
          destruct (asked n); [|reflexivity]. destruct J as [|J]; [discriminate | now apply mem_true].
      - split; [discriminate|]. intros (r & n & E & _). discriminate. }
    rewrite U.
    assert (W : (exists x, In x apps /\ negb (eqb x a) &&
                  (clash (asked a) (asked x) || mem x b && clash (asked a) (kept x)) = true) <->
                (exists o, In o apps /\ o <> a /\
                  (clash (asked a) (asked o) = true \/ In o b /\ clash (asked a) (kept o) = true))).
    { split; intros (o & I & J); exists o; (split; [assumption|]).
      - apply andb_true_iff in J as [J K]. apply negb_true_iff, eqb_false in J.
        apply orb_true_iff in K. rewrite andb_true_iff, mem_true in K. tauto.
      - destruct J as [J K]. apply andb_true_iff. rewrite negb_true_iff, eqb_false, orb_true_iff, andb_true_iff, mem_true.
        tauto. }
    rewrite W. tauto.
  Qed.

  Lemma follows_monotone b c a : incl b c -> follows b a = true -> follows c a = true.
  Proof.
    intros I. rewrite !follows_spec.
    intros [O|[(r & n & E & J & K)|(o & Ho & N & K)]]; [now left | right; left | right; right].
    - exists r, n. repeat split; try assumption. destruct K; [now left | right; now apply I].
    - exists o. repeat split; try assumption. destruct K as [|[? ?]]; [now left | right; split; auto].
  Qed.

  Lemma filter_incl p q (l : list A) : (forall x, p x = true -> q x = true) -> incl (filter p l) (filter q l).
  Proof. intros I x. rewrite !filter_In. intuition. Qed.

  Lemma rounds_grow n : incl (rounds n) (rounds (S n)).
  Proof.
    induction n as [|n IH]; [intros x []|].
    simpl. apply filter_incl. intros x. apply follows_monotone. exact IH.
  Qed.

  (** Of two questions, one stricter than the other, that pick equally many, both pick the same. *)
  Lemma filter_as_many p q : forall l : list A, (forall x, p x = true -> q x = true) ->
    length (filter p l) <= length (filter q l) /\
    (length (filter q l) <= length (filter p l) -> filter p l = filter q l).
  Proof.
    induction l as [|x l IH]; intros I; [split; auto|].
    destruct (IH I) as [L E]. simpl. specialize (I x).
    destruct (p x), (q x); simpl; try (exfalso; now discriminate I); split; intros; try lia.
    - f_equal. apply E. lia.
    - apply E. lia.
  Qed.

  Lemma filter_shorter p (l : list A) : length (filter p l) <= length l.
  Proof. induction l as [|x l IH]; simpl; [lia|]. destruct (p x); simpl; lia. Qed.

  Lemma rounds_end n : rounds (S n) = rounds n \/ n <= length (rounds n).
  Proof.
    induction n as [|n [E|L]].
    - right. simpl. lia.
    - left. simpl. simpl in E. now rewrite E.
    - assert (G : forall x, follows (rounds n) x = true -> follows (rounds (S n)) x = true)
        by (intros x; apply follows_monotone, rounds_grow).
      destruct (Nat.eq_dec (length (rounds (S n))) (length (rounds n))) as [E|N].
      + left. destruct n as [|n].
        * simpl in E. destruct (filter (follows []) apps) as [|y l] eqn:F; [|discriminate].
          simpl. now rewrite F.
        * assert (G' : forall x, follows (rounds n) x = true -> follows (rounds (S n)) x = true)
            by (intros x; apply follows_monotone, rounds_grow).
          destruct (filter_as_many _ _ apps G') as [_ Q].
          assert (X : rounds (S n) = rounds (S (S n))) by (apply Q; change (length (rounds (S (S n))) <= length (rounds (S n))); lia).
          change (filter (follows (rounds (S (S n)))) apps = filter (follows (rounds (S n))) apps).
          now rewrite <- X.
      + right.
        assert (length (rounds n) <= length (rounds (S n))).
        { destruct n as [|n]; [simpl; lia|].
          assert (G' : forall x, follows (rounds n) x = true -> follows (rounds (S n)) x = true)
            by (intros x; apply follows_monotone, rounds_grow).
          now apply (filter_as_many _ _ apps G'). }
        lia.
  Qed.

  Lemma blocked_fixed : filter (follows blocked) apps = blocked.
  Proof.
    unfold blocked. destruct (rounds_end (length apps)) as [E|L]; [exact E|].
    destruct (length apps) as [|n] eqn:F.
    - apply length_zero_iff_nil in F. now rewrite F.
    - assert (G : forall x, follows (rounds n) x = true -> follows (rounds (S n)) x = true)
        by (intros x; apply follows_monotone, rounds_grow).
      destruct (filter_as_many _ _ apps G) as [_ Q]. symmetry. apply Q.
      change (length (filter (follows (rounds (S n))) apps) <= length (rounds (S n))).
      apply Nat.le_trans with (length apps); [apply filter_shorter | lia].
  Qed.

  (** What is computed is what the rules say. *)
  Theorem blocked_exact : forall a, In a blocked <-> Blocked a.
  Proof.
    intros a. split.
    - unfold blocked. generalize (length apps) as n. intros n. revert a.
      induction n as [|n IH]; intros a I; [destruct I|].
      simpl in I. apply filter_In in I as [I F]. apply follows_spec in F.
      destruct F as [O|[(r & m & E & J & [K|K])|(o & Ho & N & [K|[K L]])]].
      + now apply by_itself.
      + now apply (by_absent a r m).
      + apply (by_requirement a r m); auto.
      + now apply (by_wanted a o).
      + apply (by_kept a o); auto.
    - induction 1 as [a I O|a o I J N C|a o I N B IH C|a r n I E J K|a r n I E J B IH];
        rewrite <- blocked_fixed; apply filter_In; (split; [assumption|]); apply follows_spec.
      + now left.
      + right. right. exists o. auto.
      + right. right. exists o. assert (In o apps).
        { destruct B; assumption. }
        auto.
      + right. left. exists r, n. auto.
      + right. left. exists r, n. auto.
  Qed.

  (** Least: every set that the rules close holds it, so nothing is blocked without need. *)
  Theorem blocked_least : forall X : A -> Prop,
    (forall a, In a apps -> own a = true -> X a) ->
    (forall a o, In a apps -> In o apps -> o <> a -> clash (asked a) (asked o) = true -> X a) ->
    (forall a o, In a apps -> o <> a -> X o -> clash (asked a) (kept o) = true -> X a) ->
    (forall a r n, In a apps -> asked a = Some r -> In n (requires r) -> asked n = None \/ X n -> X a) ->
    forall a, In a blocked -> X a.
  Proof.
    intros X I W K Q a B. apply blocked_exact in B. induction B; eauto.
  Qed.

  (** ** What the device is left with *)

  Definition settle (a : A) : option R := if mem a blocked then kept a else asked a.

  Hypothesis all_apps : forall a, asked a <> None -> In a apps.

  (** If no two of what is in place share a resource, no two of what is settled do: for this the
      blocks are enough. *)
  Theorem settled_without_clash :
    (forall a o, a <> o -> clash (kept a) (kept o) = false) ->
    forall a o, a <> o -> clash (settle a) (settle o) = false.
  Proof.
    intros K a o N. destruct (clash (settle a) (settle o)) eqn:C; [|reflexivity]. exfalso.
    unfold settle in C.
    assert (P : forall x y : option R, clash x y = true -> x <> None /\ y <> None).
    { intros [x|] [y|]; simpl; try discriminate. split; discriminate. }
    destruct (mem a blocked) eqn:Ba, (mem o blocked) eqn:Bo.
    - rewrite (K a o N) in C. discriminate.
    - apply mem_true, blocked_exact in Ba. apply mem_false in Bo. apply Bo, blocked_exact.
      destruct (P _ _ C). apply (by_kept o a); auto. now rewrite clash_sym.
    - apply mem_true, blocked_exact in Bo. apply mem_false in Ba. apply Ba, blocked_exact.
      destruct (P _ _ C). apply (by_kept a o); auto.
    - apply mem_false in Ba. apply Ba, blocked_exact. destruct (P _ _ C).
      apply (by_wanted a o); auto.
  Qed.

  (** What is newly settled has all it requires, newly settled too. *)
  Theorem settled_with_requirements : forall a r n,
    ~ Blocked a -> asked a = Some r -> In n (requires r) ->
    ~ Blocked n /\ exists q, settle n = Some q.
  Proof.
    intros a r n N E I.
    assert (J : In a apps) by (apply all_apps; congruence).
    assert (M : ~ Blocked n) by (intros B; apply N; now apply (by_requirement a r n)).
    split; [assumption|]. unfold settle.
    destruct (mem n blocked) eqn:B; [apply mem_true, blocked_exact in B; contradiction|].
    destruct (asked n) as [q|] eqn:Q; [now exists q|].
    exfalso. apply N. now apply (by_absent a r n).
  Qed.
End Blocked.
