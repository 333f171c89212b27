package rule

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// Most literals, and the most of their bytes, that stand in for a pattern.
const (
	maxLiterals     = 16
	maxLiteralBytes = 256
)

// compilePattern makes a matcher of a regular expression. A pattern that is only a choice of fixed texts needs no regular
// expression; any other one is tried only on text that holds one of the texts it cannot match without, if it has such.
func compilePattern(pattern string) (func(string) bool, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	tree = tree.Simplify()
	if all, ok := literals(tree); ok && !slices.Contains(all, "") {
		return func(s string) bool { return containsAny(s, all) }, nil
	}
	if need := required(tree); len(need) > 0 {
		return func(s string) bool { return containsAny(s, need) && re.MatchString(s) }, nil
	}
	return re.MatchString, nil
}

func containsAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// literals are all texts that the expression matches, if these are few and it is nothing but them.
func literals(re *syntax.Regexp) (texts []string, ok bool) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 || slices.Contains(re.Rune, utf8.RuneError) { // that one also matches broken UTF-8
			return nil, false
		}
		return []string{string(re.Rune)}, true
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if len(texts) == maxLiterals || r == utf8.RuneError {
					return nil, false
				}
				texts = append(texts, string(r))
			}
		}
		return texts, len(texts) > 0
	case syntax.OpCapture:
		return literals(re.Sub[0])
	case syntax.OpQuest:
		texts, ok = literals(re.Sub[0])
		return append(texts, ""), ok
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			more, ok := literals(sub)
			if !ok || len(texts)+len(more) > maxLiterals {
				return nil, false
			}
			texts = append(texts, more...)
		}
		return texts, true
	case syntax.OpConcat:
		texts = []string{""}
		for _, sub := range re.Sub {
			more, ok := literals(sub)
			if !ok || len(texts)*len(more) > maxLiterals {
				return nil, false
			}
			joined := make([]string, 0, len(texts)*len(more))
			for _, head := range texts {
				for _, tail := range more {
					if len(head)+len(tail) > maxLiteralBytes {
						return nil, false
					}
					joined = append(joined, head+tail)
				}
			}
			texts = joined
		}
		return texts, true
	}
	return nil, false
}

// required are texts of which every match holds at least one; none if no such texts are known.
func required(re *syntax.Regexp) []string {
	if texts, ok := literals(re); ok {
		if slices.Contains(texts, "") {
			return nil
		}
		return texts
	}
	switch re.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			texts := required(sub)
			if len(texts) == 0 || len(all)+len(texts) > maxLiterals {
				return nil
			}
			all = append(all, texts...)
		}
		return all
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if texts := required(sub); len(texts) > 0 && (best == nil || shortest(texts) > shortest(best)) {
				best = texts
			}
		}
		return best
	}
	return nil
}

func shortest(texts []string) int {
	n := len(texts[0])
	for _, t := range texts {
		n = min(n, len(t))
	}
	return n
}
