package rule

import (
	"fmt"
	"strconv"
	"strings"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// canonical is an expression's text without anything that does not change its meaning: spacing, comments, quotes, brackets, and
// whether a function was called as a method.
func canonical(e celast.Expr) string {
	var b strings.Builder
	writeCanonical(&b, e)
	return b.String()
}

func writeCanonical(b *strings.Builder, e celast.Expr) {
	group := func(head string, parts ...celast.Expr) {
		b.WriteString("(" + head)
		for _, p := range parts {
			b.WriteByte(' ')
			writeCanonical(b, p)
		}
		b.WriteByte(')')
	}
	switch e.Kind() {
	case celast.IdentKind:
		b.WriteString(canonicalName(e.AsIdent()))
	case celast.LiteralKind:
		switch v := e.AsLiteral().(type) {
		case types.String:
			b.WriteString(strconv.Quote(string(v)))
		case types.Double:
			b.WriteString("d" + strconv.FormatFloat(float64(v), 'g', -1, 64))
		case types.Bytes:
			b.WriteString("b" + strconv.Quote(string(v)))
		default:
			fmt.Fprintf(b, "%s:%v", v.Type().TypeName(), v.Value())
		}
	case celast.SelectKind:
		group("."+e.AsSelect().FieldName(), e.AsSelect().Operand())
	case celast.CallKind:
		call := e.AsCall()
		args := call.Args()
		if call.IsMemberFunction() {
			args = append([]celast.Expr{call.Target()}, args...)
		}
		group(call.FunctionName(), args...)
	case celast.ListKind:
		group("list", e.AsList().Elements()...)
	case celast.MapKind:
		var parts []celast.Expr
		for _, entry := range e.AsMap().Entries() {
			parts = append(parts, entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
		}
		group("map", parts...)
	case celast.ComprehensionKind:
		loop := e.AsComprehension()
		group("loop "+loop.IterVar(), loop.IterRange(), loop.AccuInit(), loop.LoopCondition(), loop.LoopStep(), loop.Result())
	}
}

// canonicalName quotes a name that holds more than a plain name does, so that a field of attrs cannot pass for something else.
func canonicalName(name string) string {
	plain := func(r rune) bool {
		return r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	if strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) < 0 {
		return name
	}
	return "$" + strconv.Quote(name)
}
