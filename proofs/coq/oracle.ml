(* The oracle: one request a line in, one answer a line out, both S-expressions.

   It only reads, asks the extracted model, and prints: what it decides itself is the order in
   which sets are printed. "echo" prints a request as it was understood, so that a test can see
   whether the reader loses anything. *)

open Model

(* ---- S-expressions: words of any bytes, with % and two hex digits for what is no word ---- *)

type sexp = W of string | L of sexp list

exception Bad of string

let plain c = match c with
  | 'a'..'z' | 'A'..'Z' | '0'..'9' | '-' | '_' | '.' | ':' | '/' | '@' | '+' | '=' | ',' -> true
  | _ -> false

let encode s =
  if s = "" then "~" else begin
    let b = Buffer.create (String.length s) in
    String.iter (fun c -> if plain c then Buffer.add_char b c
      else Buffer.add_string b (Printf.sprintf "%%%02X" (Char.code c))) s;
    Buffer.contents b
  end

let decode w =
  if w = "~" then "" else begin
    let b = Buffer.create (String.length w) and n = String.length w in
    let rec go i =
      if i < n then
        if w.[i] = '%' then begin
          if i + 2 >= n then raise (Bad ("short escape in " ^ w));
          Buffer.add_char b (Char.chr (int_of_string ("0x" ^ String.sub w (i + 1) 2)));
          go (i + 3)
        end else (Buffer.add_char b w.[i]; go (i + 1)) in
    go 0; Buffer.contents b
  end

let parse line =
  let n = String.length line in
  let rec items i acc =
    if i >= n then raise (Bad "unclosed list")
    else match line.[i] with
      | ' ' -> items (i + 1) acc
      | ')' -> (List.rev acc, i + 1)
      | '(' -> let l, j = items (i + 1) [] in items j (L l :: acc)
      | _ ->
        let j = ref i in
        while !j < n && line.[!j] <> ' ' && line.[!j] <> '(' && line.[!j] <> ')' do incr j done;
        items !j (W (decode (String.sub line i (!j - i))) :: acc) in
  if n = 0 || line.[0] <> '(' then raise (Bad "a request is a list");
  let l, j = items 1 [] in
  if j <> n then raise (Bad "more after the request");
  L l

let rec print = function
  | W s -> encode s
  | L l -> "(" ^ String.concat " " (List.map print l) ^ ")"

(* ---- numbers ---- *)

let rec pos_of n = if n = 1 then XH else if n land 1 = 0 then XO (pos_of (n / 2)) else XI (pos_of (n / 2))
let rec int_of_pos = function XH -> 1 | XO p -> 2 * int_of_pos p | XI p -> 2 * int_of_pos p + 1
let n_of n = if n < 0 then raise (Bad "negative") else if n = 0 then N0 else Npos (pos_of n)
let int_of_n = function N0 -> 0 | Npos p -> int_of_pos p
let z_of n = if n = 0 then Z0 else if n > 0 then Zpos (pos_of n) else Zneg (pos_of (- n))
let int_of_z = function Z0 -> 0 | Zpos p -> int_of_pos p | Zneg p -> - (int_of_pos p)

let int w = try int_of_string w with Failure _ -> raise (Bad ("no number: " ^ w))

(* ---- readers and printers, one pair a type ---- *)

let wrong what x = raise (Bad ("no " ^ what ^ ": " ^ print x))
let word = function W s -> s | x -> wrong "word" x
let list f = function L l -> List.map f l | x -> wrong "list" x
let w s = W s
let l f xs = L (List.map f xs)
let flag = function W "yes" -> true | W "no" -> false | x -> wrong "yes or no" x
let of_flag b = W (if b then "yes" else "no")
let num = function W s -> int s | x -> wrong "number" x
let of_num n = W (string_of_int n)
let maybe f = function W "-" -> None | x -> Some (f x)
let of_maybe f = function None -> W "-" | Some x -> f x
let pair f g = function L [a; b] -> (f a, g b) | x -> wrong "pair" x
let of_pair f g (a, b) = L [f a; g b]

let key = function
  | L [W "label"; W n] -> Label n | L [W "fact"; W n] -> Fact n | x -> wrong "key" x
let of_key = function Label n -> L [W "label"; W n] | Fact n -> L [W "fact"; W n]

let rec sel atom = function
  | W "all" -> Const true | W "none" -> Const false
  | L [W "not"; s] -> Not (sel atom s)
  | L [W "and"; s; t] -> And (sel atom s, sel atom t)
  | L [W "or"; s; t] -> Or (sel atom s, sel atom t)
  | L [W "minus"; s; t] -> Minus (sel atom s, sel atom t)
  | L [W "xor"; s; t] -> Xor (sel atom s, sel atom t)
  | x -> Atom (atom x)
