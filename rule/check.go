package rule

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
)

// expression is a checked CEL expression and the text it came from.
type expression struct {
	*celast.AST
	src text
}

// place is where the expression's node stands in its file.
func (x *expression) place(id int64) place {
	at := x.SourceInfo().GetStartLocation(id)
	return x.src.locateName(at.Line(), at.Column()+1)
}

// locateName is locate, but from the bracket of a call or the dot of a name, which is where cel-go says they stand, it goes back to
// where the function's or the signal's name begins.
func (t text) locateName(line, col int) place {
	lines := strings.Split(t.s, "\n")
	if line < 1 || line > len(lines) {
		return t.locate(1, 1)
	}
	chars := []rune(lines[line-1])
	if col < 1 || col > len(chars) || chars[col-1] != '(' && chars[col-1] != '.' {
		return t.locate(line, col)
	}
	dotted := chars[col-1] == '.'
	for col > 1 {
		c := chars[col-2]
		if c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !(dotted && c == '.') {
			break
		}
		col--
	}
	return t.locate(line, col)
}

// check parses and type-checks an expression in place, so that every complaint is about the text as its author wrote it.
func (c *compiler) check(src text) (*expression, bool) {
	parsed, issues := c.lang.env.Parse(src.s)
	if issues.Err() == nil {
		var checked *cel.Ast
		if checked, issues = c.lang.env.Check(parsed); issues.Err() == nil {
			x := &expression{checked.NativeRep(), src}
			return x, c.vet(x) && c.affordable(checked, src)
		}
	}
	var tree celast.Expr
	if parsed != nil {
		tree = parsed.NativeRep().Expr()
	}
	for _, e := range issues.Errors() {
		msg, hint := c.explain(e, tree)
		c.errorf(src.locateName(e.Location.Line(), e.Location.Column()+1), hint, "%s", msg)
	}
	return nil, false
}

// vet refuses what type-checks and is still no good: a loop variable that hides a signal, and a pattern that an event supplies.
func (c *compiler) vet(x *expression) bool {
	ok := true
	celast.PreOrderVisit(x.Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		switch e.Kind() {
		case celast.StructKind:
			c.errorf(x.place(e.ID()), "", "a condition cannot make a message")
			ok = false
		case celast.ComprehensionKind:
			name := e.AsComprehension().IterVar()
			for _, s := range c.lang.ordered {
				if root, _, _ := strings.Cut(s.name, "."); root == name || name == "attrs" {
					c.errorf(x.place(e.ID()), "give it another name", "loop variable %q hides the signal of that name", name)
					ok = false
					break
				}
			}
		case celast.CallKind:
			ok = c.vetCall(x, e) && ok
		}
	}))
	return ok
}

// vetCall refuses a pattern that an event supplies, and arithmetic that fails on every event.
func (c *compiler) vetCall(x *expression, e celast.Expr) bool {
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case overloads.Matches:
		if args[len(args)-1].Kind() != celast.LiteralKind {
			c.errorf(x.place(e.ID()), "write the pattern in the rule", "the pattern of matches must be a constant")
			return false
		}
	case operators.Add, operators.Subtract, operators.Multiply, operators.Divide:
		a, b := kindOf(x.GetType(args[0].ID())), kindOf(x.GetType(args[1].ID()))
		if a == kindDyn && b == kindInt || a == kindInt && b == kindDyn {
			c.errorf(x.place(e.ID()), "write 1.0 for 1, or double(…)", "numbers of attrs are doubles, which do not go with an int")
			return false
		}
	}
	return true
}

