package rule

import (
	"strings"
	"testing"
)

// TestHostileFiles holds that files made to be slow are refused. The YAML parser alone takes many seconds for most of them; that this
// test is quick is its point.
func TestHostileFiles(t *testing.T) {
	const size = maxYAMLBytes - maxLineBytes
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	line := func(s string) string { return fill(strings.Repeat(s, (maxLineBytes-8)/len(s)) + "\n") }
	for name, data := range map[string]string{
		"pairs":      fill("a: b\n"),
		"commas":     "a: [\n" + fill(",\n"),
		"scalars":    fill("'a'\n"),
		"closers":    line("]"),
		"flow maps":  "a: [\n" + fill("{a: b},\n") + "]",
		"flow lines": "a:\n" + fill("- ["+strings.Repeat("{a: b},", 1000)+"]\n"),
		"reserved":   line("@ "),
		"backticks":  "a: " + line("` "),
		"braces":     "a: " + line("{} "),
		"open":       "a: [\n" + fill("a,\n"),
		"documents":  fill("---\na\n"),
		"anchors":    fill("&a "),
		"aliases":    fill("*a\n"),
		"tags":       fill("!a "),
		"deep":       "a: " + strings.Repeat("[", maxLineBytes-8),
		"dashes":     strings.Repeat("- ", maxLineBytes/2-8),
		"long line":  "a: " + strings.Repeat("x", 2*maxLineBytes),
		"large":      "# " + strings.Repeat("x\n# ", maxYAMLBytes),
		"not UTF-8":  "rules:\n  - id: \xff\xfe\n    on: \x00\n",
	} {
		t.Run(name, func(t *testing.T) {
			if set, problems := Compile([]File{{Name: "a.yaml", Data: []byte(data)}}); set != nil || !HasErrors(problems) {
				t.Errorf("accepted: %v", problems)
			}
		})
	}
}
