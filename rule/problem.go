package rule

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says whether a problem stops a rule set from compiling.
type Severity uint8

// The severities.
const (
	Error Severity = iota
	Warning
)

// String is the severity's word in messages.
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Problem is something wrong in a file. Line and Col count from 1; Col counts characters. Both are 0 for a whole file.
type Problem struct {
	File     string
	Line     int
	Col      int
	Severity Severity
	Msg      string
	Hint     string // what to do; may be empty
}

// String is the problem as compilers print it: file:line:col: severity: message (hint).
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
	}
	s += ": " + p.Severity.String() + ": " + p.Msg
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// HasErrors reports whether any problem is an error.
func HasErrors(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Error })
}

// maxProblems bounds what one compilation reports, so that a hostile file cannot fill memory with complaints.
const maxProblems = 200

// reporter collects the problems of one compilation.
type reporter struct{ problems []Problem }

func (r *reporter) add(p Problem) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, p)
	}
}

func (r *reporter) errorf(at place, hint, format string, args ...any) {
	r.add(Problem{File: at.file, Line: at.line, Col: at.col, Severity: Error, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

func (r *reporter) warnf(at place, hint, format string, args ...any) {
	r.add(Problem{File: at.file, Line: at.line, Col: at.col, Severity: Warning, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

// sorted is what was reported, by place.
func (r *reporter) sorted() []Problem {
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return r.problems
}

// place is a position in a file, counted from 1.
type place struct {
	file      string
	line, col int
}

// didYouMean is the hint that names the nearest of the known words, or the fallback if none is near.
func didYouMean(word string, known []string, fallback string) string {
	best, least := "", len(word)/3+2
	for _, k := range known {
		if d := distance(word, k, least); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return fallback
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// distance is the number of edits (insert, delete, replace, swap neighbours) between two words, or limit if it is not below it.
func distance(a, b string, limit int) int {
	const longest = 64
	if len(a) > longest || len(b) > longest || len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	var rows [3][longest + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, above, twoAbove := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := above[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(replace, above[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], twoAbove[j-2]+1)
			}
		}
	}
	return min(rows[len(a)%3][len(b)], limit)
}
