(** Finite sets as lists.

    All else stands on this page: types whose equality can be decided, and lists of them read
    as sets. Equality is a parameter, so that the extracted program gets it from OCaml
    ([String.equal]) and no string is ever taken apart inside Coq. *)

From Coq Require Import List Bool Arith Permutation.
Import ListNotations.

Class Dec (A : Type) := dec : forall x y : A, {x = y} + {x <> y}.

Definition eqb {A} `{Dec A} (x y : A) : bool := if dec x y then true else false.

Lemma eqb_true {A} `{Dec A} (x y : A) : eqb x y = true <-> x = y.
Proof. unfold eqb. destruct (dec x y); split; congruence. Qed.

Lemma eqb_false {A} `{Dec A} (x y : A) : eqb x y = false <-> x <> y.
Proof. unfold eqb. destruct (dec x y); split; congruence. Qed.

Lemma eqb_refl {A} `{Dec A} (x : A) : eqb x x = true.
Proof. now apply eqb_true. Qed.

#[export] Instance dec_pair {A B} `{Dec A} `{Dec B} : Dec (A * B).
Proof.
  intros [a b] [a' b'].
  destruct (dec a a'), (dec b b'); [left | right | right | right]; congruence.
Defined.

#[export] Instance dec_option {A} `{Dec A} : Dec (option A).
Proof.
  intros [a|] [b|]; [destruct (dec a b) | | | ];
    ((left; congruence) || (right; congruence)).
Defined.

#[export] Instance dec_nat : Dec nat := PeanoNat.Nat.eq_dec.

#[export] Instance dec_list {A} `{Dec A} : Dec (list A) := list_eq_dec dec.

(** Membership, as a question that can be answered. *)

Definition mem {A} `{Dec A} (x : A) (l : list A) : bool := existsb (eqb x) l.

Lemma mem_true {A} `{Dec A} (x : A) l : mem x l = true <-> In x l.
Proof.
  unfold mem. rewrite existsb_exists. split.
  - intros (y & Hy & E). apply eqb_true in E. now subst.
  - intros Hx. exists x. split; [assumption | apply eqb_refl].
Qed.

Lemma mem_false {A} `{Dec A} (x : A) l : mem x l = false <-> ~ In x l.
Proof. rewrite <- mem_true. destruct (mem x l); split; congruence. Qed.

Lemma mem_filter {A} `{Dec A} (x : A) p l : mem x (filter p l) = mem x l && p x.
Proof.
  apply eq_true_iff_eq. rewrite andb_true_iff, !mem_true. apply filter_In.
Qed.

(** Two lists are the same set. *)

Definition same {A} (l m : list A) : Prop := forall x, In x l <-> In x m.

Lemma same_refl {A} (l : list A) : same l l.
Proof. now intros x. Qed.

Lemma same_sym {A} (l m : list A) : same l m -> same m l.
Proof. intros E x. symmetry. apply E. Qed.

Lemma same_trans {A} (l m n : list A) : same l m -> same m n -> same l n.
Proof. intros E F x. rewrite (E x). apply F. Qed.

(** The set operations: no element is written twice by them that was not before. *)

Definition union {A} `{Dec A} (l m : list A) : list A := l ++ filter (fun x => negb (mem x l)) m.
Definition inter {A} `{Dec A} (l m : list A) : list A := filter (fun x => mem x m) l.
Definition minus {A} `{Dec A} (l m : list A) : list A := filter (fun x => negb (mem x m)) l.

Lemma in_union {A} `{Dec A} (x : A) l m : In x (union l m) <-> In x l \/ In x m.
Proof.
  unfold union. rewrite in_app_iff, filter_In, negb_true_iff, mem_false.
  destruct (in_dec dec x l); tauto.
Qed.

Lemma in_inter {A} `{Dec A} (x : A) l m : In x (inter l m) <-> In x l /\ In x m.
Proof. unfold inter. now rewrite filter_In, mem_true. Qed.

Lemma in_minus {A} `{Dec A} (x : A) l m : In x (minus l m) <-> In x l /\ ~ In x m.
Proof. unfold minus. now rewrite filter_In, negb_true_iff, mem_false. Qed.

(** What is split in two by a question can be put together again. *)

Lemma filter_split {A} (p : A -> bool) l :
  Permutation (filter p l ++ filter (fun x => negb (p x)) l) l.
Proof.
  induction l as [|x l IH]; [reflexivity|]. simpl. destruct (p x); simpl.
  - now constructor.
  - rewrite <- Permutation_middle. now constructor.
Qed.

Lemma filter_filter {A} (p q : A -> bool) l :
  filter p (filter q l) = filter (fun x => q x && p x) l.
Proof.
  induction l as [|x l IH]; [reflexivity|]. simpl.
  destruct (q x); simpl; [destruct (p x); now rewrite IH | assumption].
Qed.

Lemma NoDup_app' {A} (l m : list A) :
  NoDup l -> NoDup m -> (forall x, In x l -> ~ In x m) -> NoDup (l ++ m).
Proof.
  intros L M D. induction L as [|x l N L IH]; [assumption|]. simpl. constructor.
  - rewrite in_app_iff. intros [I|I]; [contradiction | apply (D x); [now left | assumption]].
  - apply IH. intros y Hy. apply D. now right.
Qed.

(** Association lists: the first entry of a key counts. *)

Fixpoint lookup {K V} `{Dec K} (k : K) (l : list (K * V)) : option V :=
  match l with
  | [] => None
  | (k', v) :: l => if dec k k' then Some v else lookup k l
  end.

Lemma lookup_in {K V} `{Dec K} (k : K) (v : V) l : lookup k l = Some v -> In (k, v) l.
Proof.
  induction l as [|[k' v'] l IH]; simpl; [discriminate|].
  destruct (dec k k').
  - intros [= <-]. left. congruence.
  - intros E. right. now apply IH.
Qed.

Lemma lookup_none {K V} `{Dec K} (k : K) (l : list (K * V)) :
  lookup k l = None <-> ~ In k (map fst l).
Proof.
  induction l as [|[k' v'] l IH]; simpl; [tauto|].
  destruct (dec k k').
  - split; [discriminate | intros E; exfalso; apply E; left; congruence].
  - rewrite IH. split; [intros E [?|?] | ]; intuition congruence.
Qed.