let rec of_sel of_atom = function
  | Const b -> W (if b then "all" else "none")
  | Not s -> L [W "not"; of_sel of_atom s]
  | And (s, t) -> L [W "and"; of_sel of_atom s; of_sel of_atom t]
  | Or (s, t) -> L [W "or"; of_sel of_atom s; of_sel of_atom t]
  | Minus (s, t) -> L [W "minus"; of_sel of_atom s; of_sel of_atom t]
  | Xor (s, t) -> L [W "xor"; of_sel of_atom s; of_sel of_atom t]
  | Atom a -> of_atom a

let atom = function
  | L [W "has"; k] -> Has (key k)
  | L [W "is"; k; W v] -> Equals (key k, v)
  | L [W "in"; k; vs] -> Among (key k, list word vs)
  | L [W "named"; ids] -> Named (list word ids)
  | x -> wrong "atom" x
let of_atom = function
  | Has k -> L [W "has"; of_key k]
  | Equals (k, v) -> L [W "is"; of_key k; W v]
  | Among (k, vs) -> L [W "in"; of_key k; l w vs]
  | Named ids -> L [W "named"; l w ids]

let text_atom = function
  | L [W "has"; W k] -> HasKey k | L [W "is"; W k; W v] -> Is (k, v)
  | L [W "in"; W k; vs] -> OneOf (k, list word vs) | x -> wrong "atom" x
let of_text_atom = function
  | HasKey k -> L [W "has"; W k] | Is (k, v) -> L [W "is"; W k; W v]
  | OneOf (k, vs) -> L [W "in"; W k; l w vs]

let rec expr = function
  | L [W "rule"; s; ds; p] -> Rule (sel atom s, list (pair word word) ds, z_of (num p))
  | L [W "union"; x; y] -> Union (expr x, expr y)
  | L [W "inter"; x; y] -> Inter (expr x, expr y)
  | L [W "without"; x; y] -> Without (expr x, expr y)
  | L [W "filter"; x; s] -> Filter (expr x, sel atom s)
  | x -> wrong "assignment" x
let rec of_expr = function
  | Rule (s, ds, p) -> L [W "rule"; of_sel of_atom s; l (of_pair w w) ds; of_num (int_of_z p)]
  | Union (x, y) -> L [W "union"; of_expr x; of_expr y]
  | Inter (x, y) -> L [W "inter"; of_expr x; of_expr y]
  | Without (x, y) -> L [W "without"; of_expr x; of_expr y]
  | Filter (x, s) -> L [W "filter"; of_expr x; of_sel of_atom s]

let texts = list (pair word word)
let of_texts = l (of_pair w w)
let device = function
  | L [W id; ls; fs] -> { id; labels = texts ls; facts = texts fs } | x -> wrong "device" x
let of_device d = L [W d.id; of_texts d.labels; of_texts d.facts]
let spec = function
  | L [W digest; rs; ns; ts] -> { digest; resources = list word rs; needs = list word ns; takes = list key ts }
  | x -> wrong "deployment" x
let of_spec s = L [W s.digest; l w s.resources; l w s.needs; l of_key s.takes]
let release = function
  | L [W d; vs] -> { of_ = d; taken = maybe (list (pair key word)) vs } | x -> wrong "release" x
let of_release r = L [W r.of_; of_maybe (l (of_pair of_key w)) r.taken]
let document = function
  | L [W about; ls; b] -> { about; lays = texts ls; decommissions = flag b } | x -> wrong "document" x
let of_document d = L [W d.about; of_texts d.lays; of_flag d.decommissions]
let slot = pair word word
let of_slot = of_pair w w

let world = function
  | L [W "world"; ds; ss; rs] -> { documents = list document ds; specs = list spec ss; rules = list expr rs }
  | x -> wrong "world" x
let of_world x = L [W "world"; l of_document x.documents; l of_spec x.specs; l of_expr x.rules]
let reality = function
  | L [W "reality"; r; p; k; f; q; v; d] ->
    { roster = list device r; published = list (pair slot release) p; known = list spec k;
      refused = list (pair slot release) f; quarantined = list (pair slot word) q;
      revoked = list word v; decommissioned = list word d }
  | x -> wrong "reality" x
let of_reality x = L [W "reality"; l of_device x.roster; l (of_pair of_slot of_release) x.published;
  l of_spec x.known; l (of_pair of_slot of_release) x.refused; l (of_pair of_slot w) x.quarantined;
  l w x.revoked; l w x.decommissioned]

