package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the repository, seen from this package.
const root = "../.."

// skipped are folders that hold nothing that people wrote here.
var skipped = []string{"node_modules", "bin", "dist", "ringfence-data"}

// files are the paths, relative to the root, of the repository's files with one of the extensions.
func files(t *testing.T, extensions ...string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		name := d.Name()
		switch {
		case d.IsDir() && rel != "." && (slices.Contains(skipped, name) || strings.HasPrefix(name, ".") && name != ".ci" && name != ".github"):
			return fs.SkipDir
		case !d.IsDir() && (slices.Contains(extensions, path.Ext(name)) || slices.Contains(extensions, name)):
			found = append(found, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// goFile is a parsed file of Go.
type goFile struct {
	path   string
	source string
	set    *token.FileSet
	*ast.File
}

func (f *goFile) dir() string     { return path.Dir(f.path) }
func (f *goFile) isTest() bool    { return strings.HasSuffix(f.path, "_test.go") }
func (f *goFile) generated() bool { return ast.IsGenerated(f.File) }

// line is where a node stands.
func (f *goFile) line(n ast.Node) int { return f.set.Position(n.Pos()).Line }

func (f *goFile) imports() []string {
	paths := make([]string, 0, len(f.Imports))
	for _, i := range f.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// goFiles are the main module's files of Go. Modules inside it, which hold what peers need, are left out.
func goFiles(t *testing.T) []*goFile {
	t.Helper()
	var modules []string
	for _, m := range files(t, "go.mod") {
		if m != "go.mod" {
			modules = append(modules, path.Dir(m)+"/")
		}
	}
	var parsed []*goFile
	for _, file := range files(t, ".go") {
		elsewhere := strings.Contains(file, "testdata/") || slices.ContainsFunc(modules, func(m string) bool { return strings.HasPrefix(file, m) })
		if !elsewhere {
			parsed = append(parsed, parse(t, file, read(t, file)))
		}
	}
	return parsed
}

func parse(t *testing.T, file, source string) *goFile {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return &goFile{path: file, source: source, set: set, File: tree}
}

// packages are the folders that hold a file of Go which is no test.
func packages(t *testing.T) []string {
	t.Helper()
	var dirs []string
	for _, f := range goFiles(t) {
		if !f.isTest() {
			dirs = append(dirs, f.dir())
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}
