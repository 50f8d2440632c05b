// Package lint has no code: its tests hold the repository to the rules that no
// compiler checks. They run with every go test ./..., so a broken rule is a red
// test with a reason, not a comment in a review.
//
// imports_test.go guards the import direction of docs/adr/0001-import-direction.md,
// text_test.go what files contain and how they are named.
package lint
