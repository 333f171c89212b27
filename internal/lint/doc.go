// Package lint holds the rules of this repository that a compiler does not: which package may import which, who may read the
// clock, how long a file may be, where a link leads. They are tests, so that `go test ./...` is the whole gate.
package lint
