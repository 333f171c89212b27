package lint

import (
	"fmt"
	"go/ast"
	"go/format"
	"path"
	"slices"
	"strings"
	"testing"
)

// The wall clock and chance are read where a process meets the world, and nowhere below: a replay must give what live gave.
var (
	readClock  = []string{"internal/app", "bench", "cmd/ringfence", "examples"}
	drawChance = []string{"internal/app", "internal/auth", "internal/control", "bench", "cmd/ringfence", "examples"} // keys and ids
)

// impure are the functions that give something else at each call, by package. A generator that is made from a seed is pure.
var impure = map[string]func(name string) bool{
	"time":         func(name string) bool { return slices.Contains([]string{"Now", "Since", "Until"}, name) },
	"math/rand":    isGlobalChance,
	"math/rand/v2": isGlobalChance,
	"crypto/rand":  func(name string) bool { return ast.IsExported(name) },
}

func isGlobalChance(name string) bool {
	return !strings.HasPrefix(name, "New") && !slices.Contains([]string{"Rand", "Source", "Source64", "PCG", "ChaCha8", "Zipf"}, name)
}

// impurities are the uses of impure functions in a file, as "line N: time.Now", and whether each is of the clock.
func impurities(f *goFile) (clock, chance []string) {
	names := map[string]string{} // import path by the name it has in the file
	for _, i := range f.Imports {
		p := strings.Trim(i.Path.Value, `"`)
		name := path.Base(strings.TrimSuffix(p, "/v2"))
		if i.Name != nil {
			name = i.Name.Name
		}
		if impure[p] != nil {
			names[name] = p
		}
	}
	ast.Inspect(f.File, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if !ok || names[pkg.Name] == "" || !impure[names[pkg.Name]](sel.Sel.Name) {
			return true
		}
		use := fmt.Sprintf("line %d: %s.%s", f.line(sel), pkg.Name, sel.Sel.Name)
		if names[pkg.Name] == "time" {
			clock = append(clock, use)
		} else {
			chance = append(chance, use)
		}
		return true
	})
	return clock, chance
}

func within(dir string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return dir == f || strings.HasPrefix(dir, f+"/") })
}

func TestClockAndChanceArePassedIn(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.isTest() {
			continue
		}
		clock, chance := impurities(f)
		if len(clock) > 0 && !within(f.dir(), readClock) {
			t.Errorf("%s reads the wall clock: pass the time in (%s)", f.path, strings.Join(clock, ", "))
		}
		if len(chance) > 0 && !within(f.dir(), drawChance) {
			t.Errorf("%s draws from a random source: pass a seeded generator in (%s)", f.path, strings.Join(chance, ", "))
		}
	}
}

func TestImpurities(t *testing.T) {
	f := parse(t, "f.go", `package p
import ("time"; "math/rand/v2"; crand "crypto/rand")
var a, b = time.Now, time.Second
var r = rand.New(rand.NewPCG(1, 2))
var c, d = rand.IntN(3), r.IntN(3)
var e = crand.Reader
`)
	clock, chance := impurities(f)
	if got, want := fmt.Sprint(clock, chance), "[line 3: time.Now] [line 5: rand.IntN line 6: crand.Reader]"; got != want {
		t.Errorf("impurities = %s, want %s", got, want)
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range goFiles(t) {
		if f.Doc != nil && !f.isTest() {
			text := f.Doc.Text()
			documented[f.dir()] = documented[f.dir()] || strings.HasPrefix(text, "Package "+f.Name.Name+" ") || strings.HasPrefix(text, "Command ")
		}
	}
	for _, dir := range packages(t) {
		if !documented[dir] {
			t.Errorf("%s has no comment that starts with \"Package %s …\" or, for a program, \"Command …\"", dir, path.Base(dir))
		}
	}
}

// TestFilesAreShort keeps files at a length that a person reads through: 400 lines is the aim, 800 the end.
func TestFilesAreShort(t *testing.T) {
	for _, f := range goFiles(t) {
		if n := strings.Count(f.source, "\n"); n > 800 && !f.generated() {
			t.Errorf("%s has %d lines: cut it where its subject changes (at most 800)", f.path, n)
		}
	}
}

func TestFilesAreFormatted(t *testing.T) {
	for _, f := range goFiles(t) {
		formatted, err := format.Source([]byte(f.source))
		if err != nil {
			t.Errorf("%s: %v", f.path, err)
		} else if string(formatted) != f.source {
			t.Errorf("%s is not formatted: gofmt -w %s", f.path, f.path)
		}
	}
}

// vague are names under which anything could stand.
var vague = []string{"util", "utils", "common", "helper", "helpers", "manager", "misc", "shared", "base", "lib", "types", "models"}

func TestNamesSayWhatIsInside(t *testing.T) {
	for _, f := range goFiles(t) {
		name := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.path), ".go"), "_test")
		for _, word := range append(strings.Split(f.dir(), "/"), name) {
			if slices.Contains(vague, word) {
				t.Errorf("%s: %q says nothing about what is inside", f.path, word)
			}
		}
	}
}

func TestNothingRunsBeforeMain(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s:%d: an init function is a surprise: call it from where it is needed", f.path, f.line(fn))
			}
		}
	}
}

func TestNothingIsLeftForLater(t *testing.T) {
	marks := []string{"TO" + "DO", "FIX" + "ME", "X" + "XX"}
	for _, f := range goFiles(t) {
		for _, group := range f.Comments {
			for _, mark := range marks {
				if slices.Contains(strings.FieldsFunc(group.Text(), func(r rune) bool { return !('A' <= r && r <= 'Z') }), mark) {
					t.Errorf("%s:%d: a comment says %s: do it or say why not", f.path, f.line(group), mark)
				}
			}
		}
	}
}
