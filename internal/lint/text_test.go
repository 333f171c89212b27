package lint

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// machinePath is a path on somebody's machine.
var machinePath = regexp.MustCompile(`(^|[^\w.])/(root|work|Users|home/[a-z]+)/`)

func TestNoPathsOfAMachine(t *testing.T) {
	for _, file := range files(t, ".go", ".md", ".yaml", ".yml", ".mod", ".txtar", ".sh", ".ts", "Makefile", "run") {
		if strings.HasPrefix(file, "internal/lint/") {
			continue
		}
		for i, line := range strings.Split(read(t, file), "\n") {
			if m := machinePath.FindString(line); m != "" {
				t.Errorf("%s:%d: %s is a path of one machine", file, i+1, strings.TrimSpace(m))
			}
		}
	}
}

// A link in Markdown, and what is code in it.
var (
	fenced     = regexp.MustCompile("(?ms)^```.*?^```")
	inlineCode = regexp.MustCompile("`[^`\n]*`")
	link       = regexp.MustCompile(`\]\(([^()\s]+)\)`)
)

// links are the targets of a page's links that are in the repository, relative to the page.
func links(page string) []string {
	page = inlineCode.ReplaceAllString(fenced.ReplaceAllString(page, ""), "")
	var targets []string
	for _, m := range link.FindAllStringSubmatch(page, -1) {
		if u, err := url.Parse(m[1]); err == nil && u.Scheme == "" && u.Path != "" {
			targets = append(targets, u.Path)
		}
	}
	return targets
}

func TestLinksLeadSomewhere(t *testing.T) {
	for _, file := range files(t, ".md") {
		for _, target := range links(read(t, file)) {
			if _, err := os.Stat(filepath.Join(root, path.Dir(file), target)); err != nil {
				t.Errorf("%s links to %s, which is not there", file, target)
			}
		}
	}
}

func TestLinks(t *testing.T) {
	page := "[a](docs/a.md#part) `[b](b.md)` [c](https://example.com/c.md) [d](#d)\n```\n[e](e.md)\n```\n![f](f.png)"
	if got, want := strings.Join(links(page), " "), "docs/a.md f.png"; got != want {
		t.Errorf("links = %s, want %s", got, want)
	}
	for path, want := range map[string]bool{
		"see /wo" + "rk/x": true, "/home/ann/x": true, "docs/work/x": false, "/var/lib/x": false, "https://a.example/home/ann/": false, "'/ro" + "ot/x'": true,
	} {
		if got := machinePath.MatchString(path); got != want {
			t.Errorf("%q is a path of a machine: %t, want %t", path, got, want)
		}
	}
}
