(** Deciding selectors by finitely many devices.

    Labels have infinitely many values, but a selector compares a key with finitely many texts.
    So the values of a key fall into finitely many regions: absent, each text that is mentioned,
    and everything else. A selector is decided the same way on a whole region, and each region
    has a device in it: to try one device of each combination is to try them all. *)

From Coq Require Import List Bool ZArith Lia.
From Muster Require Import Sets Algebra.
Import ListNotations.

Section Texts.
  Context {K V : Type} `{Dec K} `{Dec V}.

  (** There is always another text. *)
  Variable fresh : list V -> V.
  Hypothesis fresh_is_new : forall l, ~ In (fresh l) l.

  Inductive text_atom := HasKey (k : K) | Is (k : K) (v : V) | OneOf (k : K) (vs : list V).

  Definition device := K -> option V.

  Definition holds_text (a : text_atom) (d : device) : bool :=
    match a with
    | HasKey k => match d k with Some _ => true | None => false end
    | Is k v => match d k with Some x => eqb x v | None => false end
    | OneOf k vs => match d k with Some x => mem x vs | None => false end
    end.

  Notation sel := (sel text_atom).

  Fixpoint atoms (s : sel) : list text_atom :=
    match s with
    | Atom a => [a]
    | Const _ => []
    | Not s => atoms s
    | And s t | Or s t | Minus s t | Xor s t => atoms s ++ atoms t
    end.

  Definition key_of (a : text_atom) : K := match a with HasKey k | Is k _ | OneOf k _ => k end.
  Definition texts_of (a : text_atom) : list V :=
    match a with HasKey _ => [] | Is _ v => [v] | OneOf _ vs => vs end.

  Definition keys (s : sel) : list K := nodup dec (map key_of (atoms s)).
  Definition texts (s : sel) (k : K) : list V :=
    nodup dec (flat_map (fun a => if dec (key_of a) k then texts_of a else []) (atoms s)).

  (** ** Regions *)

  (** The regions of a key, each by a value in it; and the region a value lies in. *)
  Definition regions (s : sel) (k : K) : list (option V) :=
    None :: Some (fresh (texts s k)) :: map Some (texts s k).

  Definition region (s : sel) (k : K) (v : option V) : option V :=
    match v with
    | None => None
    | Some x => if mem x (texts s k) then Some x else Some (fresh (texts s k))
    end.

  (** Every value is in exactly one region, and each region has its own value in it. *)
  Theorem regions_partition : forall s k,
    NoDup (regions s k) /\
    (forall v, In (region s k v) (regions s k)) /\
    (forall r, In r (regions s k) -> region s k r = r).
  Proof.
    intros s k. unfold regions. assert (U : NoDup (texts s k)) by apply NoDup_nodup.
    split; [|split].
    - constructor; [intros [E|I]; [discriminate | apply in_map_iff in I as (x & [=] & _)]|].
      constructor.
      + intros I. apply in_map_iff in I as (x & [= E] & I). apply (fresh_is_new (texts s k)). now rewrite <- E.
      + apply FinFun.Injective_map_NoDup; [intros x y [=]; assumption | assumption].
    - intros [x|]; simpl; [|now left]. destruct (mem x (texts s k)) eqn:M; [|right; now left].
      right. right. apply in_map. now apply mem_true.
    - intros r [<-|[<-|I]]; simpl; [reflexivity | |].
      + destruct (mem _ _) eqn:M; [|reflexivity]. reflexivity.
      + apply in_map_iff in I as (x & <- & I). simpl. apply mem_true in I. now rewrite I.
  Qed.

  Lemma holds_region s a d : In a (atoms s) ->
    holds_text a (fun k => region s k (d k)) = holds_text a d.
  Proof.
    intros I.
    assert (T : forall v, In v (texts_of a) -> In v (texts s (key_of a))).
    { intros v J. apply nodup_In, in_flat_map. exists a. split; [assumption|].
      destruct (dec (key_of a) (key_of a)); [assumption | congruence]. }
    assert (F := fresh_is_new (texts s (key_of a))).
    destruct a as [k|k v|k vs]; simpl in *; destruct (d k) as [x|]; simpl; try reflexivity;
      destruct (mem x (texts s k)) eqn:M; try reflexivity.
    - apply mem_false in M. rewrite (proj2 (eqb_false _ _)), (proj2 (eqb_false _ _)); [reflexivity | |].
      + intros ->. apply M, T. now left.
      + intros E. apply F. rewrite E. apply T. now left.
    - apply mem_false in M. rewrite (proj2 (mem_false _ _)), (proj2 (mem_false _ _)); [reflexivity | |].
      + intros J. now apply M, T.
      + intros J. now apply F, T.
  Qed.

  (** Sound: a selector is decided on a device as on the values of its regions. *)
  Lemma admits_region s t d : incl (atoms t) (atoms s) ->
    admits holds_text t (fun k => region s k (d k)) = admits holds_text t d.
  Proof.
    induction t as [a|b|t IH|t IHt u IHu|t IHt u IHu|t IHt u IHu|t IHt u IHu]; intros I; simpl in *;
      try (apply incl_app_inv in I as [It Iu]; now rewrite (IHt It), (IHu Iu)).
    - apply holds_region. apply I. now left.
    - reflexivity.
    - now rewrite IH.
  Qed.

  Theorem regions_sound : forall s d, admits holds_text s (fun k => region s k (d k)) = admits holds_text s d.
  Proof. intros. apply admits_region, incl_refl. Qed.

  (** ** The decision *)

  Fixpoint combinations (ks : list K) (s : sel) : list (list (K * option V)) :=
    match ks with
    | [] => [[]]
    | k :: ks => flat_map (fun rest => map (fun r => (k, r) :: rest) (regions s k)) (combinations ks s)
    end.

  Definition device_of (c : list (K * option V)) : device :=
    fun k => match lookup k c with Some v => v | None => None end.

  Definition satisfiable (s : sel) : bool :=
    existsb (fun c => admits holds_text s (device_of c)) (combinations (keys s) s).

  Lemma admits_ext s : forall d e : device, (forall k, In k (map key_of (atoms s)) -> d k = e k) ->
    admits holds_text s d = admits holds_text s e.
  Proof.
    induction s as [a|b|t IH|t IHt u IHu|t IHt u IHu|t IHt u IHu|t IHt u IHu]; intros d e E; simpl in *;
      try (rewrite (IHt d e), (IHu d e); [reflexivity | |];
           intros k I; apply E; rewrite map_app, in_app_iff; auto).
    - destruct a as [k|k v|k vs]; simpl in *; rewrite (E k); auto.
    - reflexivity.
    - now rewrite (IH d e).
  Qed.

  Lemma combination_of s d ks : exists c, In c (combinations ks s) /\
    forall k, In k ks -> device_of c k = region s k (d k).
  Proof.
    induction ks as [|k ks (c & I & E)]; [exists []; split; [now left | intros k []]|].
    exists ((k, region s k (d k)) :: c). split.
    - cbn [combinations]. apply in_flat_map. exists c. split; [assumption|]. apply in_map_iff.
      exists (region s k (d k)). split; [reflexivity|]. apply regions_partition.
    - intros k' J. unfold device_of. simpl. destruct (dec k' k) as [->|N]; [reflexivity|].
      destruct J as [->|J]; [congruence|]. now apply E.
  Qed.

  (** Complete: what some device satisfies is found, and what is found, a device satisfies. *)
  Theorem satisfiable_exact : forall s,
    satisfiable s = true <-> exists d, admits holds_text s d = true.
  Proof.
    intros s. unfold satisfiable. rewrite existsb_exists. split.
    - intros (c & _ & A). now exists (device_of c).
    - intros (d & A). destruct (combination_of s d (keys s)) as (c & I & E).
      exists c. split; [assumption|]. rewrite <- A, <- (regions_sound s d).
      apply admits_ext. intros k J. apply E. now apply nodup_In.
  Qed.

  Definition implies (s t : sel) : bool := negb (satisfiable (Minus s t)).
  Definition disjoint (s t : sel) : bool := negb (satisfiable (And s t)).
  Definition equivalent (s t : sel) : bool := negb (satisfiable (Xor s t)).

  Theorem implies_exact : forall s t,
    implies s t = true <-> forall d, admits holds_text s d = true -> admits holds_text t d = true.
  Proof.
    intros s t. unfold implies. rewrite negb_true_iff. split.
    - intros N d A. destruct (admits holds_text t d) eqn:E; [reflexivity|]. exfalso.
      assert (Y : satisfiable (Minus s t) = true); [|congruence].
      apply satisfiable_exact. exists d. simpl. now rewrite A, E.
    - intros I. destruct (satisfiable (Minus s t)) eqn:E; [|reflexivity]. exfalso.
      apply satisfiable_exact in E as (d & A). simpl in A. apply andb_true_iff in A as [A B].
      rewrite (I d A) in B. discriminate.
  Qed.

  Theorem disjoint_exact : forall s t,
    disjoint s t = true <-> forall d, ~ (admits holds_text s d = true /\ admits holds_text t d = true).
  Proof.
    intros s t. unfold disjoint. rewrite negb_true_iff. split.
    - intros N d [A B]. assert (Y : satisfiable (And s t) = true); [|congruence].
      apply satisfiable_exact. exists d. simpl. now rewrite A, B.
    - intros I. destruct (satisfiable (And s t)) eqn:E; [|reflexivity]. exfalso.
      apply satisfiable_exact in E as (d & A). simpl in A. apply andb_true_iff in A. now apply (I d).
  Qed.

  Theorem equivalent_exact : forall s t,
    equivalent s t = true <-> forall d, admits holds_text s d = admits holds_text t d.
  Proof.
    intros s t. unfold equivalent. rewrite negb_true_iff. split.
    - intros N d. destruct (admits holds_text s d) eqn:A, (admits holds_text t d) eqn:B; try reflexivity;
        exfalso; (assert (Y : satisfiable (Xor s t) = true); [|congruence]);
        apply satisfiable_exact; exists d; simpl; now rewrite A, B.
    - intros I. destruct (satisfiable (Xor s t)) eqn:E; [|reflexivity]. exfalso.
      apply satisfiable_exact in E as (d & A). simpl in A. rewrite (I d) in A.
      destruct (admits holds_text t d); discriminate.
  Qed.
