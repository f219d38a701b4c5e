(** In which order a device does the actions of a plan.

    A host resource has one holder at a time, so a Replace cannot always be done in place: two
    slots that exchange ports have no safe order ([swap_unsafe]). So the vocabulary here is
    smaller steps, Stop and Fill, and a Replace is one of each. "Minimal" is meant over that
    vocabulary, and is about the number of steps, not about downtime. *)

From Coq Require Import List Bool Arith Lia Permutation.
From Muster Require Import Sets Diff Blocked.
Import ListNotations.

Section Order.
  Context {S R H : Type} `{Dec S} `{Dec R} `{Dec H}.
  Variable slots : list S. (* of one device *)
  Variable holds : R -> list H.

  Inductive step := Empty (s : S) | Fill (s : S) (r : R).
  Definition place (o : step) : S := match o with Empty s | Fill s _ => s end.

  (** A step is possible if there is something to stop, or room to start in. *)
  Definition possible (p : placement S R) (o : step) : Prop :=
    match o with Empty s => p s <> None | Fill s _ => p s = None end.
  Definition do (p : placement S R) (o : step) : placement S R :=
    fun s => if dec (place o) s then match o with Empty _ => None | Fill _ r => Some r end else p s.
  Definition run (l : list step) (p : placement S R) : placement S R := fold_left do l p.

  Fixpoint runs (l : list step) (p : placement S R) : Prop :=
    match l with [] => True | o :: l => possible p o /\ runs l (do p o) end.

  (** No two slots hold one resource. *)
  Definition sound (p : placement S R) : Prop :=
    forall s t, s <> t -> clash holds (p s) (p t) = false.

  (** A run is safe if it is sound at every prefix: that is where a crash or a slow device may leave it. *)
  Definition safe (l : list step) (p : placement S R) : Prop :=
    forall m n, l = m ++ n -> sound (run m p).

  (** The steps of an action, and the order: everything that must stop stops before anything starts. *)
  Definition stops (a : action S R) : list step :=
    match a with Stop s _ | Replace s _ _ => [Empty s] | Start _ _ => [] end.
  Definition starts (a : action S R) : list step :=
    match a with Start s r | Replace s _ r => [Fill s r] | Stop _ _ => [] end.
  Definition order (l : list (action S R)) : list step := flat_map stops l ++ flat_map starts l.

  (** ** Any order that keeps coupled slots apart *)

  (** The steps that lead from [have] to [want], in some order, each once. *)
  Definition steps_of (want have : placement S R) (l : list step) : Prop :=
    NoDup l /\
    (forall s, In (Empty s) l <-> have s <> None /\ want s <> have s) /\
    (forall s r, In (Fill s r) l <-> want s = Some r /\ want s <> have s).

  (** A slot stops before it is filled again; and where what fills a slot needs a resource that
      another slot gives up, that slot stops first. Slots that are not coupled never wait. *)
  Definition waits (want have : placement S R) (l : list step) : Prop :=
    forall m n s r, l = m ++ Fill s r :: n ->
      forall t, In (Empty t) l -> t = s \/ clash holds (have t) (Some r) = true -> In (Empty t) m.

  Lemma run_app m n p : run (m ++ n) p = run n (run m p).
  Proof. apply fold_left_app. Qed.

  Lemma run_elsewhere m : forall p s, ~ In s (map place m) -> run m p s = p s.
  Proof.
    induction m as [|o m IH]; intros p s N; [reflexivity|]. simpl in *.
    rewrite IH by tauto. unfold do. destruct (dec (place o) s); [tauto|reflexivity].
  Qed.

  (** What a slot holds at a prefix: what it held, nothing, or what it shall hold. *)
  Lemma prefix_holds want have l m n s :
    steps_of want have l -> waits want have l -> l = m ++ n ->
    (run m have s = have s /\ ~ In (Empty s) m /\ (forall r, ~ In (Fill s r) m)) \/
    (run m have s = None /\ (forall r, ~ In (Fill s r) m)) \/
    (exists r, In (Fill s r) m /\ want s = Some r /\ run m have s = Some r).
  Proof.
    intros (U & E & F) W L.
    revert n L. induction m as [|o m IH] using rev_ind; intros n L.
    - left. simpl. repeat split; auto; intros r [].
    - rewrite <- app_assoc in L. specialize (IH _ L). simpl in L.
      assert (Q : run (m ++ [o]) have s = do (run m have) o s) by (rewrite run_app; reflexivity).
      rewrite !Q. unfold do.
      destruct (dec (place o) s) as [P|P].
      + destruct o as [t|t r]; simpl in P; subst t.
        * right. left. split; [reflexivity|]. intros r I. apply in_app_iff in I as [I|[I|[]]]; [|discriminate].
          apply in_split in I as (m1 & m2 & ->).
          assert (J : In (Empty s) m1).
          { apply (W m1 (m2 ++ Empty s :: n) s r).
            - rewrite L, <- app_assoc. reflexivity.
            - rewrite L. apply in_app_iff. right. now left.
            - now left. }
          rewrite L in U. apply NoDup_remove_2 in U. apply U.
          rewrite !in_app_iff. left. now left.
        * right. right. exists r. rewrite in_app_iff. split; [right; now left|]. split; [|reflexivity].
          apply F. rewrite L. apply in_app_iff. right. now left.
      + assert (NE : o <> Empty s) by (intros ->; now apply P).
        assert (NF : forall r, o <> Fill s r) by (intros r ->; now apply P).
        destruct IH as [(A & B & C)|[(A & B)|(r & A & B & C)]].
        * left. split; [assumption|]. split.
          -- rewrite in_app_iff. intros [I|[I|[]]]; [contradiction | now apply NE].
          -- intros r. rewrite in_app_iff. intros [I|[I|[]]]; [now apply (C r) | now apply (NF r)].
        * right. left. split; [assumption|]. intros r. rewrite in_app_iff.
          intros [I|[I|[]]]; [now apply (B r) | now apply (NF r)].
        * right. right. exists r. rewrite in_app_iff. auto.
  Qed.

  (** Every such order is safe at every prefix, *)
  Theorem waiting_is_safe : forall want have l, sound have -> sound want ->
    steps_of want have l -> waits want have l -> safe l have.
  Proof.
    intros want have l SH SW ST W m n L s t N.
    assert (X : forall x y, In (Empty y) m \/ want y = have y \/ have y = None \/ clash holds (have y) (want x) = false ->
                True) by trivial. clear X.
    assert (K : forall x y r, x <> y -> In (Fill x r) m -> want x = Some r ->
                run m have y = have y -> ~ In (Empty y) m -> clash holds (Some r) (have y) = false).
    { intros x y r D I V Y NE. destruct (clash holds (Some r) (have y)) eqn:C; [|reflexivity]. exfalso.
      destruct (dec (want y) (have y)) as [Q|Q].
      - rewrite <- V, <- Q, (SW x y D) in C. discriminate.
      - assert (J : In (Empty y) l).
        { apply (proj1 (proj2 ST)). split; [|assumption]. intros Z. rewrite Z in C. discriminate. }
        apply in_split in I as (m1 & m2 & ->). apply NE. apply in_app_iff. left.
        apply (W m1 (m2 ++ n) x r).
        + now rewrite L, <- app_assoc.
        + assumption.
        + right. now rewrite clash_sym. }
    destruct (prefix_holds want have l m n s ST W L) as [(A & B & C)|[(A & B)|(r & A & B & C)]];
    destruct (prefix_holds want have l m n t ST W L) as [(A' & B' & C')|[(A' & B')|(r' & A' & B' & C')]].
    - rewrite A, A'. now apply SH.
    - rewrite A'. now destruct (run m have s).
    - rewrite C'. rewrite clash_sym, A. apply (K t s r'); auto.
    - now rewrite A.
    - now rewrite A.
    - now rewrite A.
    - rewrite C, A'. apply (K s t r); auto.
    - rewrite A'. now destruct (run m have s).
    - rewrite C, C', <- B, <- B'. now apply SW.
  Qed.

  (** possible at every step, *)
  Theorem waiting_is_possible : forall want have l,
    steps_of want have l -> waits want have l -> runs l have.
  Proof.
    intros want have l ST W.
    assert (G : forall n m, l = m ++ n -> runs n (run m have)).
    2: { now apply (G l []). }
    induction n as [|o n IH]; intros m L; [exact I|]. split.
    - destruct (prefix_holds want have l m (o :: n) (place o) ST W L) as [(A & B & C)|[(A & B)|(r & A & B & C)]];
      destruct ST as (U & E & F); assert (O : In o l) by (rewrite L; apply in_app_iff; right; now left);
      destruct o as [s|s r']; simpl in *.
      + rewrite A. now apply E.
      + destruct (have s) as [q|] eqn:Q; [|assumption]. exfalso. apply B.
        apply (W m n s r' L s); [|now left]. apply E. apply F in O. split; [congruence | tauto].
      + exfalso. (* stopped twice, or never filled: no *)
        assert (J : In (Empty s) m \/ run m have s = have s).
        { destruct (in_dec dec s (map place m)) as [J|J]; [left | right; now apply run_elsewhere].
          apply in_map_iff in J as ([x|x q] & <- & J); [assumption | exfalso; now apply (B q)]. }
        destruct J as [J|J].
        * rewrite L in U. apply NoDup_remove_2 in U. apply U. apply in_app_iff. now left.
        * apply E in O as [O _]. rewrite A in J. congruence.
      + assumption.
      + rewrite C. discriminate.
      + exfalso. apply F in O as [O _]. rewrite B in O. injection O as ->.
        rewrite L in U. apply NoDup_remove_2 in U. apply U. apply in_app_iff. now left.
    - change (do (run m have) o) with (run [o] (run m have)). rewrite <- run_app. apply IH.
      now rewrite <- app_assoc.
  Qed.

  (** and arrives. *)
  Theorem waiting_arrives : forall want have l,
    steps_of want have l -> waits want have l -> forall s, run l have s = want s.
  Proof.
    intros want have l ST W s.
    destruct (prefix_holds want have l l [] s ST W (eq_sym (app_nil_r l))) as [(A & B & C)|[(A & B)|(r & A & B & C)]];
      destruct ST as (U & E & F).
    - rewrite A. destruct (dec (want s) (have s)) as [|D]; [congruence|]. exfalso.
      destruct (have s) as [o|] eqn:Q.
      + apply B, E. rewrite Q. split; [discriminate | assumption].
      + destruct (want s) as [r|] eqn:V; [|congruence]. apply (C r), F. rewrite V, Q. now split.
    - rewrite A. destruct (want s) as [r|] eqn:V; [|reflexivity]. exfalso.
      destruct (dec (want s) (have s)) as [D|D].
      + assert (N : ~ In s (map place l)).
        { intros J. apply in_map_iff in J as ([x|x q] & <- & J); simpl in *.
          - apply E in J. tauto.
          - apply F in J. tauto. }
        rewrite (run_elsewhere l have s N), <- D, V in A. discriminate.
      + apply (B r), F. rewrite V in *. now split.
    - congruence.
  Qed.

  (** ** The order of the planner is one of them *)

  Lemma in_stops l s : In (Empty s) (flat_map stops l) <-> exists a, In a l /\ target a = s /\ finds a <> None.
  Proof.
    rewrite in_flat_map. split.
    - intros (a & I & J). exists a. destruct a; simpl in J; (destruct J as [[= ->]|[]] || destruct J);
        repeat split; auto; discriminate.
    - intros (a & I & <- & N). exists a. split; [assumption|]. destruct a; simpl in *; auto; congruence.
  Qed.

  Lemma in_starts l s r : In (Fill s r) (flat_map starts l) <-> exists a, In a l /\ target a = s /\ leaves a = Some r.
  Proof.
    rewrite in_flat_map. split.
    - intros (a & I & J). exists a. destruct a; simpl in J; (destruct J as [[= -> ->]|[]] || destruct J); auto.
    - intros (a & I & <- & E). exists a. split; [assumption|]. destruct a; simpl in *; try discriminate;
        injection E as ->; auto.
  Qed.

  Lemma in_stops_only l o : In o (flat_map stops l) -> exists s, o = Empty s.
  Proof. rewrite in_flat_map. intros (a & _ & I). destruct a; simpl in I; intuition; eauto. Qed.

  Lemma in_starts_only l o : In o (flat_map starts l) -> exists s r, o = Fill s r.
  Proof. rewrite in_flat_map. intros (a & _ & I). destruct a; simpl in I; intuition; eauto. Qed.

  Lemma order_steps want have : NoDup slots -> (forall s, want s <> have s -> In s slots) ->
    steps_of want have (order (diff slots want have)).
  Proof.
    intros U C. assert (T := diff_targets_unique slots want have U). unfold steps_of, order.
    refine (conj _ (conj (fun s => conj _ _) (fun s r => conj _ _))).
    - apply NoDup_app'.
      + revert T. generalize (diff slots want have) as l. induction l as [|a l IH]; intros T; [constructor|].
        inversion T as [|? ? N T']; subst. simpl. specialize (IH T').
        assert (Q : ~ In (Empty (target a)) (flat_map stops l)).
        { intros I. apply in_stops in I as (b & I & E & _). apply N. rewrite <- E. now apply in_map. }
        destruct a; simpl in *; try assumption; now constructor.
      + revert T. generalize (diff slots want have) as l. induction l as [|a l IH]; intros T; [constructor|].
        inversion T as [|? ? N T']; subst. simpl. specialize (IH T').
        assert (Q : forall r, ~ In (Fill (target a) r) (flat_map starts l)).
        { intros r I. apply in_starts in I as (b & I & E & _). apply N. rewrite <- E. now apply in_map. }
        destruct a; simpl in *; try assumption; now constructor.
      + intros o I J. apply in_stops_only in I as (s & ->). apply in_starts_only in J as (t & r & [=]).
    - intros I. apply in_app_iff in I as [I|I]; [|apply in_starts_only in I as (t & r & [=])].
      apply in_stops in I as (a & I & <- & N). apply diff_exact in I as (_ & <- & _ & D). now split.
    - intros (N & D). apply in_app_iff. left. apply in_stops.
      assert (I : In s (map target (diff slots want have))).
      { rewrite diff_ordered. apply filter_In. split; [now apply C|]. now apply negb_true_iff, eqb_false. }
      apply in_map_iff in I as (a & <- & I). exists a. split; [assumption|]. split; [reflexivity|].
      apply diff_exact in I as (_ & -> & _). assumption.
    - intros I. apply in_app_iff in I as [I|I]; [apply in_stops_only in I as (t & [=])|].
      apply in_starts in I as (a & I & <- & E). apply diff_exact in I as (_ & _ & <- & D). now split.
    - intros (V & D). apply in_app_iff. right. apply in_starts.
      assert (I : In s (map target (diff slots want have))).
      { rewrite diff_ordered. apply filter_In. split; [now apply C|]. now apply negb_true_iff, eqb_false. }
      apply in_map_iff in I as (a & <- & I). exists a. split; [assumption|]. split; [reflexivity|].
      apply diff_exact in I as (_ & _ & -> & _). assumption.
  Qed.

  Lemma order_waits want have : waits want have (order (diff slots want have)).
  Proof.
    intros m n s r L t I _. unfold order in L.
    assert (J : In (Empty t) (flat_map stops (diff slots want have))).
    { unfold order in I. apply in_app_iff in I as [I|I]; [assumption|]. apply in_starts_only in I as (? & ? & [=]). }
    clear I. revert m L J. generalize (flat_map starts (diff slots want have)) as q.
    assert (K : forall o, In o (flat_map stops (diff slots want have)) -> exists s, o = Empty s)
      by (intros o; apply in_stops_only).
    revert K. generalize (flat_map stops (diff slots want have)) as p.
    induction p as [|o p IH]; intros K q m L J; [destruct J|].
    destruct m as [|o' m]; simpl in L; injection L as -> L.
    - destruct (K (Fill s r)) as (? & [=]). now left.
    - destruct J as [->|J]; [now left|]. right. apply (IH (fun o Ho => K o (or_intror Ho)) q m L J).
  Qed.

  (** Stop, then start: safe at every prefix, possible at every step, and it arrives. *)
  Theorem order_is_safe : forall want have, NoDup slots -> (forall s, want s <> have s -> In s slots) ->
    sound have -> sound want ->
    let l := order (diff slots want have) in
    safe l have /\ runs l have /\ forall s, run l have s = want s.
  Proof.
    intros want have U C SH SW l.
    assert (A := order_steps want have U C). assert (B := order_waits want have).
    split; [|split].
    - now apply (waiting_is_safe want).
    - now apply (waiting_is_possible want).
    - now apply waiting_arrives.
  Qed.

  (** And it is minimal: every possible run that arrives stops each slot that this one stops and
      fills each that this one fills, as this one does; so none has fewer steps. *)
  Lemma must_fill l : forall p s r, run l p s = Some r -> p s <> Some r -> In (Fill s r) l.
  Proof.
    induction l as [|o l IH]; intros p s r E D; [simpl in E; congruence|]. simpl in E.
    destruct (dec (do p o s) (Some r)) as [Q|Q].
    - left. unfold do in Q. destruct (dec (place o) s) as [<-|]; [|congruence].
      destruct o; simpl in *; congruence.
    - right. now apply (IH (do p o)).
  Qed.

  Lemma must_empty l : forall p s, runs l p -> p s <> None -> run l p s <> p s -> In (Empty s) l.
  Proof.
    induction l as [|o l IH]; intros p s V N D; [simpl in D; congruence|]. destruct V as [V W].
    destruct (dec (do p o s) (p s)) as [Q|Q].
    - right. apply (IH (do p o)); [assumption | congruence | now rewrite Q].
    - left. unfold do in Q. destruct (dec (place o) s) as [<-|]; [|congruence].
      destruct o as [t|t r]; [reflexivity | simpl in *; congruence].
  Qed.

  Theorem order_is_minimal : forall want have l, NoDup slots -> (forall s, want s <> have s -> In s slots) ->
    runs l have -> (forall s, run l have s = want s) ->
    incl (order (diff slots want have)) l /\ length (order (diff slots want have)) <= length l.
  Proof.
    intros want have l U C V A. destruct (order_steps want have U C) as (N & E & F).
    assert (I : incl (order (diff slots want have)) l).
    { intros [s|s r] J.
      - apply E in J as [J D]. apply (must_empty l have s V J). now rewrite A.
      - apply F in J as [J D]. apply (must_fill l have s r); [now rewrite A | congruence]. }
    split; [assumption | now apply NoDup_incl_length].
  Qed.

  (** ** A checker: the oracle tells safe runs from others *)

  Definition soundb (p : placement S R) : bool :=
    forallb (fun s => forallb (fun t => eqb s t || negb (clash holds (p s) (p t))) slots) slots.

  Definition possibleb (p : placement S R) (o : step) : bool :=
    match o, p (place o) with
    | Empty _, Some _ | Fill _ _, None => true
    | _, _ => false
    end.

  Fixpoint check (l : list step) (p : placement S R) : bool :=
    soundb p &&
    match l with
    | [] => true
    | o :: l =>
        possibleb p o && check l (do p o)
    end.

  Lemma soundb_spec p : (forall s, p s <> None -> In s slots) -> (soundb p = true <-> sound p).
  Proof.
    intros C. unfold soundb, sound. rewrite forallb_forall. split.
    - intros A s t N. destruct (clash holds (p s) (p t)) eqn:Q; [|reflexivity]. exfalso.
      assert (Is : In s slots) by (apply C; intros Z; rewrite Z in Q; discriminate).
      assert (It : In t slots) by (apply C; intros Z; rewrite Z in Q; destruct (p s); discriminate).
      specialize (A s Is). rewrite forallb_forall in A. specialize (A t It).
      rewrite Q, orb_false_r in A. apply eqb_true in A. contradiction.
    - intros A s Is. rewrite forallb_forall. intros t It.
      destruct (dec s t) as [->|N]; [now rewrite eqb_refl|].
      rewrite (A s t N). now rewrite orb_true_r.
  Qed.

  Theorem check_exact : forall l p, (forall s, p s <> None -> In s slots) -> (forall o, In o l -> In (place o) slots) ->
    check l p = true <-> runs l p /\ safe l p.
  Proof.
    induction l as [|o l IH]; intros p C K; cbn [check runs].
    - rewrite andb_true_r, (soundb_spec p C). split.
      + intros A. split; [exact I|]. intros m n L. symmetry in L. apply app_eq_nil in L as [-> ->]. exact A.
      + intros [_ A]. exact (A [] [] eq_refl).
    - assert (C' : forall s, do p o s <> None -> In s slots).
      { intros s N. unfold do in N. destruct (dec (place o) s) as [<-|]; [apply K; now left | now apply C]. }
      assert (K' : forall x, In x l -> In (place x) slots) by (intros x Hx; apply K; now right).
      specialize (IH (do p o) C' K').
      rewrite andb_true_iff, (soundb_spec p C).
      assert (P : possibleb p o = true <-> possible p o).
      { unfold possible, possibleb. destruct o; simpl; destruct (p _); intuition congruence. }
      rewrite andb_true_iff, P, IH. split.
      + intros (A & B & V & W). split; [now split|]. intros [|x m] n L; [exact A|].
        injection L as <- L. simpl. now apply (W m n).
      + intros ((B & V) & W). split; [exact (W [] _ eq_refl)|]. split; [assumption|]. split; [assumption|].
        intros m n ->. exact (W (o :: m) n eq_refl).
  Qed.
End Order.

(** Two slots that exchange ports: both ways of replacing one and then the other in place pass
    through a state in which one port has two holders. *)
Theorem swap_unsafe : exists (have want : placement bool nat),
  let hold (r : nat) := [r] in
  let first := fun s : bool => if s then want s else have s in
  let other := fun s : bool => if s then have s else want s in
  sound hold have /\ sound hold want /\ ~ sound hold first /\ ~ sound hold other.
Proof.
  exists (fun s : bool => Some (if s then 0 else 1)), (fun s : bool => Some (if s then 1 else 0)).
  cbv zeta. split; [|split; [|split]].
  - intros [|] [|] N; try congruence; reflexivity.
  - intros [|] [|] N; try congruence; reflexivity.
  - intros A. assert (E := A true false ltac:(discriminate)). discriminate E.
  - intros A. assert (E := A true false ltac:(discriminate)). discriminate E.
Qed.
