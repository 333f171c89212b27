package rule

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a YAML file. The parser recurses, and takes quadratic time over the keys of one mapping, long lines and what stands
// between brackets, so these are bounded before it runs.
const (
	maxYAMLBytes     = 256 << 10
	maxLineBytes     = 8 << 10
	maxFlowTokens    = 20_000
	maxNesting       = 32
	maxKeysOfMapping = 2_000
)

// document reads one YAML file node by node, so that every complaint has its place.
type document struct {
	*reporter
	file string
	data []byte
}

// root parses the file; ok is false where it cannot be read, which is then reported.
func (d *document) root() (n ast.Node, ok bool) {
	whole := place{file: d.file}
	if len(d.data) > maxYAMLBytes {
		d.errorf(whole, "split it", "file is larger than %d KiB", maxYAMLBytes>>10)
		return nil, false
	}
	line := 0
	for text := range bytes.Lines(d.data) {
		if line++; len(text) > maxLineBytes {
			d.errorf(place{d.file, line, 1}, "break it, or put long text below a |", "line is longer than %d KiB", maxLineBytes>>10)
			return nil, false
		}
	}
	f, err := d.parse()
	if err != nil {
		at := whole
		msg := err.Error()
		if syntax, ok := errors.AsType[yaml.Error](err); ok {
			msg = syntax.GetMessage()
			if t := syntax.GetToken(); t != nil && t.Position != nil {
				at.line, at.col = t.Position.Line, t.Position.Column
			}
		}
		d.errorf(at, "", "not valid YAML: %s", msg)
		return nil, false
	}
	if f == nil {
		return nil, false // refused by scan
	}
	for _, doc := range f.Docs {
		if doc.Body == nil {
			continue
		}
		if n != nil {
			d.errorf(d.place(doc.Body), "use one file for each", "more than one YAML document in a file")
			return nil, false
		}
		n = doc.Body
	}
	if n == nil {
		d.warnf(whole, "", "file is empty")
	}
	return n, n != nil
}

// parse scans and parses the file. A panic of the YAML library becomes an error: a file that breaks it is refused like any other.
func (d *document) parse() (f *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			f, err = nil, fmt.Errorf("the parser gave up: %v", p)
		}
	}()
	tokens := lexer.Tokenize(string(d.data))
	if !d.scan(tokens) {
		return nil, nil
	}
	return parser.Parse(tokens, 0)
}

// scan refuses what would cost the parser time or stack out of proportion, and what would hide from the reader what a rule does.
func (d *document) scan(tokens token.Tokens) bool {
	type scope struct{ column, keys int }
	documents, inFlow := 0, 0
	var scopes []scope // mappings and lists that are open; those in brackets have column 0
	for _, t := range tokens {
		at := place{d.file, t.Position.Line, t.Position.Column}
		flow := len(scopes) > 0 && scopes[len(scopes)-1].column == 0
		if !flow {
			inFlow = 0
		} else if inFlow++; inFlow > maxFlowTokens {
			d.errorf(at, "write long lists as lines of \"- …\"", "too much between brackets")
			return false
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.MappingKeyType, token.DirectiveType:
			d.errorf(at, "put text that begins with & * ! ? or % in quotes, or below a |", "anchors, aliases, tags and directives are not part of rule files")
			return false
		case token.DocumentHeaderType:
			if documents++; documents > 1 {
				d.errorf(at, "use one file for each", "more than one YAML document in a file")
				return false
			}
		case token.MappingStartType, token.SequenceStartType:
			scopes = append(scopes, scope{})
		case token.MappingEndType, token.SequenceEndType:
			if flow {
				scopes = scopes[:len(scopes)-1]
			}
		case token.SequenceEntryType, token.MappingValueType:
			if !flow {
				column := t.Position.Column
				if t.Type == token.MappingValueType && t.Prev != nil {
					column = t.Prev.Position.Column
				}
				for len(scopes) > 0 && scopes[len(scopes)-1].column > column {
					scopes = scopes[:len(scopes)-1]
				}
				if len(scopes) == 0 || scopes[len(scopes)-1].column < column {
					scopes = append(scopes, scope{column: column})
				}
			}
			if top := len(scopes) - 1; t.Type == token.MappingValueType {
				if scopes[top].keys++; scopes[top].keys > maxKeysOfMapping {
					d.errorf(at, "split the file", "more than %d keys in one mapping", maxKeysOfMapping)
					return false
				}
			}
		}
		if len(scopes) > maxNesting {
			d.errorf(at, "", "nested deeper than %d levels", maxNesting)
			return false
		}
	}
	return true
}

// place is where a node starts.
func (d *document) place(n ast.Node) place {
	if pair, ok := n.(*ast.MappingValueNode); ok {
		n = pair.Key
	}
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		n = m.Values[0].Key
	}
	t := n.GetToken()
	if t == nil || t.Position == nil {
		return place{file: d.file}
	}
	return place{d.file, t.Position.Line, t.Position.Column}
}

// field is one "key: value" of a mapping.
type field struct {
	key   string
	at    place // of the key
	value ast.Node
}

// fields reads a mapping. With known keys given, any other key is an error; what names the mapping in messages.
func (d *document) fields(n ast.Node, what string, known ...string) ([]field, bool) {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		d.errorf(d.place(n), "", "%s must be a mapping of keys to values, not %s", what, yamlKind(n))
		return nil, false
	}
	fields := make([]field, 0, len(pairs))
	for _, p := range pairs {
		at := d.place(p.Key)
		key, ok := scalarText(p.Key)
		if !ok {
			d.errorf(at, "", "a key of %s must be a plain word", what)
			continue
		}
		if len(known) > 0 && !slices.Contains(known, key) {
			d.errorf(at, didYouMean(key, known, "known are "+strings.Join(known, ", ")), "unknown key %q in %s", key, what)
			continue
		}
		fields = append(fields, field{key, at, p.Value})
	}
	return fields, true
}