End Texts.

Arguments text_atom : clear implicits.

(** Whole numbers with an order: the regions of finitely many bounds are the bounds themselves,
    the gaps between them, and both ends; a bound and its two neighbours meet them all. *)
Section Numbers.
  Open Scope Z_scope.

  (** The questions that numbers are asked: which of three ways a value lies to a bound. *)
  Definition alike (cs : list Z) (v w : Z) : Prop := forall c, In c cs -> (v ?= c) = (w ?= c).

  Definition points (cs : list Z) : list Z := 0 :: flat_map (fun c => [c - 1; c; c + 1]) cs.

  Theorem points_meet_every_region : forall cs v, exists p, In p (points cs) /\ alike cs p v.
  Proof.
    intros cs v.
    (* the greatest bound not above v, and else the least one *)
    assert (G : forall ds, incl ds cs ->
      (exists c, In c ds /\ c <= v /\ forall e, In e ds -> e <= v -> e <= c) \/ (forall e, In e ds -> v < e)).
    { induction ds as [|d ds IH]; intros I; [right; intros e []|].
      destruct IH as [(c & J & L & M)|N]; [intros x Hx; apply I; now right | |].
      - left. destruct (Z_le_dec d v) as [D|D]; [destruct (Z_le_dec d c)|].
        + exists c. repeat split; [now right | assumption |]. intros e [<-|K] Le; [assumption | now apply M].
        + exists d. repeat split; [now left | assumption |]. intros e [<-|K] Le; [lia|]. specialize (M e K Le). lia.
        + exists c. repeat split; [now right | assumption |]. intros e [<-|K] Le; [lia | now apply M].
      - destruct (Z_le_dec d v) as [D|D].
        + left. exists d. repeat split; [now left | assumption |]. intros e [<-|K] Le; [lia|]. specialize (N e K). lia.
        + right. intros e [<-|K]; [lia | now apply N]. }
    assert (P : forall c, In c cs -> In c (points cs) /\ In (c - 1) (points cs) /\ In (c + 1) (points cs)).
    { intros c I. unfold points. repeat split; right; apply in_flat_map; exists c; (split; [assumption|]); simpl; auto. }
    assert (L : cs = [] \/ exists c, In c cs /\ forall e, In e cs -> c <= e).
    { clear. induction cs as [|c cs [->|(d & I & M)]]; [now left | right | right].
      - exists c. split; [now left|]. intros e [<-|[]]. lia.
      - destruct (Z_le_dec c d); [exists c | exists d]; (split; [now (left + right)|]); intros e [<-|J]; try lia;
          specialize (M e J); lia. }
    destruct (G cs (incl_refl cs)) as [(c & I & C & M)|N].
    - destruct (Z.eq_dec c v) as [->|D].
      + exists v. split; [now apply P | intros e _; reflexivity].
      + exists (c + 1). split; [now apply P|]. intros e J.
        destruct (Z.compare_spec v e) as [<-|K|K].
        * specialize (M v J ltac:(lia)). lia.
        * apply Z.compare_lt_iff. destruct (Z_le_dec e (c + 1)) as [Q|Q]; [|lia].
          destruct (Z.eq_dec e (c + 1)); lia.
        * apply Z.compare_gt_iff. specialize (M e J ltac:(lia)). lia.
    - destruct L as [->|(c & I & M)].
      + exists 0. split; [now left | intros e []].
      + exists (c - 1). split; [now apply P|]. intros e J. specialize (N e J) as N'. specialize (M e J).
        rewrite (proj2 (Z.compare_lt_iff v e) N'). apply Z.compare_lt_iff. lia.
  Qed.
End Numbers.
