// Package cases reads and runs the tests of policies: PolicyTest documents, which stand beside
// the policies and say what these are to find.
//
//	kind: PolicyTest
//	metadata: {name: no-latest}
//	spec:
//	  policy: no-latest
//	  cases:
//	  - {name: a pinned image, container: {image: r/web@sha256:…}, want: pass}
//	  - {name: latest, action: replace, container: {image: r/web:latest}, want: deny, msg: pin}
//
// A case starts from an ordinary change that most policies hold of, and says only what differs:
// of its container, its device, the change, or the plan around it. What it says is held
// against the plan file's schema, so that a misspelt field is an error and no passing test.
// The same cases test a policy in CEL and its twin in Rego.
//
// Coverage counts the parts of a policy that some case exercised, as its engine tells.
package cases
