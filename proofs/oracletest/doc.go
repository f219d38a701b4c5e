// Package oracletest puts the same questions to the proved model and to the Go code.
//
// The model of proofs/coq is extracted to a program that answers lines:
//
//	(diff (d1/web d2/web) ((d1/web 2)) ((d1/web 1)))  ->  ((replace d1/web 1 2))
//
// An Engine answers the same lines by planner, algebra, analysis, rollout and merge. So a differential test is
// one comparison of texts, for random questions, for all small ones, and for the corpus:
// questions with the model's answers in testdata, which any machine replays that has no Coq.
//
// With MUSTER_ORACLE naming the program (make proofs builds it) tests ask it; without, they
// replay the corpus. Names in a line are words, bytes that are no word are written %20, and
// the empty word ~. What a selector asks beyond the text of one key is said as the set of
// devices it admits.
package oracletest
