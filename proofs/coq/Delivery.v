(** How a desired state reaches a device, whatever the bus and the device do on the way.

    The step function below is that of the agent, as far as desired states go: what it has
    accepted, the newest generation it ever accepted, what is being saved, and what came in
    meanwhile. The network may lose, repeat and reorder; a save may fail; the agent may crash,
    with its save done or not; what is on disk may have become unreadable. *)

From Coq Require Import List Bool Arith NArith Lia.
From Muster Require Import Sets.
Import ListNotations.
Open Scope N_scope.

Section Delivery.
  Context {B : Type} `{Dec B}.

  Record set := Set_ { generation : N; content : B }.

  #[export] Instance dec_set : Dec set.
  Proof. intros [g b] [g' b']. destruct (N.eq_dec g g'), (dec b b'); [left; congruence | right; congruence ..]. Defined.

  Record agent := Agent {
    accepted : option set;
    floor : N;                (* the newest generation ever accepted *)
    writing : option set;     (* being saved *)
    queued : option set;      (* to be saved next *)
  }.

  Inductive event :=
  | Offer (genuine : bool) (m : set)  (* genuine: signed by a trusted key, for this device, unchanged *)
  | Saved (ok : bool)                 (* the save under way ended *)
  | Crash (done readable : bool).     (* restart: was the save done, can the disk be read? *)

  Definition new_agent : agent := Agent None 0 None None.

  Definition gen (m : option set) : N := match m with Some m => generation m | None => 0 end.

  Definition newest (a : agent) : option set :=
    match queued a with
    | Some m => Some m
    | None => match writing a with Some m => Some m | None => accepted a end
    end.

  (** An offer is news if it is newer than all that is known; or, if what was accepted can no
      longer be read, at least as new as that was. *)
  Definition is_news (a : agent) (m : set) : bool :=
    let have := N.max (floor a) (gen (newest a)) in
    negb (eqb (newest a) (Some m)) &&
    ((have <? generation m) || (generation m =? have) && negb (gen (newest a) =? have)).

  Definition deliver (a : agent) (e : event) : agent :=
    match e with
    | Offer genuine m =>
        if genuine && is_news a m then
          match writing a with
          | None => Agent (accepted a) (floor a) (Some m) None
          | Some _ => Agent (accepted a) (floor a) (writing a) (Some m)
          end
        else a
    | Saved ok =>
        match writing a with
        | None => a
        | Some m =>
            if ok then Agent (Some m) (N.max (floor a) (generation m)) (queued a) None
            else Agent (accepted a) (floor a) (queued a) None
        end
    | Crash done readable =>
        let disk := match writing a with Some m => if done then Some m else accepted a | None => accepted a end in
        Agent (if readable then disk else None) (N.max (floor a) (gen disk)) None None
    end.

  Definition run (l : list event) (a : agent) : agent := fold_left deliver l a.

  Lemma run_app l m a : run (l ++ m) a = run m (run l a).
  Proof. apply fold_left_app. Qed.

  (** ** Safety *)

  (** Generations only grow from what is accepted to what is queued. *)
  Definition ordered (a : agent) : Prop :=
    (forall m, accepted a = Some m -> generation m = floor a) /\
    (forall m, writing a = Some m -> floor a <= generation m /\ (accepted a <> None -> floor a < generation m)) /\
    (forall m q, writing a = Some m -> queued a = Some q -> generation m < generation q) /\
    (writing a = None -> queued a = None).

  Lemma new_ordered : ordered new_agent.
  Proof. unfold ordered. simpl. repeat split; intros; try discriminate; reflexivity. Qed.

  Ltac bools := repeat rewrite ?andb_true_iff, ?orb_true_iff, ?negb_true_iff, ?N.ltb_lt, ?N.eqb_eq, ?N.eqb_neq in *.

  Lemma step_ordered a e : ordered a -> ordered (deliver a e).
  Proof.
    intros (O1 & O2 & O3 & O4). destruct a as [acc fl wr qu]; simpl in *.
    destruct e as [gn m|ok|dn rd]; unfold ordered; simpl.
    - destruct (gn && is_news _ m) eqn:E; [|simpl; auto].
      apply andb_true_iff in E as [_ E]. unfold is_news, newest in E; simpl in E. bools.
      destruct E as [_ E]. destruct wr as [w|]; simpl in *.
      + split; [exact O1|]. split; [exact O2|]. split; [|discriminate].
        intros x q [= <-] [= <-]. destruct (O2 w eq_refl) as [L _]. destruct qu as [q'|]; simpl in *.
        * assert (X := O3 w q' eq_refl eq_refl). lia.
        * lia.
      + rewrite (O4 eq_refl) in *. simpl in *.
        split; [exact O1|]. split; [|split; [discriminate | reflexivity]].
        intros x [= <-]. destruct acc as [x|]; simpl in *.
        * specialize (O1 x eq_refl). split; [lia | intros _; lia].
        * split; [lia | intros N; congruence].
    - destruct wr as [w|]; simpl in *; [|repeat split; auto; intros; discriminate].
      destruct (O2 w eq_refl) as [L L'].
      assert (Q : forall q, qu = Some q -> generation w < generation q) by (intros q ->; now apply (O3 w q)).
      destruct ok; simpl.
      + split; [intros x [= <-]; lia|]. split; [|split; [discriminate | reflexivity]].
        intros x ->. specialize (Q x eq_refl). split; [lia | intros _; lia].
      + split; [exact O1|]. split; [|split; [discriminate | reflexivity]].
        intros x ->. specialize (Q x eq_refl). split; [lia|]. intros A. specialize (L' A). lia.
    - split; [|split; [discriminate | split; [discriminate | reflexivity]]].
      intros x E. destruct rd; [|discriminate]. destruct wr as [w|]; [destruct dn|]; subst; simpl in *.
      + injection E as ->. destruct (O2 x eq_refl). lia.
      + specialize (O1 x eq_refl). lia.
      + specialize (O1 x eq_refl). lia.
  Qed.

  Lemma run_ordered l : forall a, ordered a -> ordered (run l a).
  Proof. induction l as [|e l IH]; intros a O; [assumption|]. apply IH. now apply step_ordered. Qed.

  Lemma step_floor a e : floor a <= floor (deliver a e).
  Proof.
    destruct e as [gn m|ok|dn rd]; simpl.
    - destruct (gn && is_news a m); [destruct (writing a)|]; simpl; lia.
    - destruct (writing a); [destruct ok|]; simpl; lia.
    - lia.
  Qed.

  Lemma run_floor l : forall a, floor a <= floor (run l a).
  Proof.
    induction l as [|e l IH]; intros a; [simpl; lia|].
    apply N.le_trans with (floor (deliver a e)); [apply step_floor | apply IH].
  Qed.

  (** A stale generation never wins: whatever happens, what is accepted later is at least as new as
      all that was accepted before, crashes and unreadable disks included. *)
  Theorem stale_never_wins : forall before after m n,
    accepted (run before new_agent) = Some m ->
    accepted (run (before ++ after) new_agent) = Some n ->
    generation m <= generation n.
  Proof.
    intros before after m n A E. rewrite run_app in E.
    destruct (run_ordered before _ new_ordered) as (O & _).
    destruct (run_ordered after _ (run_ordered before _ new_ordered)) as (O' & _).
    rewrite (O m A), (O' n E). apply run_floor.
  Qed.

  (** Nothing is accepted that was not offered, and genuine: a hub cannot place work. *)
  Definition offered (l : list event) (m : set) : Prop := In (Offer true m) l.

  Theorem accepted_was_offered : forall l m,
    accepted (run l new_agent) = Some m -> offered l m.
  Proof.
    assert (G : forall l, let a := run l new_agent in
      forall m, (accepted a = Some m \/ writing a = Some m \/ queued a = Some m) -> offered l m).
    { induction l as [|e l IH] using rev_ind; intros a m E.
      - simpl in E. destruct E as [E|[E|E]]; discriminate.
      - assert (P : forall x, offered l x -> offered (l ++ [e]) x).
        { intros x I. unfold offered. apply in_app_iff. now left. }
        unfold a in E. rewrite run_app in E. simpl in E. simpl in IH.
        destruct e as [gn x|ok|dn rd]; simpl in E.
        + destruct (gn && is_news _ x) eqn:F; [|apply P, IH, E].
          apply andb_true_iff in F as [-> _].
          destruct (writing (run l new_agent)) as [w|] eqn:W; simpl in E.
          * destruct E as [E|[E|E]].
            -- apply P, IH. now left.
            -- apply P, IH. right. left. congruence.
            -- injection E as ->. unfold offered. apply in_app_iff. right. now left.
          * destruct E as [E|[E|E]].
            -- apply P, IH. now left.
            -- injection E as ->. unfold offered. apply in_app_iff. right. now left.
            -- discriminate.
        + destruct (writing (run l new_agent)) as [w|] eqn:W; [|rewrite W in E; apply P, IH, E].
          destruct ok; simpl in E; apply P, IH.
          * destruct E as [E|[E|E]]; [right; left; congruence | now right; right | discriminate].
          * destruct E as [E|[E|E]]; [now left | now right; right | discriminate].
        + apply P, IH. destruct E as [E|[E|E]]; [|discriminate | discriminate].
          destruct rd; [|discriminate].
          destruct (writing (run l new_agent)) as [w|] eqn:W; [destruct dn|]; auto. }
    intros l m E. apply (G l m). now left.
  Qed.

  (** An absence stops nothing: without an offer, what is accepted stays what it was. *)
  Theorem silence_changes_nothing : forall l a, ordered a -> writing a = None ->
    Forall (fun e => match e with Offer g _ => g = false | Saved _ => True | Crash _ r => r = true end) l ->
    accepted (run l a) = accepted a.
  Proof.
    induction l as [|e l IH]; intros a O W F; [reflexivity|].
    inversion F as [|? ? E F']; subst. simpl.
    destruct e as [g m|ok|dn rd]; subst; simpl.
    - now apply IH.
    - rewrite W. now apply IH.
    - rewrite W. rewrite IH; [reflexivity | | reflexivity | assumption].
      assert (X := step_ordered a (Crash dn true) O). simpl in X. now rewrite W in X.
  Qed.

  (** ** Liveness *)

  (** The publisher numbers its sets: the last one, [m], is newer than every other genuine one. *)
  Definition last_of (m : set) (l : list event) : Prop :=
    forall x, offered l x -> x = m \/ generation x < generation m.

  Definition bounded (m : set) (a : agent) : Prop :=
    floor a <= generation m /\
    (forall x, (accepted a = Some x \/ writing a = Some x \/ queued a = Some x) ->
       x = m \/ generation x < generation m).

  Lemma step_bounded m a e : ordered a -> bounded m a ->
    (forall x, e = Offer true x -> x = m \/ generation x < generation m) -> bounded m (deliver a e).
  Proof.
    intros O (F & X) E. destruct a as [acc fl wr qu]; simpl in *.
    assert (LE : forall x, (x = m \/ generation x < generation m) -> generation x <= generation m).
    { intros x [->|L]; lia. }
    destruct e as [gn y|ok|dn rd]; unfold bounded; simpl.
    - destruct gn; simpl; [|split; auto]. destruct (is_news _ y); [|split; auto].
      specialize (E y eq_refl). destruct wr as [w|]; simpl; (split; [assumption|]);
        intros x [Z|[Z|Z]]; try (apply X; auto; fail); try discriminate; injection Z as <-; assumption.
    - destruct wr as [w|]; simpl; [|split; auto].
      assert (W := X w (or_intror (or_introl eq_refl))). specialize (LE w W).
      destruct ok; simpl; split; try lia; intros x [Z|[Z|Z]]; try discriminate; auto.
    - split.
      + destruct wr as [w|]; [destruct dn|]; simpl.
        * assert (W := LE w (X w (or_intror (or_introl eq_refl)))). lia.
        * destruct acc as [x|]; simpl; [|lia]. assert (W := LE x (X x (or_introl eq_refl))). lia.
        * destruct acc as [x|]; simpl; [|lia]. assert (W := LE x (X x (or_introl eq_refl))). lia.
      + intros x [Z|[Z|Z]]; try discriminate. destruct rd; [|discriminate].
        destruct wr as [w|]; [destruct dn|]; apply X; auto.
  Qed.

  Lemma run_bounded m l : forall a, ordered a -> bounded m a -> last_of m l -> bounded m (run l a).
  Proof.
    induction l as [|e l IH]; intros a O Bd L; [assumption|]. apply IH.
    - now apply step_ordered.
    - apply step_bounded; auto. intros x ->. apply L. now left.
    - intros x I. apply L. now right.
  Qed.

  (** Calm: saves end well and nothing crashes; old sets and forgeries may still come in. *)
  Definition calm (e : event) : Prop :=
    match e with Offer _ _ => True | Saved ok => ok = true | Crash _ _ => False end.

  (** m is on its way: it is the newest known. *)
  Definition coming (m : set) (a : agent) : Prop := newest a = Some m.

  Lemma coming_stays m a e : ordered a -> bounded m a -> coming m a -> calm e ->
    (forall x, e = Offer true x -> x = m \/ generation x < generation m) -> coming m (deliver a e).
  Proof.
    intros O (F & X) C K E. unfold coming in *. destruct a as [acc fl wr qu]; unfold newest in *; simpl in *.
    destruct e as [gn y|ok|dn rd]; simpl in *; [| |contradiction].
    - destruct gn; simpl; [|assumption]. unfold is_news, newest; simpl. rewrite C. simpl.
      destruct (E y eq_refl) as [->|L]; [now rewrite eqb_refl|].
      assert (V : (N.max fl (generation m) <? generation y) = false) by (apply N.ltb_ge; lia).
      assert (U : (generation y =? N.max fl (generation m)) = false) by (apply N.eqb_neq; lia).
      rewrite V, U. simpl. now rewrite andb_false_r.
    - subst ok. destruct wr as [w|]; simpl; [|assumption]. now destruct qu.
  Qed.

  Definition saves (l : list event) : nat :=
    length (filter (fun e => match e with Saved true => true | _ => false end) l).

  (** How many saves m still needs. *)
  Definition needs (a : agent) : nat :=
    match queued a, writing a with Some _, _ => 2 | None, Some _ => 1 | None, None => 0 end.

  Lemma arrives_after l : forall m a, ordered a -> bounded m a -> coming m a -> Forall calm l -> last_of m l ->
    (needs a <= saves l)%nat -> accepted (run l a) = Some m.
  Proof.
    induction l as [|e l IH]; intros m a O Bd C K L S.
    - unfold saves in S. simpl in S. unfold coming, newest, needs in *. simpl.
      destruct (queued a), (writing a); try (exfalso; lia). assumption.
    - inversion K as [|? ? Ke Kl]; subst.
      assert (E : forall x, e = Offer true x -> x = m \/ generation x < generation m)
        by (intros x ->; apply L; now left).
      simpl. apply IH; auto.
      + now apply step_ordered.
      + now apply step_bounded.
      + now apply coming_stays.
      + intros x I. apply L. now right.
      + destruct e as [gn y|ok|dn rd]; simpl in Ke; [| |contradiction].
        * unfold saves in *. simpl in S. simpl. destruct gn; simpl; [|assumption].
          assert (Q : is_news a y = false).
          { unfold is_news. rewrite C. simpl. destruct (E y eq_refl) as [->|G]; [now rewrite eqb_refl|].
            assert (V : (N.max (floor a) (generation m) <? generation y) = false) by (apply N.ltb_ge; lia).
            assert (U : (generation y =? N.max (floor a) (generation m)) = false) by (apply N.eqb_neq; lia).
            rewrite V, U. simpl. now rewrite andb_false_r. }
          now rewrite Q.
        * subst ok. unfold saves in *. simpl in S. simpl. unfold needs in *.
          destruct O as (_ & _ & _ & O4).
          revert S O4. destruct (writing a) as [w|] eqn:W; simpl.
          -- destruct (queued a); simpl; intros; lia.
          -- intros S O4. rewrite (O4 eq_refl), W. lia.
  Qed.

  Lemma offer_coming m a : 0 < generation m -> ordered a -> bounded m a -> coming m (deliver a (Offer true m)).
  Proof.
    intros P (O1 & O2 & O3 & O4) (F & X). unfold coming. simpl.
    destruct (is_news a m) eqn:N.
    - unfold newest. destruct (writing a) eqn:W; reflexivity.
    - unfold is_news in N. apply andb_false_iff in N as [N|N].
      + apply negb_false_iff, eqb_true in N. assumption.
      + apply orb_false_iff in N as [N M]. apply N.ltb_ge in N.
        assert (Y : forall x, newest a = Some x -> x = m \/ generation x < generation m).
        { intros x Q. unfold newest in Q. apply X. destruct (queued a); [|destruct (writing a)]; auto. }
        destruct (newest a) as [x|] eqn:Q; cbn [gen] in *.
        * destruct (Y x eq_refl) as [->|L]; [reflexivity|].
          assert (Z : floor a = generation m) by lia.
          assert (R : floor a <= generation x).
          { unfold newest in Q. destruct (queued a) as [q|] eqn:Qq.
            - injection Q as ->. destruct (writing a) as [w|] eqn:Qw; [|first [specialize (O4 Qw) | specialize (O4 eq_refl)]; congruence].
              destruct (O2 w eq_refl) as [L' _]. specialize (O3 w x eq_refl eq_refl). lia.
            - destruct (writing a) as [w|] eqn:Qw.
              + injection Q as ->. now apply O2.
              + rewrite (O1 x Q). lia. }
          lia.
        * apply andb_false_iff in M as [M|M].
          -- apply N.eqb_neq in M. lia.
          -- apply negb_false_iff, N.eqb_eq in M. lia.
  Qed.

  (** It converges: after any history at all, once faults end, one genuine offer of the last set that
      gets through, and two saves after it, put the last set in force. Retry makes such an offer
      happen, and whatever else comes in, before or after, old or forged, changes nothing. *)
  Theorem delivery_converges : forall m history meanwhile rest, 0 < generation m ->
    last_of m (history ++ meanwhile ++ Offer true m :: rest) ->
    Forall calm rest -> (2 <= saves rest)%nat ->
    accepted (run (history ++ meanwhile ++ Offer true m :: rest) new_agent) = Some m.
  Proof.
    intros m history meanwhile rest G L K S.
    rewrite app_assoc in *. rewrite run_app. cbn [run fold_left].
    set (a := run (history ++ meanwhile) new_agent).
    assert (O : ordered a) by apply run_ordered, new_ordered.
    assert (Bd : bounded m a).
    { apply run_bounded; [apply new_ordered | |].
      - split; simpl; [lia|]. intros x [E|[E|E]]; discriminate.
      - intros x I. apply L. apply in_app_iff. now left. }
    apply arrives_after.
    - now apply step_ordered.
    - apply step_bounded; auto. intros x [= <-]. now left.
    - now apply offer_coming.
    - assumption.
    - intros x I. apply L. apply in_app_iff. right. now right.
    - apply Nat.le_trans with 2%nat; [|assumption]. unfold needs.
      destruct (queued (deliver a (Offer true m))), (writing (deliver a (Offer true m))); lia.
  Qed.

  (** Retry over a link that loses: of any number of attempts one that gets through is enough. *)
  Definition attempts (m : set) (through : list bool) : list event :=
    map (fun t : bool => if t then Offer true m else Saved true) through.

  Theorem retry_is_enough : forall m history through, 0 < generation m ->
    last_of m history -> In true through ->
    accepted (run (history ++ attempts m through ++ [Saved true; Saved true]) new_agent) = Some m.
  Proof.
    intros m history through G L I. apply in_split in I as (p & q & ->).
    unfold attempts. rewrite map_app. simpl. rewrite <- !app_assoc. simpl.
    apply delivery_converges; auto.
    - intros x J. unfold offered in J. rewrite !in_app_iff in J. simpl in J. rewrite !in_app_iff in J.
      assert (T : forall l, In (Offer true x) (map (fun t : bool => if t then Offer true m else Saved true) l) -> x = m).
      { intros l J'. apply in_map_iff in J' as ([|] & J' & _); [now injection J' | discriminate]. }
      destruct J as [J|[J|[J|[J|J]]]].
      + now apply L.
      + left. now apply (T p).
      + injection J as ->. now left.
      + left. now apply (T q).
      + simpl in J. destruct J as [J|[J|[]]]; discriminate.
    - apply Forall_app. split; [|repeat constructor].
      apply Forall_forall. intros e J. apply in_map_iff in J as ([|] & <- & _); simpl; auto.
    - unfold saves. rewrite filter_app, app_length. simpl. lia.
  Qed.

  (** Neither order nor repetition matters: two histories of the same offers, once saved, agree. *)
  Theorem order_is_irrelevant : forall m l l', 0 < generation m ->
    last_of m l -> last_of m l' -> offered l m -> offered l' m -> Forall calm l -> Forall calm l' ->
    accepted (run (l ++ [Saved true; Saved true]) new_agent) =
    accepted (run (l' ++ [Saved true; Saved true]) new_agent).
  Proof.
    assert (G : forall m l, 0 < generation m -> last_of m l -> offered l m -> Forall calm l ->
                accepted (run (l ++ [Saved true; Saved true]) new_agent) = Some m).
    { intros m l P L I K. apply in_split in I as (p & q & ->).
      apply Forall_app in K as [_ K]. inversion K as [|? ? _ Kq]; subst.
      rewrite <- app_assoc. simpl. apply (delivery_converges m p [] (q ++ [Saved true; Saved true])); auto.
      - intros x J. unfold offered in J. simpl in J. rewrite in_app_iff in J. simpl in J. rewrite in_app_iff in J.
        apply L. unfold offered. rewrite in_app_iff. simpl.
        destruct J as [J|[J|[J|J]]]; auto. simpl in J. destruct J as [J|[J|[]]]; discriminate.
      - apply Forall_app. split; [assumption | repeat constructor].
      - unfold saves. rewrite filter_app, app_length. simpl. lia. }
    intros m l l' P L L' I I' K K'. now rewrite (G m l), (G m l').
  Qed.
End Delivery.
