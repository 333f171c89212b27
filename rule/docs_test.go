package rule

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/event"
)

// TestDocsAreFresh holds the tables of the language's documentation to the registry. With -update it writes them.
func TestDocsAreFresh(t *testing.T) {
	const name = "../docs/rules.md"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var signals, functions strings.Builder
	signals.WriteString("| signal | type | entity | what it is |\n|---|---|---|---|\n")
	for _, s := range SignalCatalog() {
		entity := ""
		if s.Entity != event.NoEntity {
			entity = s.Entity.String()
		}
		fmt.Fprintf(&signals, "| `%s` | %s | %s | %s |\n", s.Name, s.Type, entity, s.Doc)
	}
	signals.WriteString("| `attrs.…`, `attrs[\"…\"]` | dyn | | any other field of the event: text, double or bool |\n")
	functions.WriteString("| call | gives | what it is |\n|---|---|---|\n")
	for _, f := range FunctionCatalog() {
		fmt.Fprintf(&functions, "| `%s` | %s | %s |\n", f.Signature, f.Gives, f.Doc)
	}
	got := string(data)
	for part, table := range map[string]string{"signals": signals.String(), "functions": functions.String()} {
		between := regexp.MustCompile(`(?s)(<!-- ` + part + ` -->\n).*(<!-- /` + part + ` -->)`)
		if !between.MatchString(got) {
			t.Fatalf("%s lacks the marks of its table of %s", name, part)
		}
		got = between.ReplaceAllStringFunc(got, func(string) string {
			return "<!-- " + part + " -->\n" + table + "<!-- /" + part + " -->"
		})
	}
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(data) {
		t.Errorf("%s is stale: run go test ./rule -update", name)
	}
}

// TestDocsExamples holds that every YAML example of the documentation compiles.
func TestDocsExamples(t *testing.T) {
	data, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(data), -1)
	if len(examples) != 2 {
		t.Fatalf("got %d examples, want the rule and its test", len(examples))
	}
	rules := []File{{Name: "a.yaml", Data: []byte(examples[0][1])}}
	if set, problems := Compile(rules); set == nil {
		t.Errorf("rule: %v", problems)
	}
	tests := []File{{Name: "a_test.yaml", Data: []byte(examples[1][1])}}
	if parsed, problems := ParseTests(tests); len(parsed) != 1 || len(problems) > 0 {
		t.Errorf("test: %v", problems)
	}
}
