package match

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
)

// A Term is what to look for, and what is said of it. Only Text is needed.
type Term struct {
	Text     string `yaml:"term" json:"term"`
	Policy   string `yaml:"policy" json:"policy,omitempty"`
	Severity int    `yaml:"severity" json:"severity,omitempty"`
	Lang     string `yaml:"lang" json:"lang,omitempty"`

	// Boundary says where words must begin and end: "both" (the default), "start", "end" or "none". In scripts without spaces
	// there are no words.
	Boundary string `yaml:"boundary" json:"boundary,omitempty"`
	// Inflections are the endings that the term may have, in place of the usual ones; an empty list allows none.
	Inflections *[]string `yaml:"inflections" json:"inflections,omitempty"`
	// Except are longer texts in which the term is not meant.
	Except []string `yaml:"except" json:"except,omitempty"`
	// Near, if any, are texts of which one must stand within 100 bytes of the term; no text of Unless may.
	Near   []string `yaml:"near" json:"near,omitempty"`
	Unless []string `yaml:"unless" json:"unless,omitempty"`
}

// conditional reports whether it depends on what is around a match whether it counts.
func (t *Term) conditional() bool { return len(t.Except)+len(t.Near)+len(t.Unless) > 0 }

// Bounds of a list.
const (
	maxTerms    = 100_000
	maxTermText = 200
	maxTexts    = 100 // of Except, Near, Unless and Inflections, each
)

// errTerm marks what is wrong with a term.
var errTerm = errors.New("bad term")

func (t *Term) check() error {
	switch {
	case strings.TrimSpace(t.Text) == "":
		return fmt.Errorf("%w: it has no text", errTerm)
	case len(t.Text) > maxTermText:
		return fmt.Errorf("%w: its text has %d bytes, the most is %d", errTerm, len(t.Text), maxTermText)
	case max(len(t.Except), len(t.Near), len(t.Unless)) > maxTexts, t.Inflections != nil && len(*t.Inflections) > maxTexts:
		return fmt.Errorf("%w: %q: a list of more than %d texts", errTerm, t.Text, maxTexts)
	}
	switch t.Boundary {
	case "", "both", "start", "end", "none":
		return nil
	}
	return fmt.Errorf("%w: %q: boundary %q; it is both, start, end or none", errTerm, t.Text, t.Boundary)
}

// ReadTerms reads a list: a term a line, or, of a name that ends in .yaml or .yml, a list of terms with their fields. Empty lines
// and lines that begin with "# " are left out.
func ReadTerms(r io.Reader, name string) ([]Term, error) {
	const maxFile = 64 << 20
	in := io.LimitReader(r, maxFile)
	if ext := filepath.Ext(name); ext == ".yaml" || ext == ".yml" {
		var terms []Term
		if err := yaml.NewDecoder(in, yaml.Strict()).Decode(&terms); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return terms, nil
	}
	var terms []Term
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line == "#" || strings.HasPrefix(line, "# ") {
			continue
		}
		if terms = append(terms, Term{Text: line}); len(terms) > maxTerms {
			return nil, fmt.Errorf("%s: more than %d terms", name, maxTerms)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: line %d: %w", name, len(terms)+1, err)
	}
	return terms, nil
}
