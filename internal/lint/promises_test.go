package lint

import (
	"regexp"
	"strings"
	"testing"
)

var (
	testName = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9_]*)(…?)`")
	testFunc = regexp.MustCompile(`(?m)^func (Test[A-Z][A-Za-z0-9_]*)\(`)
)

// TestPromisesAreTested: a page that names a test as the proof of a promise names one that is there.
func TestPromisesAreTested(t *testing.T) {
	tests := map[string]bool{}
	for _, file := range files(t, ".go") {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range testFunc.FindAllStringSubmatch(read(t, file), -1) {
			tests[m[1]] = true
		}
	}
	exists := func(name string, begins bool) bool {
		for test := range tests {
			if test == name || begins && strings.HasPrefix(test, name) {
				return true
			}
		}
		return false
	}
	for _, page := range files(t, ".md") {
		for _, m := range testName.FindAllStringSubmatch(read(t, page), -1) {
			if !exists(m[1], m[2] != "") {
				t.Errorf("%s names %s, which is no test", page, m[1]+m[2])
			}
		}
	}
}
