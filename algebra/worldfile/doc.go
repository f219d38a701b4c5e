// Package worldfile reads a World from a directory of YAML documents, strictly.
//
//	files ──parse──▶ documents ──decode──▶ drafts ──bind──▶ algebra.World
//	          │           │                   │
//	          └───────────┴── diagnostics ────┘   all of them, sorted, or none
//
// A World loads whole or not at all: Load gives a World or the list of everything that is
// wrong with it, each with file, line, column, caret and the fix. An error in one definition
// is told once; the definitions that use it are still checked on their own.
//
// Laws: the order of files and documents does not matter; Format keeps the meaning (the
// World's digest) and the comments, and Format of Format is Format.
//
// Texts are taken from the source as written: version 1.10 is not 1.1, a label value yes is
// the text yes. Anchors, aliases and tags are refused, so no small file grows into a large one.
//
// The package reads one fs.FS and nothing else. It does not compile policies (package
// policies does) and looks at no roster.
package worldfile
