// Package ahocorasick measures text/match beside the automaton of coregx/ahocorasick on the same texts and terms, in one process.
// It is a module of its own, so that Ringfence does not depend on what it is measured against. Run it with
//
//	go test -bench . -cpu 1
//
// and, for real posts, RINGFENCE_SHARED set to the folder of the evaluation's data.
package ahocorasick
