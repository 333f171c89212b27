package lint

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// layers is the architecture, from the bottom up: a package imports only packages that stand before it. A folder stands for the
// packages in it, unless one has a line of its own; among those of one folder a driver may import its port, never the reverse.
var layers = []string{
	"internal/lint",
	"event",
	"text", "media", "graph", "learn", "webhook", // libraries that stand alone
	"text/classify", // and one that joins two of them
	"rule",
	"rules",
	"sim",
	"internal/config",
	"internal/window",
	"internal/journal",
	"internal/effect",
	"internal/bank",
	"internal/account",
	"internal/model",
	"internal/review",
	"internal/change",
	"internal/state",
	"internal/source",
	"internal/group",
	"internal/signals",
	"internal/extract",
	"internal/archive",
	"internal/record",
	"internal/decide",
	"internal/fetch",
	"internal/blob",
	"internal/gallery",
	"internal/known",
	"internal/scorer",
	"internal/recognise",
	"internal/recent",
	"internal/enforce",
	"internal/ingest",
	"internal/control",
	"internal/prevalence",
	"internal/casework",
	"internal/pipeline",
	"internal/groupaction",
	"internal/discovery",
	"internal/auth",
	"internal/api",
	"internal/app",
	"bench",
	"examples",
	"cmd/ringfence",
}

// libraries import no package of ours that is not in the same folder, but for those that they are listed with.
var libraries = map[string][]string{"text": nil, "media": nil, "graph": nil, "learn": nil, "webhook": nil, "text/classify": {"text", "learn"}}

// parts are packages that belong to the one they are in as organs, not as drivers of its port.
var parts = []string{"internal/state/ids", "bench/input"}

const module = "github.com/ringfence/ringfence"

// layer is the place of a package in layers; -1 if it has none.
func layer(pkg string) int {
	for dir := pkg; dir != "."; dir = path.Dir(dir) {
		if i := slices.Index(layers, dir); i >= 0 {
			return i
		}
	}
	return -1
}

// mayImport says why one package must not import another; empty if it may.
func mayImport(from, to string) string {
	a, b := layer(from), layer(to)
	if a < 0 || b < 0 {
		return "" // TestEveryPackageHasALayer says it
	}
	joined, library := libraries[layers[a]]
	switch {
	case library && a != b && !slices.Contains(joined, layers[b]):
		return "it is a library that stands alone"
	case a < b:
		return fmt.Sprintf("%s stands above %s", layers[b], layers[a])
	case a == b && strings.HasPrefix(to, from+"/") && !slices.Contains(parts, to):
		return "a port must not import its driver"
	}
	return ""
}

func TestPackagesImportOnlyDownwards(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.isTest() {
			continue
		}
		for _, imported := range f.imports() {
			to, ours := strings.CutPrefix(imported, module+"/")
			if why := mayImport(f.dir(), to); ours && why != "" {
				t.Errorf("%s imports %s: %s", f.path, to, why)
			}
		}
	}
}

func TestEveryPackageHasALayer(t *testing.T) {
	for _, dir := range packages(t) {
		if layer(dir) < 0 {
			t.Errorf("%s has no layer: put it into the list in internal/lint/layers_test.go, above everything that it imports", dir)
		}
	}
}

// TestTheArchitecturePageNamesEveryPackage compares the page's table with the folders that there are.
func TestTheArchitecturePageNamesEveryPackage(t *testing.T) {
	page, err := os.ReadFile(root + "/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	named := tableNames(string(page))
	for _, dir := range packages(t) {
		if dir == "internal/lint" || strings.HasPrefix(dir, "examples/") {
			continue
		}
		covered := slices.ContainsFunc(named, func(n string) bool { return n == dir || strings.HasPrefix(dir, n+"/") })
		if !covered {
			t.Errorf("%s is not in the table of ARCHITECTURE.md", dir)
		}
	}
}

var code = regexp.MustCompile("`([^`]+)`")

// tableNames are the names in code type in the first column of a page's tables.
func tableNames(page string) []string {
	var names []string
	for line := range strings.Lines(page) {
		if cell, rest, found := strings.Cut(strings.TrimPrefix(line, "|"), "|"); found && rest != "" && strings.HasPrefix(line, "|") {
			for _, m := range code.FindAllStringSubmatch(cell, -1) {
				names = append(names, m[1])
			}
		}
	}
	return names
}

func TestMayImport(t *testing.T) {
	for _, tc := range []struct {
		from, to string
		ok       bool
	}{
		{"internal/decide", "event", true},
		{"event", "internal/decide", false},
		{"internal/journal/pebblelog", "internal/journal", true},
		{"internal/journal", "internal/journal/pebblelog", false},
		{"internal/state", "internal/state/ids", true},
		{"text/match", "text/fold", true},
		{"text/match", "event", false},
		{"text/match", "learn", false},
		{"text/match", "text/classify", false},
		{"text/classify", "text/fold", true},
		{"text/classify", "learn", true},
		{"text/classify", "event", false},
		{"rule", "text/fold", true},
		{"internal/app", "cmd/ringfence", false},
		{"cmd/ringfence", "internal/app", true},
	} {
		if why := mayImport(tc.from, tc.to); (why == "") != tc.ok {
			t.Errorf("mayImport(%s, %s) = %q, want allowed %t", tc.from, tc.to, why, tc.ok)
		}
	}
}