// items reads a sequence.
func (d *document) items(n ast.Node, what string) []ast.Node {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		d.errorf(d.place(n), "write each entry as \"- …\"", "%s must be a list, not %s", what, yamlKind(n))
		return nil
	}
	return s.Values
}

// words reads a word or a list of words.
func (d *document) words(n ast.Node, what string) []text {
	nodes := []ast.Node{n}
	if s, ok := n.(*ast.SequenceNode); ok {
		nodes = s.Values
	}
	var words []text
	for _, n := range nodes {
		if w, ok := d.text(n, what); ok {
			words = append(words, w)
		}
	}
	return words
}

// text is a scalar's text with what is needed to find a character of it in the file.
type text struct {
	s    string
	at   place // of its first character
	flow bool  // the lines of s are not the lines of the file: only the first line's places are exact
}

// locate is the place in the file of the character at a line and column of the text, both counted from 1.
func (t text) locate(line, col int) place {
	switch {
	case line == 1 && t.at.line > 0:
		return place{t.at.file, t.at.line, t.at.col + col - 1}
	case t.flow:
		return t.at
	}
	return place{t.at.file, t.at.line + line - 1, t.at.col + col - 1}
}

// text reads a scalar as text.
func (d *document) text(n ast.Node, what string) (text, bool) {
	at := d.place(n)
	switch n := n.(type) {
	case *ast.LiteralNode:
		s := strings.TrimRight(n.Value.Value, "\n")
		folded := strings.HasPrefix(n.Start.Value, ">")
		at.line, at.col = d.blockStart(at.line)
		return text{s: s, at: at, flow: folded}, s != "" || d.empty(at, what)
	case *ast.StringNode:
		if c := d.byteAt(at); c == '"' || c == '\'' {
			at.col++
		}
		multi := strings.Contains(strings.TrimSpace(n.Token.Origin), "\n")
		return text{s: n.Value, at: at, flow: multi}, n.Value != "" || d.empty(at, what)
	}
	if s, ok := scalarText(n); ok {
		return text{s: s, at: at}, true
	}
	d.errorf(at, "", "%s must be text, not %s", what, yamlKind(n))
	return text{}, false
}

func (d *document) empty(at place, what string) bool {
	d.errorf(at, "", "%s is empty", what)
	return false
}

// blockStart is where the text of a block scalar begins whose indicator stands on the line.
func (d *document) blockStart(indicator int) (line, col int) {
	for text := range bytes.Lines(d.data) {
		line++
		if line <= indicator || len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		return indicator + 1, 1 + len(text) - len(bytes.TrimLeft(text, " "))
	}
	return indicator, 1
}

// byteAt is the byte at a place, 0 if there is none.
func (d *document) byteAt(at place) byte {
	line := 0
	for text := range bytes.Lines(d.data) {
		line++
		if line == at.line {
			if runes := []rune(string(text)); at.col >= 1 && at.col <= len(runes) && runes[at.col-1] < 0x80 {
				return byte(runes[at.col-1])
			}
			return 0
		}
	}
	return 0
}

// number reads a number between two bounds; a percent sign is allowed where percent is set.
func (d *document) number(n ast.Node, what string, low, high float64, percent bool) (float64, bool) {
	t, ok := d.text(n, what)
	if !ok {
		return 0, false
	}
	s := t.s
	if percent {
		s = strings.TrimSpace(strings.TrimSuffix(s, "%"))
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || v < low || v > high {
		d.errorf(t.at, "", "%s must be a number from %.0f to %.0f, not %q", what, low, high, clip(t.s))
		return 0, false
	}
	return v, true
}

// integer reads a whole number between two bounds.
func (d *document) integer(n ast.Node, what string, low, high int) (int, bool) {
	v, ok := d.number(n, what, float64(low), float64(high), false)
	if ok && v != math.Trunc(v) {
		d.errorf(d.place(n), "", "%s must be a whole number", what)
		return 0, false
	}
	return int(v), ok
}

// duration reads a positive Go duration such as 72h.
func (d *document) duration(n ast.Node, what string) (time.Duration, bool) {
	t, ok := d.text(n, what)
	if !ok {
		return 0, false
	}
	v, hint, err := parseDuration(t.s)
	if err != nil {
		d.errorf(t.at, hint, "%s: %v", what, err)
		return 0, false
	}
	return v, true
}

// parseDuration reads a positive duration and, where it fails, says what to write instead.
func parseDuration(s string) (v time.Duration, hint string, err error) {
	v, err = time.ParseDuration(s)
	switch {
	case err != nil:
		hint = "write a number with a unit: 90s, 10m, 72h"
		if days, isDays := strings.CutSuffix(s, "d"); isDays {
			if n, err := strconv.Atoi(days); err == nil && n > 0 && n < 10_000 {
				hint = fmt.Sprintf("write %dh", 24*n)
			}
		}
		return 0, hint, fmt.Errorf("%q is not a duration", clip(s))
	case v <= 0:
		return 0, "", fmt.Errorf("a duration must be above zero, not %q", clip(s))
	}
	return v, "", nil
}

// clip shortens text that is quoted in a message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// scalarText is a scalar as it stands in the file, without quotes.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// yamlKind names a node in messages.
func yamlKind(n ast.Node) string {
	switch n.(type) {
	case *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	}
	return "a single value"
}
