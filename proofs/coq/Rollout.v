(** Waves, and the budget that bounds what is down.

    The target comes in the order in which devices are drawn for a share, so that a share is the
    first so many that are left. Shares are in hundredths of a percent. *)

From Coq Require Import List Bool Arith NArith Lia Permutation.
From Muster Require Import Sets.
Import ListNotations.

Section Waves.
  Context {D : Type} `{Dec D}.

  Inductive wave :=
  | OfFleet (p : D -> bool)
  | OfShare (hundredths : N)
  | OfRest.

  (** A share of n devices, rounded up. *)
  Definition share_of (s n : N) : N := ((s * n + 9999) / 10000)%N.

  Fixpoint cut (size : nat) (left : list D) (ws : list wave) : list (list D) * list D :=
    match ws with
    | [] => ([], left)
    | w :: ws =>
        let '(part, rest) :=
          match w with
          | OfFleet p => (filter p left, filter (fun d => negb (p d)) left)
          | OfShare s =>
              let n := N.to_nat (share_of s (N.of_nat size)) - (size - length left) in
              (firstn n left, skipn n left)
          | OfRest => (left, [])
          end in
        let '(parts, over) := cut size rest ws in (part :: parts, over)
    end.

  (** The waves of those online, and the tail: who is offline, and what no wave admits. *)
  Definition waves (online : D -> bool) (target : list D) (ws : list wave) : list (list D) * list D :=
    let here := filter online target in
    let '(parts, over) := cut (length here) here ws in
    (parts, over ++ filter (fun d => negb (online d)) target).

  Lemma cut_cover size ws : forall left,
    Permutation (concat (fst (cut size left ws)) ++ snd (cut size left ws)) left.
  Proof.
    induction ws as [|w ws IH]; intros left; [reflexivity|]. simpl.
    destruct w as [p|s|].
    - specialize (IH (filter (fun d => negb (p d)) left)).
      destruct (cut size _ ws) as [parts over]. simpl in *. rewrite <- app_assoc, IH.
      apply filter_split.
    - set (n := N.to_nat _ - _). specialize (IH (skipn n left)).
      destruct (cut size _ ws) as [parts over]. simpl in *. rewrite <- app_assoc, IH.
      now rewrite firstn_skipn.
    - specialize (IH []). destruct (cut size [] ws) as [parts over]. simpl in *.
      rewrite <- app_assoc, IH. now rewrite app_nil_r.
  Qed.

  (** The waves and the tail cover the target, and nobody is in two of them. *)
  Theorem waves_cover : forall online target ws,
    let '(parts, tail) := waves online target ws in Permutation (concat parts ++ tail) target.
  Proof.
    intros online target ws. unfold waves.
    assert (C := cut_cover (length (filter online target)) ws (filter online target)).
    destruct (cut _ _ ws) as [parts over]. simpl in C.
    rewrite app_assoc, C. apply filter_split.
  Qed.

  Theorem waves_disjoint : forall online target ws, NoDup target ->
    let '(parts, tail) := waves online target ws in NoDup (concat parts ++ tail).
  Proof.
    intros online target ws U. assert (C := waves_cover online target ws).
    destruct (waves online target ws) as [parts tail].
    now apply (Permutation_NoDup (Permutation_sym C)).
  Qed.

  (** With a rest in the list, the tail is who is offline and nobody else. *)
  Theorem waves_rest : forall online target ws, In OfRest ws ->
    snd (waves online target ws) = filter (fun d => negb (online d)) target.
  Proof.
    intros online target ws I. unfold waves.
    assert (C : forall size ws left, In OfRest ws \/ left = [] -> snd (cut size left ws) = []).
    { clear. intros size. induction ws as [|w ws IH]; intros left I; [destruct I as [[]|]; assumption|]. simpl.
      destruct w as [p|s|]; (destruct (cut size _ ws) as [parts over] eqn:E; simpl);
        change over with (snd (parts, over)); rewrite <- E; apply IH.
      - destruct I as [[I|I]|I]; [discriminate | now left | right; now subst].
      - destruct I as [[I|I]|I]; [discriminate | now left | right; subst; now rewrite skipn_nil].
      - now right. }
    specialize (C (length (filter online target)) ws (filter online target) (or_introl I)).
    destruct (cut _ _ ws) as [parts over]. simpl in *. now rewrite C.
  Qed.

  (** A device belongs to the first wave that admits it: a fleet's wave is all of the fleet that is
      left. *)
  Theorem waves_fleet : forall size left p ws d,
    In d (hd [] (fst (cut size left (OfFleet p :: ws)))) <-> In d left /\ p d = true.
  Proof.
    intros size left p ws d. cbn [cut]. destruct (cut size _ ws) as [parts over]. simpl. apply filter_In.
  Qed.

  (** And a share's wave brings what is covered to the share of those online, rounded up, and not
      one device further; what is covered already may be more. *)
  Theorem waves_share : forall size left s ws, length left <= size -> (s <= 10000)%N ->
    let before := size - length left in
    before + length (hd [] (fst (cut size left (OfShare s :: ws)))) =
    Nat.max before (N.to_nat (share_of s (N.of_nat size))).
  Proof.
    intros size left s ws L S before. cbn [cut].
    destruct (cut size _ ws) as [parts over]. simpl. rewrite firstn_length.
    assert (B : (share_of s (N.of_nat size) <= N.of_nat size)%N).
    { unfold share_of. apply N.lt_succ_r. apply N.div_lt_upper_bound; [lia|]. nia. }
    unfold before. lia.
  Qed.
End Waves.

Section Budget.
  Context {D G : Type} `{Dec D} `{Dec G}.
  Variable fleet : list D.
  Variable group : D -> G.
  Hypothesis fleet_once : NoDup fleet.

  (** A bound of a group: a number, or a share rounded down; at least one either way. *)
  Inductive bound := Count (n : N) | Share (hundredths : N).
  Definition limit (b : bound) (n : N) : N :=
    N.max 1 match b with Count c => c | Share s => (s * n / 10000)%N end.

  Variable allowed : bound.

  Definition members (g : G) : list D := filter (fun d => eqb (group d) g) fleet.
  Definition size (g : G) : N := N.of_nat (length (members g)).

  (** Who is down, for whatever reason: those that were before, those that failed since, and those
      that are being changed. *)
  Definition unavailable (down : D -> bool) (g : G) : N := N.of_nat (length (filter down (members g))).

  Definition with_ (down : D -> bool) (d : D) : D -> bool := fun e => if dec d e then true else down e.
  Definition without (down : D -> bool) (d : D) : D -> bool := fun e => if dec d e then false else down e.

  (** The executor may disrupt a device that is down already, as that brings nobody down, and
      another one if its group stays within the bound. *)
  Definition may_start (down : D -> bool) (d : D) : bool :=
    down d || (unavailable down (group d) + 1 <=? limit allowed (size (group d)))%N.

  Inductive event := Disrupt (d : D) | Fails (d : D) | Recovers (d : D).

  Definition happens (down : D -> bool) (e : event) : D -> bool :=
    match e with
    | Disrupt d => if may_start down d then with_ down d else down
    | Fails d => with_ down d
    | Recovers d => without down d
    end.

  Lemma count_with down d g : In d fleet ->
    unavailable (with_ down d) g =
    if eqb (group d) g && negb (down d) then (unavailable down g + 1)%N else unavailable down g.
  Proof.
    intros I. unfold unavailable, members. revert I fleet_once. generalize fleet as l.
    induction l as [|x l IH]; intros I U; [destruct I|]. inversion U as [|? ? N U']; subst.
    assert (Out : ~ In d l -> forall m, (forall y, In y m -> In y l) ->
      filter (with_ down d) m = filter down m).
    { intros Nd m M. apply filter_ext_in. intros y Hy. unfold with_.
      destruct (dec d y); [subst; exfalso; apply Nd, M, Hy | reflexivity]. }
    simpl. destruct (dec d x) as [->|Dx].
    - destruct (eqb (group x) g) eqn:E; simpl.
      + rewrite (Out N) by (intros y Hy; now apply filter_In in Hy).
        unfold with_ at 1. destruct (dec x x); [|congruence].
        destruct (down x); simpl; lia.
      + rewrite (Out N) by (intros y Hy; now apply filter_In in Hy). reflexivity.
    - destruct I as [->|I]; [congruence|]. specialize (IH I U').
      destruct (eqb (group x) g) eqn:E; simpl; [|assumption].
      unfold with_ at 1. destruct (dec d x); [congruence|].
      destruct (down x); simpl; rewrite ?Nat2N.inj_succ in *;
        destruct (eqb (group d) g && negb (down d)); simpl in *; lia.
  Qed.

  Lemma count_without down d g : (unavailable (without down d) g <= unavailable down g)%N.
  Proof.
    unfold unavailable. generalize (members g) as l. induction l as [|x l IH]; [simpl; lia|].
    simpl. unfold without at 1. destruct (dec d x), (down x); simpl; lia.
  Qed.

  (** No disruption is started that brings a group above its bound, those down before counted. *)
  Theorem budget_start : forall down d g, In d fleet ->
    let after := happens down (Disrupt d) in
    unavailable after g = unavailable down g \/ (unavailable after g <= limit allowed (size g))%N.
  Proof.
    intros down d g I after. unfold after. simpl. destruct (may_start down d) eqn:M; [|now left].
    rewrite (count_with down d g I). destruct (eqb (group d) g && negb (down d)) eqn:E; [|now left].
    right. apply andb_true_iff in E as [E F]. apply eqb_true in E. apply negb_true_iff in F.
    unfold may_start in M. rewrite F in M. simpl in M. apply N.leb_le in M. now rewrite E in M.
  Qed.

  (** So in any history a group is never further above its bound, or above where it began, than as
      many devices as failed by themselves. *)
  Definition in_fleet (e : event) : Prop :=
    match e with Disrupt d | Fails d | Recovers d => In d fleet end.
  Definition failures (g : G) (l : list event) : N :=
    N.of_nat (length (filter (fun e => match e with Fails d => eqb (group d) g | _ => false end) l)).

  Theorem budget_kept : forall l down g, Forall in_fleet l ->
    (unavailable (fold_left happens l down) g <=
     N.max (limit allowed (size g)) (unavailable down g) + failures g l)%N.
  Proof.
    induction l as [|e l IH]; intros down g F; [simpl; unfold failures; simpl; lia|].
    inversion F as [|? ? I F']; subst. specialize (IH (happens down e) g F'). simpl fold_left.
    destruct e as [d|d|d]; simpl in I.
    - destruct (budget_start down d g I) as [E|E]; simpl in *; unfold failures in *; simpl; lia.
    - assert (C := count_with down d g I). simpl in *. unfold failures in *. simpl.
      destruct (eqb (group d) g); simpl in *; destruct (down d); simpl in *; lia.
    - assert (C := count_without down d g). simpl in *. unfold failures in *. simpl. lia.
  Qed.

  (** The clamp to one never deadlocks: while devices wait, one of them may start, or some device
      that does not wait is down, and will recover or run into its deadline. *)
  Theorem budget_goes_on : forall down waiting d, In d fleet -> waiting d = true ->
    (exists e, In e fleet /\ waiting e = true /\ may_start down e = true) \/
    (exists e, In e fleet /\ waiting e = false /\ down e = true).
  Proof.
    intros down waiting d I W.
    destruct (N.eq_dec (unavailable down (group d)) 0) as [Z|Z].
    - left. exists d. split; [assumption|]. split; [assumption|].
      unfold may_start. rewrite Z. apply orb_true_iff. right. apply N.leb_le. unfold limit. lia.
    - unfold unavailable in Z.
      destruct (filter down (members (group d))) as [|e m] eqn:E; [now destruct Z|].
      assert (J : In e (filter down (members (group d)))) by (rewrite E; now left).
      apply filter_In in J as [J K]. apply filter_In in J as [J _].
      destruct (waiting e) eqn:V; [left | right]; exists e; repeat split; auto.
      unfold may_start. now rewrite K.
  Qed.

  (** All that may start at once, taken in the order given: each counts for those after it. *)
  Fixpoint start_all (down : D -> bool) (l : list D) : list D :=
    match l with
    | [] => []
    | d :: l => if may_start down d then d :: start_all (with_ down d) l else start_all down l
    end.

  Theorem start_all_within : forall l down g, incl l fleet ->
    (unavailable (fold_left with_ (start_all down l) down) g <=
     N.max (limit allowed (size g)) (unavailable down g))%N.
  Proof.
    induction l as [|d l IH]; intros down g I; [simpl; lia|]. simpl.
    assert (Il : incl l fleet) by (intros x Hx; apply I; now right).
    destruct (may_start down d) eqn:M; [|now apply IH]. simpl.
    assert (B := budget_start down d g (I d (or_introl eq_refl))). simpl in B. rewrite M in B.
    specialize (IH (with_ down d) g Il). lia.
  Qed.

  (** It starts as many as it may: who is passed over could not start at the end either. *)
  Lemma may_start_shrinks down d e : In d fleet -> may_start down e = false ->
    e <> d -> may_start (with_ down d) e = false.
  Proof.
    intros I M N. unfold may_start in *. apply orb_false_iff in M as [A B].
    apply orb_false_iff. split.
    - unfold with_. destruct (dec d e); [congruence | assumption].
    - apply N.leb_gt. apply N.leb_gt in B. rewrite (count_with down d _ I).
      destruct (_ && _); lia.
  Qed.

  Theorem start_all_most : forall l down e, incl l fleet -> NoDup l -> In e l ->
    In e (start_all down l) \/ may_start (fold_left with_ (start_all down l) down) e = false.
  Proof.
    assert (K : forall l down e, incl l fleet -> ~ In e l -> may_start down e = false ->
                may_start (fold_left with_ (start_all down l) down) e = false).
    { induction l as [|d l IH]; intros down e I N M; [assumption|]. simpl.
      assert (Il : incl l fleet) by (intros x Hx; apply I; now right).
      destruct (may_start down d) eqn:Q; simpl.
      - apply IH; [assumption | intros X; apply N; now right |].
        apply may_start_shrinks; [apply I; now left | assumption |]. intros ->. apply N. now left.
      - apply IH; [assumption | intros X; apply N; now right | assumption]. }
    induction l as [|d l IH]; intros down e I U J; [destruct J|]. simpl.
    assert (Il : incl l fleet) by (intros x Hx; apply I; now right).
    inversion U as [|? ? N U']; subst.
    destruct (may_start down d) eqn:M; simpl.
    - destruct J as [->|J]; [left; now left|].
      destruct (IH (with_ down d) e Il U' J); [left; now right | now right].
    - destruct J as [->|J]; [right; now apply K | now apply IH].
  Qed.
End Budget.

(** Without the clamp five devices and a tenth of them never start. *)
Theorem clamp_is_needed : (1000 * 5 / 10000 = 0)%N /\ limit (Share 1000) 5 = 1%N.
Proof. now split. Qed.