let wave = function
  | L [W "fleet"; ids] -> `Fleet (list word ids)
  | L [W "share"; n] -> `Share (num n)
  | W "rest" -> `Rest
  | x -> wrong "wave" x
let of_wave = function
  | `Fleet ids -> L [W "fleet"; l w ids] | `Share n -> L [W "share"; of_num n] | `Rest -> W "rest"
let course = function
  | L [W name; app; ids; ps] ->
    let part = function
      | L [W "of"; s] -> ByFleet (sel atom s)
      | L [W "share"; n] -> ByShare (n_of (num n))
      | W "rest" -> ByRest
      | x -> wrong "wave" x in
    (name, { for_app = maybe word app; drawn = list word ids; parts = list part ps })
  | x -> wrong "rollout" x
let of_course (name, c) =
  let of_part = function
    | ByFleet s -> L [W "of"; of_sel of_atom s]
    | ByShare n -> L [W "share"; of_num (int_of_n n)]
    | ByRest -> W "rest" in
  L [W name; of_maybe w c.for_app; l w c.drawn; l of_part c.parts]
let bound = function
  | L [W "count"; n] -> Count (n_of (num n)) | L [W "share"; n] -> Share (n_of (num n)) | x -> wrong "bound" x
let of_bound = function
  | Count n -> L [W "count"; of_num (int_of_n n)] | Share n -> L [W "share"; of_num (int_of_n n)]

let event = function
  | L [W "offer"; g; n; W b] -> Offer (flag g, { generation = n_of (num n); content = b })
  | L [W "saved"; ok] -> Saved (flag ok)
  | L [W "crash"; d; r] -> Crash (flag d, flag r)
  | x -> wrong "event" x
let of_event = function
  | Offer (g, m) -> L [W "offer"; of_flag g; of_num (int_of_n m.generation); W m.content]
  | Saved ok -> L [W "saved"; of_flag ok]
  | Crash (d, r) -> L [W "crash"; of_flag d; of_flag r]

(* Low-level orders speak of words only: slots, releases, resources. *)
let step = function
  | L [W "empty"; W s] -> Empty s | L [W "fill"; W s; W r] -> Fill (s, r) | x -> wrong "step" x
let of_step = function Empty s -> L [W "empty"; W s] | Fill (s, r) -> L [W "fill"; W s; W r]
let placement = list (pair word word)
let of_placement = l (of_pair w w)
let holdings = list (pair word (list word))
let of_holdings = l (of_pair w (l w))

(* ---- requests ---- *)

let same : string -> string -> bool = String.equal
let sorted of_ xs = L (List.map (fun s -> s) (List.sort_uniq compare (List.map of_ xs)))
let of_action of_target of_rel = function
  | Start (s, r) -> L [W "start"; of_target s; of_rel r]
  | Replace (s, o, r) -> L [W "replace"; of_target s; of_rel o; of_rel r]
  | Stop (s, o) -> L [W "stop"; of_target s; of_rel o]
let held hs r = match lookup same r hs with Some xs -> xs | None -> []
let fresh known = (* a text that is none of those: longer than each *)
  String.make (1 + List.fold_left (fun n s -> max n (String.length s)) 0 known) 'x'

