package model

import "embed"

// sources is this package as text, tests included: a pattern of go:embed cannot
// leave them out. Documentation reads it.
//
//go:embed *.go
var sources embed.FS
