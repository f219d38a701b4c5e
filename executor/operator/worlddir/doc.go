// Package worlddir follows the World in a directory, which may be part of a git working copy.
//
//	files change --settle--> stamp --load--> stamp again --equal--> operator.Loaded
//
// What is loaded is a state the directory rested in: it waits until nothing has changed for a
// moment and git is not at work, and loads again what changed while it was read. It hears of
// changes from the file system, and besides looks from time to time, for those systems that tell
// nothing.
package worlddir