// explain turns cel-go's message into ours, with a hint.
func (c *compiler) explain(e *common.Error, tree celast.Expr) (msg, hint string) {
	msg = e.Message
	switch {
	case strings.HasPrefix(msg, "undeclared reference to"):
		name := quotedWord(msg)
		if full := qualifiedName(tree, e.ExprID); full != "" {
			name = full
		}
		return "no signal or function " + `"` + name + `"`, didYouMean(name, c.lang.words, "ringfence lists the signals in docs/rules.md")
	case strings.HasPrefix(msg, "found no matching overload for"):
		name := quotedWord(msg)
		applied := strings.TrimPrefix(msg[strings.Index(msg, "applied to"):], "applied to ")
		for _, f := range functions {
			if f.Name == strings.TrimPrefix(name, "@") {
				return f.Name + " does not take " + strings.Trim(applied, "'"), "write " + f.Signature
			}
		}
		if strings.Contains(applied, "int") && strings.Contains(applied, "double") {
			hint = "write double(…) around the int"
		}
		return operatorWord(name) + " does not take " + strings.Trim(applied, "'"), hint
	case strings.Contains(msg, "does not support field selection"):
		if full := qualifiedName(tree, e.ExprID); full != "" {
			return "no signal " + `"` + full + `"`, didYouMean(full, c.lang.words, "")
		}
	case strings.Contains(msg, "comprehension exceeds nesting limit"):
		return fmt.Sprintf("loops nest deeper than %d", maxLoops), ""
	case strings.HasPrefix(msg, "Syntax error: "):
		return syntaxError(strings.TrimPrefix(msg, "Syntax error: "))
	case msg == "invalid matches argument":
		return "bad pattern" + patternError(tree, e.ExprID), ""
	}
	return msg, ""
}

// syntaxError says in a word what the parser says in a list of everything it would have liked better.
func syntaxError(msg string) (said, hint string) {
	found := quotedWord(msg)
	switch {
	case found == "<EOF>":
		return "syntax error: the expression ends too early", ""
	case strings.HasPrefix(found, "="):
		return "syntax error: unexpected \"=\"", "== compares"
	case strings.HasPrefix(msg, "mismatched input"), strings.HasPrefix(msg, "extraneous input"), strings.HasPrefix(msg, "token recognition error"):
		return fmt.Sprintf("syntax error: unexpected %q", clip(strings.TrimSpace(found))), ""
	}
	return "syntax error: " + msg, ""
}

// patternError is what is wrong with the pattern that the expression with the id holds.
func patternError(tree celast.Expr, id int64) (why string) {
	if tree == nil {
		return ""
	}
	celast.PreOrderVisit(tree, celast.NewExprVisitor(func(e celast.Expr) {
		if s, ok := literalString(e); ok && e.ID() == id {
			if _, err := regexp.Compile(s); err != nil {
				why = ": " + strings.TrimPrefix(err.Error(), "error parsing regexp: ")
			}
		}
	}))
	return why
}

// quotedWord is the first 'word' in a message.
func quotedWord(msg string) string {
	_, rest, _ := strings.Cut(msg, "'")
	word, _, _ := strings.Cut(rest, "'")
	return word
}

// operatorWord is an operator as it is written, or the function's name.
func operatorWord(name string) string {
	if symbol, ok := operators.FindReverse(name); ok && symbol != "" {
		return symbol
	}
	return name
}

// qualifiedName is the longest dotted name that the expression with the id is part of; empty if it is part of none.
func qualifiedName(tree celast.Expr, id int64) (name string) {
	if tree == nil {
		return ""
	}
	celast.PreOrderVisit(tree, celast.NewExprVisitor(func(e celast.Expr) {
		if name != "" || e.Kind() != celast.SelectKind && e.Kind() != celast.IdentKind {
			return
		}
		dotted, covers := "", false
		for {
			covers = covers || e.ID() == id
			if e.Kind() == celast.IdentKind {
				dotted = e.AsIdent() + dotted
				break
			}
			if e.Kind() != celast.SelectKind {
				return
			}
			dotted = "." + e.AsSelect().FieldName() + dotted
			e = e.AsSelect().Operand()
		}
		if covers {
			name = strings.TrimPrefix(dotted, ".")
		}
	}))
	return name
}
