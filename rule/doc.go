// Package rule is the rule language: YAML files that hold rules whose conditions are CEL expressions over the signals of an event
// and over windows of the events before it.
//
// The stages stand in files of their own, in the order in which a rule passes through them: a file is read (file.go, yaml.go), its
// expressions are parsed and checked in place by cel-go (language.go, check.go), window calls are lifted out of the checked
// expression and equal ones of all rules are merged (lift*.go, window.go), and what is left is lowered to Go closures that allocate
// nothing (plan*.go). What the planner does not know runs on cel-go's own interpreter with the same result (interpret.go).
//
// The package is pure: no clock, no file besides [Load], no goroutine. A [Set] never changes after [Compile] and is shared; an
// [Evaluation] is the scratch of one goroutine.
//
// Evaluation has three values. A signal that the event does not carry is unknown, never zero; a condition that needs it is not
// evaluable and the rule does nothing, and says why. As in CEL, && and || absorb an unknown operand where the other one decides.
package rule
