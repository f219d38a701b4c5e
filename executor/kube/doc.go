// Package kube is a fleet's documents as Kubernetes resources.
//
//	Fleet, Deployment, …  --Read-->  the files of a World  --worldfile-->  World, or Problems
//	World, Reality, Plan  --Project-->  status and conditions, written by server-side apply
//
// The resources are the documents of algebra/worldfile, field by field; the schemas of the API
// server are made from the types in documents.go, and a test holds those against what worldfile
// reads. A World is all documents of one namespace, listed at one revision of the API server.
//
// A Device without spec is no document: it is a projection of the registry, made and removed by
// muster. With a spec it declares labels, as a document does.
//
// Of the replicas of muster on a namespace one tells, the holder of a lease there. All that it writes is
// of the revision it was judged on, so that nobody's edit is lost and no verdict comes too late.
//
// Laws: Import after Export gives the same World, and Export after Import the same documents;
// what is written twice is written once; a status is never of an older generation than before.
//
// Nothing of the domain comes from status: an API server that is lost costs a view and no fleet.
package kube
