package config

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Error is one thing that is wrong with a configuration file.
type Error struct {
	File         string
	Line, Column int    // from 1; 0 if what is wrong is not written in the file
	Field        string // such as webhooks[0].url; empty for errors of YAML
	Msg          string
}

// Error is "file:line:column: field: message".
func (e *Error) Error() string {
	s := e.File + ": "
	if e.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d: ", e.File, e.Line, e.Column)
	}
	if e.Field != "" {
		s += e.Field + ": "
	}
	return s + e.Msg
}

// Parse is Load for a file's content; file is its name in errors.
func Parse(file string, data []byte) (Config, error) {
	r := reader{file: file, at: map[string]*token.Position{}}
	c := Defaults()
	root, err := parser.ParseBytes(data, 0)
	if err != nil {
		r.refuseYAML(err)
		return Config{}, r.all()
	}
	if len(root.Docs) > 1 {
		r.refuse("", root.Docs[1].Start.Position, "a configuration is one YAML document")
	} else if len(root.Docs) == 1 && root.Docs[0].Body != nil {
		r.read("", root.Docs[0].Body, reflect.ValueOf(&c).Elem())
	}
	if len(r.wrong) == 0 {
		c.validate(func(field, format string, args ...any) { r.refuse(field, r.find(field), fmt.Sprintf(format, args...)) })
	}
	if len(r.wrong) > 0 {
		return Config{}, r.all()
	}
	return c, nil
}

// reader fills a configuration from a YAML tree and collects what is wrong.
type reader struct {
	file  string
	at    map[string]*token.Position // where each field is written
	wrong []*Error
}

// all joins the errors in the order of the file.
func (r *reader) all() error {
	slices.SortStableFunc(r.wrong, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, len(r.wrong))
	for i, e := range r.wrong {
		errs[i] = e
	}
	return errors.Join(errs...)
}

func (r *reader) refuse(field string, at *token.Position, msg string) {
	e := &Error{File: r.file, Field: field, Msg: msg}
	if at != nil {
		e.Line, e.Column = at.Line, at.Column
	}
	r.wrong = append(r.wrong, e)
}

// refuseYAML takes over an error of the YAML parser with its position.
func (r *reader) refuseYAML(err error) {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		r.refuse("", y.GetToken().Position, y.GetMessage())
		return
	}
	r.refuse("", nil, err.Error())
}

// find is where a field is written, or else the innermost section around it that is.
func (r *reader) find(field string) *token.Position {
	for field != "" {
		if at, found := r.at[field]; found {
			return at
		}
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
	}
	return nil
}

// read fills v from a node. A null leaves it as it is.
func (r *reader) read(field string, n ast.Node, v reflect.Value) {
	at := start(n)
	if _, written := r.at[field]; !written {
		r.at[field] = at
	}
	switch n.(type) {
	case *ast.NullNode, *ast.CommentGroupNode:
		return
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		r.refuse(field, at, "YAML anchors, aliases and tags are not used here: write the value out")
		return
	}
	if text, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		scalar, ok := n.(ast.ScalarNode)
		if !ok {
			r.refuse(field, at, "must be a single value")
		} else if err := text.UnmarshalText([]byte(written(scalar))); err != nil {
			r.refuse(field, at, fmt.Sprintf("%q %s", clip(written(scalar)), reason(v, err)))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.readSection(field, n, v)
	case reflect.Slice:
		r.readList(field, n, v)
	case reflect.String:
		switch n.(type) {
		case *ast.StringNode, *ast.LiteralNode:
			v.SetString(written(n.(ast.ScalarNode)))
		default:
			r.refuse(field, at, "must be a text; put it in quotes if it looks like a number or a word of YAML")
		}
	case reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok {
			r.refuse(field, at, "must be true or false")
			return
		}
		v.SetBool(b.Value)
	case reflect.Int:
		i, ok := n.(*ast.IntegerNode)
		var value int64
		var err error
		if ok {
			value, err = strconv.ParseInt(strings.ReplaceAll(i.GetToken().Value, "_", ""), 10, 64)
		}
		if !ok || err != nil {
			r.refuse(field, at, "must be a whole number")
			return
		}
		v.SetInt(value)
	default:
		panic("config: field " + field + " has a type that no file can hold")
	}
}

// start is where a node begins; a mapping's own token is its first colon.
func start(n ast.Node) *token.Position {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	return n.GetToken().Position
}

// readSection fills a struct from a mapping.
func (r *reader) readSection(field string, n ast.Node, v reflect.Value) {
	var entries []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		entries = n.Values
	case *ast.MappingValueNode:
		entries = []*ast.MappingValueNode{n}
	default:
		r.refuse(field, n.GetToken().Position, "must be a section with the keys "+strings.Join(keys(v.Type()), ", "))
		return
	}
	for _, entry := range entries {
		token := entry.Key.GetToken()
		inner := join(field, token.Value)
		i := slices.Index(keys(v.Type()), token.Value)
		if i < 0 {
			r.refuse(join(field, clip(token.Value)), token.Position, "unknown key"+suggest(token.Value, keys(v.Type())))
			continue
		}
		r.at[inner] = token.Position
		r.read(inner, entry.Value, v.Field(i))
	}
}

// readList fills a slice from a sequence; what the file gives replaces the default.
func (r *reader) readList(field string, n ast.Node, v reflect.Value) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		r.refuse(field, n.GetToken().Position, "must be a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
	for i, item := range list.Values {
		r.read(fmt.Sprintf("%s[%d]", field, i), item, v.Index(i))
	}
}

// keys are the keys of a section, in the order of its fields.
func keys(section reflect.Type) []string {
	names := make([]string, section.NumField())
	for i := range names {
		names[i] = section.Field(i).Tag.Get("yaml")
	}
	return names
}

func join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + key
}

// written is a scalar as it stands in the file, without quotes.
func written(n ast.ScalarNode) string {
	if literal, ok := n.(*ast.LiteralNode); ok {
		return literal.Value.Value
	}
	return n.GetToken().Value
}

// reason is an unmarshaler's error in the words of this package.
func reason(v reflect.Value, err error) string {
	if v.Type() == reflect.TypeFor[netip.Prefix]() {
		return "must be an address range such as 10.0.0.0/8"
	}
	return err.Error()
}

// clip keeps a hostile value from filling the screen.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:57], "") + "..."
	}
	return s
}

// suggest names the known key that differs in the fewest letters, if it is near.
func suggest(unknown string, known []string) string {
	best, at := "", 3 // more than two letters apart is another word
	for _, k := range known {
		if d := distance(unknown, k); d < at {
			best, at = k, d
		}
	}
	if best == "" {
		return "; known are " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	if len(a) > 2*len(b)+8 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