let answer ask = match ask with
  | L [W "claims"; r; e] ->
    let devices = list device r in
    let all = claims (dec_device same) same same (holds_atom same) devices (expr e) in
    let slots = List.sort_uniq compare (List.map (fun c -> (c.on.id, c.app0)) all) in
    let resolved (i, a) =
      let d = List.find (fun d -> d.id = i) devices in
      match resolve_world (dec_device same) same same all (d, a) with
      | None -> raise (Bad "a claimed slot resolves to nothing")
      | Some (p, ds) -> L [W i; W a; of_num (int_of_z p); sorted w ds] in
    L [sorted (fun c -> L [W c.on.id; W c.app0; of_num (int_of_z c.priority); W c.deployment]) all; l resolved slots]
  | L [W "make"; x; r] ->
    let x = world x and r = reality r in
    let of_target (d, a) = L [W d.id; W a] in
    L [sorted (of_action of_target of_release) (make same x r); sorted of_target (blocks same x r)]
  | L [W "courses"; x; r; online; cs] ->
    let online = list word online and cs = list course cs in
    let answers = courses same (world x) (reality r) (fun d -> mem same d online) (List.map snd cs) in
    let of_change a = let d, app = target a in L [W d.id; W app] in
    L (List.concat (List.map2 (fun (name, _) (changes, (parts, tail)) ->
      if changes = [] then [] else [L [W name; sorted of_change changes; l (sorted w) parts; sorted w tail]]) cs answers))
  | L [W "diff"; slots; want; have] ->
    let want = placement want and have = placement have in
    l (of_action w w) (diff same (list word slots) (fun s -> lookup same s want) (fun s -> lookup same s have))
  | L [W "order"; slots; want; have] ->
    let want = placement want and have = placement have in
    l of_step (order (diff same (list word slots) (fun s -> lookup same s want) (fun s -> lookup same s have)))
  | L [W "check"; slots; hs; steps; have] ->
    let hs = holdings hs and have = placement have in
    of_flag (check same same (list word slots) (held hs) (list step steps) (fun s -> lookup same s have))
  | L [W "waves"; online; target; ws] ->
    let online = list word online in
    let kind = function
      | `Fleet ids -> OfFleet (fun d -> mem same d ids) | `Share n -> OfShare (n_of n) | `Rest -> OfRest in
    let parts, tail = waves (fun d -> mem same d online) (list word target) (List.map (fun x -> kind (wave x)) (match ws with L l -> l | x -> wrong "list" x)) in
    L [l (sorted w) parts; sorted w tail]
  | L [W "budget"; fleet; groups; b; down; waiting] ->
    let groups = texts groups and down = list word down in
    let group d = match lookup same d groups with Some g -> g | None -> "" in
    l w (start_all same same (list word fleet) group (bound b) (fun d -> mem same d down) (list word waiting))
  | L [W "limit"; b; n] -> of_num (int_of_n (limit (bound b) (n_of (num n))))
  | L [W "deliver"; es] ->
    let after a e = let a = deliver same a e in
      (a, of_num (match a.accepted with None -> 0 | Some m -> int_of_n m.generation)) in
    let _, out = List.fold_left (fun (a, out) e -> let a, o = after a e in (a, o :: out)) (new_agent, []) (list event es) in
    L (List.rev out)
  | L [W "decide"; s; t] ->
    let s = sel text_atom s and t = sel text_atom t in
    l of_flag [satisfiable same same fresh s; implies same same fresh s t; disjoint same same fresh s t; equivalent same same fresh s t]
  | L [W "merge"; b; o; t] ->
    let b = texts b and o = texts o and t = texts t in
    let one name = match merge same (lookup same name b) (lookup same name o) (lookup same name t) with
      | Agreed v -> L [W "agreed"; of_maybe w v]
      | Conflict (x, y) -> L [W "conflict"; of_maybe w x; of_maybe w y] in
    L (List.map (fun name -> L [W name; one name]) (List.sort_uniq compare (List.map fst (b @ o @ t))))
  | x -> wrong "request" x

let echo ask = match ask with
  | L [W "claims"; r; e] -> L [W "claims"; l of_device (list device r); of_expr (expr e)]
  | L [W "make"; x; r] -> L [W "make"; of_world (world x); of_reality (reality r)]
  | L [W "courses"; x; r; online; cs] ->
    L [W "courses"; of_world (world x); of_reality (reality r); l w (list word online); l of_course (list course cs)]
  | L [W ("diff" | "order" as what); slots; want; have] ->
    L [W what; l w (list word slots); of_placement (placement want); of_placement (placement have)]
  | L [W "check"; slots; hs; steps; have] ->
    L [W "check"; l w (list word slots); of_holdings (holdings hs); l of_step (list step steps); of_placement (placement have)]
  | L [W "waves"; online; target; ws] ->
    L [W "waves"; l w (list word online); l w (list word target); l of_wave (list wave ws)]
  | L [W "budget"; fleet; groups; b; down; waiting] ->
    L [W "budget"; l w (list word fleet); of_texts (texts groups); of_bound (bound b); l w (list word down); l w (list word waiting)]
  | L [W "limit"; b; n] -> L [W "limit"; of_bound (bound b); of_num (num n)]
  | L [W "deliver"; es] -> L [W "deliver"; l of_event (list event es)]
  | L [W "decide"; s; t] -> L [W "decide"; of_sel of_text_atom (sel text_atom s); of_sel of_text_atom (sel text_atom t)]
  | L [W "merge"; b; o; t] -> let m x = of_texts (texts x) in L [W "merge"; m b; m o; m t]
  | x -> wrong "request" x

let () =
  try
    while true do
      let line = input_line stdin in
      let out = try
        match parse line with
        | L [W "echo"; ask] -> print (echo ask)
        | ask -> print (answer ask)
      with
      | Bad what -> print (L [W "error"; W what])
      | Not_found -> print (L [W "error"; W "unknown device"])
      | Failure what -> print (L [W "error"; W what]) in
      print_string out; print_newline ()
    done
  with End_of_file -> ()
