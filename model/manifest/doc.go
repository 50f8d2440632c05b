// Package manifest reads Kubernetes manifests and returns the facts that the
// protocol model needs of them.
//
// [Load] takes what kubectl takes after -f: files, directories and standard
// input, YAML or JSON, one document or many, lists included; and of it apps/v1
// ReplicaSets, policy/v1 PodDisruptionBudgets and v1 Nodes. It reads as strictly
// as an API server with fieldValidation=Strict: unknown fields, duplicate keys,
// invalid values and other kinds are refused, never skipped, because a verdict
// about a manifest that was only half understood would be worth nothing. What
// is understood but has no counterpart in the model is either refused with the
// reason, or named in an Abstracted field, so that a report can list it as an
// assumption.
//
// Every fault is one [*Error] of one line that begins with the file and the
// line, such as
//
//	web.yaml:6: spec.replica: unknown field, did you mean "replicas"?
//
// The input is not trusted: its size, its number of documents, its depth and
// the size of its expanded aliases are bounded.
package manifest
