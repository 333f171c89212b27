package rule

import "strings"

// segment is a piece of a reason: fixed text, or an expression's value.
type segment struct {
	fixed string
	value *node
}

// maxExpressions bounds the expressions of one reason.
const maxExpressions = 16

// template reads a reason: text with expressions in braces. Two opening or closing braces stand for one.
func (c *compiler) template(r *Rule, src text) ([]segment, bool) {
	var segments []segment
	var fixed strings.Builder
	ok := true
	line, col, values := 1, 1, 0
	rest := src.s
	advance := func(n int) {
		for _, ch := range rest[:n] {
			col++
			if ch == '\n' {
				line, col = line+1, 1
			}
		}
		rest = rest[n:]
	}
	for rest != "" {
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			fixed.WriteByte(rest[0])
			advance(2)
		case rest[0] == '{':
			end := closingBrace(rest)
			if end < 0 {
				c.errorf(src.locate(line, col), "write {{ for a brace", "{ without }")
				return nil, false
			}
			if values++; values > maxExpressions {
				c.errorf(src.locate(line, col), "", "more than %d expressions in a reason", maxExpressions)
				return nil, false
			}
			part := text{s: rest[1:end], at: src.locate(line, col+1), flow: src.flow}
			n, fine := c.segment(r, part)
			ok = ok && fine
			segments = append(segments, segment{fixed: fixed.String()}, segment{value: &n})
			fixed.Reset()
			advance(end + 1)
		case rest[0] == '}':
			c.errorf(src.locate(line, col), "write }} for a brace", "} without {")
			return nil, false
		default:
			n := strings.IndexAny(rest, "{}")
			if n < 0 {
				n = len(rest)
			}
			fixed.WriteString(rest[:n])
			advance(n)
		}
	}
	return append(segments, segment{fixed: fixed.String()}), ok
}

// segment plans one expression of a reason.
func (c *compiler) segment(r *Rule, src text) (node, bool) {
	if strings.TrimSpace(src.s) == "" {
		c.errorf(src.at, "", "nothing between { and }")
		return node{}, false
	}
	x, ok := c.expression(r, src)
	if !ok {
		return node{}, false
	}
	n := c.plan(x, x.Expr())
	if n.kind == noKind {
		c.errorf(src.at, "", "a reason cannot show a %s", x.GetType(x.Expr().ID()))
		return node{}, false
	}
	return n, true
}

// closingBrace is the place of the brace that closes the first one, past quoted text; −1 if there is none.
func closingBrace(s string) int {
	var quote byte
	depth := 0
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; {
		case quote != 0:
			if ch == '\\' {
				i++
			} else if ch == quote {
				quote = 0
			}
		case ch == '\'' || ch == '"':
			quote = ch
		case ch == '{':
			depth++
		case ch == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// Reason is why the rule fired, with the values of the event under evaluation. It allocates.
func (ev *Evaluation) Reason(r *Rule) string {
	var b strings.Builder
	for _, s := range r.because {
		if s.value == nil {
			b.WriteString(s.fixed)
			continue
		}
		b.WriteString(s.value.format(ev))
	}
	if b.Len() == 0 {
		return "rule " + r.ID
	}
	return b.String()
}
