(** Merging: three-way with a base, and by revision with tombstones.

    A World is a map from names to documents, and both editors of it started from one base.
    That a document is gone from one side says nothing until the base tells whether it was
    deleted there or added here: the base is what makes a deletion seen. Where there is no
    base, as between replicas, a deletion must leave a tombstone. *)

From Coq Require Import List Bool ZArith Lia.
From Muster Require Import Sets Assignment.
Import ListNotations.

Section ThreeWay.
  Context {V : Type} `{Dec V}.

  (** A document on one side: present with a content, or absent. *)
  Notation side := (option V).

  Inductive merged := Agreed (v : side) | Conflict (ours theirs : side).

  Definition merge (base ours theirs : side) : merged :=
    if dec ours theirs then Agreed ours
    else if dec ours base then Agreed theirs
    else if dec theirs base then Agreed ours
    else Conflict ours theirs.

  Ltac cases base ours theirs :=
    unfold merge; destruct (dec ours theirs), (dec ours base), (dec theirs base); simpl; congruence.

  (** Who has not changed a document gives way; who agree are agreed. *)
  Theorem merge_takes_changes : forall base x,
    merge base base x = Agreed x /\ merge base x base = Agreed x /\ merge base x x = Agreed x.
  Proof.
    intros base x. repeat apply conj;
      [cases base base x | cases base x base | cases base x x].
  Qed.

  (** A merge of everything into a conflict satisfies no less than this: it is one exactly if both
      sides changed the document, to different ends. *)
  Theorem merge_conflict_exact : forall base ours theirs,
    merge base ours theirs = Conflict ours theirs <->
    ours <> base /\ theirs <> base /\ ours <> theirs.
  Proof.
    intros. split; [|intros (? & ? & ?); cases base ours theirs]. unfold merge.
    destruct (dec ours theirs), (dec ours base), (dec theirs base); intros; try discriminate; auto.
  Qed.

  Definition mirrored (m : merged) : merged :=
    match m with Agreed v => Agreed v | Conflict x y => Conflict y x end.

  Theorem merge_symmetric : forall base ours theirs,
    merge base theirs ours = mirrored (merge base ours theirs).
  Proof.
    intros. unfold merge.
    destruct (dec ours theirs), (dec theirs ours), (dec ours base), (dec theirs base); simpl; congruence.
  Qed.

  (** What one side deletes and the other leaves alone stays deleted; nothing is invented. *)
  Theorem merge_keeps_deletions : forall v, merge (Some v) None (Some v) = Agreed None.
  Proof.
    intros v. unfold merge. destruct (dec None (Some v)) as [E|_]; [discriminate|].
    destruct (dec (Some v) (Some v)) as [_|N]; [reflexivity | now destruct N].
  Qed.

  Theorem merge_invents_nothing : forall base ours theirs v,
    merge base ours theirs = Agreed v -> v = ours \/ v = theirs.
  Proof.
    intros base ours theirs v. unfold merge.
    destruct (dec ours theirs), (dec ours base), (dec theirs base); intros [= <-]; auto.
  Qed.

  (** Without a base there is no such merge: a function of the two sides alone cannot keep both
      a deletion and an addition. *)
  Theorem merge_needs_base : forall (two_way : side -> side -> side) (v : V),
    ~ ((* v was deleted by us *) two_way None (Some v) = None /\
       (* v was added by them *) two_way None (Some v) = Some v).
  Proof. intros f v [E F]. rewrite E in F. discriminate. Qed.
End ThreeWay.

(** Replicas: each holds, for a name, the revision and content last written there, with None for
    a tombstone. The join is that of [Resolution]: the higher revision wins, and two contents of
    one revision are a conflict and are not decided by a clock. *)

Section Replicas.
  Context {V : Type} `{Dec V}.
  Definition replica := resolution (P := option V).

  Theorem replica_semilattice : forall x y z : replica,
    equiv (join x y) (join y x) /\ equiv (join x (join y z)) (join (join x y) z) /\ equiv (join x x) x.
  Proof. intros. repeat apply conj; apply (join_semilattice x y z). Qed.

  (** A tombstone of a later revision wins over what was there, in any order of arrival; *)
  Theorem tombstone_wins : forall (p q : Z) (v : V), (p < q)%Z ->
    join (Some (p, [Some v])) (Some (q, [None])) = Some (q, [None]) /\
    join (Some (q, [None])) (Some (p, [Some v])) = Some (q, [None]).
  Proof.
    intros p q v L. simpl. rewrite (proj2 (Z.compare_lt_iff p q) L), (proj2 (Z.compare_gt_iff q p) L). now split.
  Qed.

  (** and without one what was deleted comes back. *)
  Theorem no_tombstone_resurrects : forall (p : Z) (v : V),
    join None (Some (p, [Some v])) = Some (p, [Some v]).
  Proof. reflexivity. Qed.
End Replicas.
