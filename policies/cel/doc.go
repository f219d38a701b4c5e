// Package cel makes gates of policies written in CEL. It alone imports cel-go.
//
//	!deployment.podman.containers.exists(c, c.image.endsWith(":latest"))
//
// A policy is an expression that is true where it holds. Its variables are those parts of
// the plan file that its scope is about, with the names and types of package planfile:
//
//	every scope   plan, aggregates, request, params, now
//	action        action, device, deployment, assignment, object (after), oldObject (before)
//	batch         batch
//	plan          object (the plan)
//
// A document may have the parts of Kubernetes' ValidatingAdmissionPolicy: matchConditions,
// variables, validations (each a rule of its own) and messageExpression.
//
// deployment is what starts, or in a delete what stops. object and oldObject are null where
// nothing starts or stops. params have the types of their values.
//
// It is strict where stock tools pass in silence. At load: an unknown name or field, also
// of params, a wrong type, and an expression that is no bool are errors with their place and
// a suggestion. At run: a missing key, and a workload of which only the digest is known, are
// errors, and so is a policy that costs too much. There is no clock, chance, network or file.
//
// The schema is laid over the Go types by reflection, not by cel-go's ext.NativeTypes: that
// shows a nil pointer as an empty value, so that "object == null" never holds.
package cel
