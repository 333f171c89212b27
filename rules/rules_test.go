package rules_test

import (
	"context"
	"testing"

	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/rule"
	"github.com/ringfence/ringfence/rules"
)

func TestShippedRules(t *testing.T) {
	for _, dir := range []string{".", "../examples/coshare"} {
		t.Run(dir, func(t *testing.T) { testRules(t, dir) })
	}
	embedded, err := rules.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	onDisk, err := rule.Load(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(embedded) != len(onDisk) {
		t.Errorf("%d files are embedded, %d are in the folder", len(embedded), len(onDisk))
	}
	a, _ := rule.Compile(embedded)
	b, _ := rule.Compile(onDisk)
	if a == nil || b == nil || a.Hash != b.Hash {
		t.Error("the embedded rules are not those in the folder")
	}
}

// testRules runs the tests beside the rules, and holds that every rule fires in one of them.
func testRules(t *testing.T, dir string) {
	files, err := rule.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	set, problems := rule.Compile(files)
	for _, p := range problems {
		t.Error(p)
	}
	if set == nil {
		t.FailNow()
	}
	testFiles, err := rule.LoadTests(dir)
	if err != nil {
		t.Fatal(err)
	}
	tests, problems := rule.ParseTests(testFiles)
	for _, p := range problems {
		t.Error(p)
	}
	fired := map[string]bool{}
	for _, test := range tests {
		t.Run(test.Name, func(t *testing.T) {
			outcomes, err := pipeline.RunTest(context.Background(), set, test)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range outcomes {
				for _, id := range o.Rules {
					fired[id] = true
				}
			}
			for _, diff := range test.Check(outcomes) {
				t.Errorf("%s:%d: %s", test.File, test.Line, diff)
			}
		})
	}
	for _, r := range set.Rules {
		if !fired[r.ID] {
			t.Errorf("%s:%d: rule %s fires in no test", r.File, r.Line, r.ID)
		}
	}
}
