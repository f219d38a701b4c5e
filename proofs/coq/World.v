(** Whole worlds: from documents, labels and reports to a plan.

    Every name (of a device, label, value, app, digest, resource) is of one type whose equality
    is given. Whatever a selector asks that is not about the presence or the text of one key,
    such as the order of versions, is given as the set of devices that it admits: what is
    checked here is the planner and not the reading of versions. *)

From Coq Require Import List Bool ZArith Lia.
From Muster Require Import Sets Algebra Assignment Diff Blocked Planner.
Import ListNotations.

Section World.
  Context {N : Type} `{Dec N}.

  Inductive key := Label (name : N) | Fact (name : N).

  #[export] Instance dec_key : Dec key.
  Proof.
    intros [x|x] [y|y]; try (right; congruence); destruct (dec x y);
      [left | right | left | right]; congruence.
  Defined.

  Record device := Device { id : N; labels : list (N * N); facts : list (N * N) }.

  #[export] Instance dec_device : Dec device.
  Proof.
    intros [i l f] [i' l' f']. destruct (dec i i'), (dec l l'), (dec f f'); [left; congruence | right; congruence ..].
  Defined.

  Definition value (d : device) (k : key) : option N :=
    match k with Label n => lookup n (labels d) | Fact n => lookup n (facts d) end.

  (** An absent key is equal to nothing and among nothing: plain false, never a third value. *)
  Inductive atom :=
  | Has (k : key)
  | Equals (k : key) (v : N)
  | Among (k : key) (vs : list N)
  | Named (ids : list N).

  Definition holds_atom (a : atom) (d : device) : bool :=
    match a with
    | Has k => match value d k with Some _ => true | None => false end
    | Equals k v => match value d k with Some x => eqb x v | None => false end
    | Among k vs => match value d k with Some x => mem x vs | None => false end
    | Named ids => mem (id d) ids
    end.

  Record spec := Spec {
    digest : N;
    resources : list N;
    needs : list N;      (* apps *)
    takes : list key;    (* what it takes from its device *)
  }.

  (** What fills a slot: a deployment, with the values it takes; None if the device lacks one. *)
  Record release := Release { of_ : N; taken : option (list (key * N)) }.

  #[export] Instance dec_release : Dec release.
  Proof. intros [d v] [d' v']. destruct (dec d d'), (dec v v'); [left; congruence | right; congruence ..]. Defined.

  Record document := Document { about : N; lays : list (N * N); decommissions : bool }.

  Record world := World {
    documents : list document;
    specs : list spec;
    rules : list (expr N N atom);   (* those that are not abstract; names are filled in *)
  }.

  Record reality := Reality {
    roster : list device;
    published : list ((N * N) * release);
    known : list spec;                     (* of releases that are published *)
    refused : list ((N * N) * release);
    quarantined : list ((N * N) * N);      (* slot and digest *)
    revoked : list N;
    decommissioned : list N;
  }.

  (** ** Documents over the registry: a Device document states all labels of its device *)

  Definition document_of (w : world) (i : N) : option document := find (fun d => eqb (about d) i) (documents w).

  Definition relabel (w : world) (r : reality) : list device :=
    map (fun d => match document_of w (id d) with
                  | Some doc => Device (id d) (lays doc) (facts d)
                  | None => d
                  end) (roster r) ++
    map (fun doc => Device (about doc) (lays doc) [])
      (filter (fun doc => negb (mem (about doc) (map id (roster r)))) (documents w)).

  Definition retired (w : world) (r : reality) (i : N) : bool :=
    mem i (decommissioned r) ||
    match document_of w i with Some doc => decommissions doc | None => false end.

  (** ** What is asked for in a slot *)

  Definition world_claims (w : world) (devices : list device) : list (claim device N N) :=
    fold_right (fun x l => union (claims holds_atom devices x) l) [] (rules w).

  Definition resolved (w : world) (r : reality) (all : list (claim device N N)) (s : device * N) : resolution :=
    if retired w r (id (fst s)) then None else resolve_world all s.

  Fixpoint take (d : device) (ks : list key) : option (list (key * N)) :=
    match ks with
    | [] => Some []
    | k :: ks => match value d k, take d ks with
                 | Some v, Some vs => Some ((k, v) :: vs)
                 | _, _ => None
                 end
    end.

  Definition spec_of (w : world) (r : reality) (x : N) : option spec :=
    find (fun s => eqb (digest s) x) (specs w ++ known r).

  Definition asks (w : world) (r : reality) (all : list (claim device N N)) (s : device * N) : option release :=
    match settled (resolved w r all s) with
    | Some x => Some (Release x (match spec_of w r x with Some sp => take (fst s) (takes sp) | None => None end))
    | None => None
    end.

  Definition has (r : reality) (s : device * N) : option release := lookup (id (fst s), snd s) (published r).

  (** A slot's own reasons to be left alone. *)
  Definition own_reason (w : world) (r : reality) (all : list (claim device N N)) (s : device * N) : bool :=
    let at_ := (id (fst s), snd s) in
    mem (id (fst s)) (revoked r) ||
    conflicted (resolved w r all s) ||
    match asks w r all s with
    | Some rel =>
        match taken rel with None => true | Some _ => false end ||
        mem (at_, rel) (refused r) ||
        (* what is in place already is not kept out *)
        mem (at_, of_ rel) (quarantined r) && negb (eqb (Some rel) (has r s))
    | None => false
    end.

  Definition holds_of (w : world) (r : reality) (rel : release) : list N :=
    match spec_of w r (of_ rel) with Some sp => resources sp | None => [] end.
  Definition needs_of (w : world) (r : reality) (rel : release) : list N :=
    match spec_of w r (of_ rel) with Some sp => needs sp | None => [] end.

  Definition demand_of (w : world) (r : reality) (devices : list device) : demand :=
    let all := world_claims w devices in Demand (asks w r all) (own_reason w r all).

  Definition apps_of (w : world) (r : reality) (devices : list device) : list N :=
    nodup dec (map app (world_claims w devices) ++ map (fun p => snd (fst p)) (published r)).

  Definition make (w : world) (r : reality) : list (action (device * N) release) :=
    let devices := relabel w r in
    plan (apps_of w r devices) (holds_of w r) (needs_of w r) devices (demand_of w r devices) (has r).

  (** The blocked slots in which something is wanted, in place or in conflict. *)
  Definition blocks (w : world) (r : reality) : list (device * N) :=
    let devices := relabel w r in
    let all := world_claims w devices in
    filter (fun s => match asks w r all s, has r s with
                     | None, None => conflicted (resolved w r all s)
                     | _, _ => true
                     end)
      (flat_map (fun d => map (fun a => (d, a))
         (blocked_on (apps_of w r devices) (holds_of w r) (needs_of w r) (demand_of w r devices) (has r) d)) devices).

  (** ** What a plan places is what a rule says *)

  Theorem make_places_claims : forall w r a rel, In a (make w r) -> leaves a = Some rel ->
    retired w r (id (fst (target a))) = false /\
    exists x c, In x (rules w) /\ In c (claims holds_atom (relabel w r) x) /\
      on c = fst (target a) /\ app c = snd (target a) /\ deployment c = of_ rel /\
      (* and no rule claims the slot at a higher priority, or with another deployment at that one *)
      forall y e, In y (rules w) -> In e (claims holds_atom (relabel w r) y) ->
        on e = fst (target a) -> app e = snd (target a) ->
        (priority e <= priority c)%Z /\ (priority e = priority c -> deployment e = of_ rel).
  Proof.
    intros w r a rel I L.
    assert (B := plan_leaves_blocked _ _ _ _ _ _ a I).
    apply diff_exact in I as (Hs & F & E & D). rewrite L in E.
    unfold want in E. rewrite <- blocked_on_exact in B. apply mem_false in B. rewrite B in E.
    simpl in E. symmetry in E. unfold asks in E.
    destruct (settled (resolved w r (world_claims w (relabel w r)) (target a))) as [x|] eqn:S; [|discriminate].
    injection E as <-. unfold resolved in S.
    destruct (retired w r (id (fst (target a)))) eqn:T; [discriminate|]. split; [reflexivity|].
    unfold resolve_world in S.
    assert (X := resolve_exact (claimed (world_claims w (relabel w r)) (target a))).
    destruct (resolve _) as [[p s]|] eqn:Q; [|discriminate].
    destruct X as (_ & X & U). simpl in S. destruct s as [|y [|z s]]; try discriminate. injection S as ->.
    assert (W : forall c, In c (world_claims w (relabel w r)) <->
                exists y, In y (rules w) /\ In c (claims holds_atom (relabel w r) y)).
    { intros c. unfold world_claims. induction (rules w) as [|y ys IH]; simpl.
      - split; [intros [] | now intros (y & [] & _)].
      - rewrite in_union, IH. split.
        + intros [J|(z & J & K)]; [exists y; auto | exists z; auto].
        + intros (z & [->|J] & K); [now left | right; exists z; auto]. }
    assert (J : In (p, x) (claimed (world_claims w (relabel w r)) (target a))) by (apply X; now left).
    apply in_claimed, W in J as (y & Iy & J).
    exists y, (Claim (fst (target a)) (snd (target a)) p x). repeat (split; [assumption || reflexivity|]).
    intros z e Iz K O A. simpl.
    assert (M : In (priority e, deployment e) (claimed (world_claims w (relabel w r)) (target a))).
    { apply in_claimed, W. exists z. split; [assumption|]. rewrite <- O, <- A. now destruct e. }
    split; [now apply (U _ (deployment e))|].
    intros P. rewrite P in M. apply X in M as [M|[]]. now symmetry.
  Qed.

  (** Taking from a device what a rule asked for takes what it brought: a slot of the fleet that no
      rule claims, and that has no reason of its own to be left alone, is empty after the plan. *)
  Theorem make_empties_unclaimed : forall w r l s, same l (make w r) ->
    In s (list_prod (relabel w r) (apps_of w r (relabel w r))) ->
    (forall x c, In x (rules w) -> In c (claims holds_atom (relabel w r) x) ->
       ~ (on c = fst s /\ app c = snd s)) ->
    mem (id (fst s)) (revoked r) = false ->
    apply l (has r) s = None.
  Proof.
    intros w r l s E Hs C V.
    assert (Z : claimed (world_claims w (relabel w r)) s = []).
    { destruct (claimed _ s) as [|[p x] m] eqn:Q; [reflexivity|]. exfalso.
      assert (I : In (p, x) (claimed (world_claims w (relabel w r)) s)) by (rewrite Q; now left).
      apply in_claimed in I. unfold world_claims in I. revert I C. induction (rules w) as [|y ys IH]; simpl; [tauto|].
      intros I C. apply in_union in I as [I|I].
      - apply (C y _ (or_introl eq_refl) I). now split.
      - apply IH; [assumption|]. intros y' c J K. apply (C y' c); auto. }
    assert (R : resolved w r (world_claims w (relabel w r)) s = None).
    { unfold resolved, resolve_world. rewrite Z. now destruct (retired _ _ _). }
    assert (A : asks w r (world_claims w (relabel w r)) s = None) by (unfold asks; now rewrite R).
    destruct (plan_arrives _ _ _ _ _ _ l E s Hs) as [_ G]. rewrite G; [exact A|].
    unfold BlockedSlot. intros B. inversion B as [a I O|a o I J K L|a o I J K L|a q n I J K L|a q n I J K L]; subst.
    - destruct s as [d a]. simpl in *. unfold own_reason in O. simpl in O. rewrite V, R, A in O. discriminate.
    - destruct s as [d a]. simpl in *. rewrite A in L. discriminate.
    - destruct s as [d a]. simpl in *. rewrite A in L. discriminate.
    - destruct s as [d a]. simpl in *. rewrite A in J. discriminate.
    - destruct s as [d a]. simpl in *. rewrite A in J. discriminate.
  Qed.

End World.
