package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// newChecker makes a parser that takes any file or folder for one that is there.
func newChecker() *kong.Kong {
	return newParser(kong.NamedMapper("existingdir", as(anything)), kong.NamedMapper("existingfile", as(anything)))
}

func TestHelp(t *testing.T) {
	for _, verb := range newChecker().Model.Leaves(true) {
		t.Run(verb.Path(), func(t *testing.T) {
			if !strings.HasSuffix(verb.Help, ".") {
				t.Errorf("the line on it ends without a stop: %q", verb.Help)
			}
			_, after, found := strings.Cut(verb.Detail, "Example")
			if !found {
				t.Fatal("its help has no example")
			}
			examples := 0
			for line := range strings.Lines(after) {
				for _, args := range commands(strings.TrimSpace(line)) {
					examples++
					if !strings.HasPrefix(strings.Join(args, " ")+" ", strings.TrimSpace(verb.Path())+" ") {
						t.Errorf("an example is of another verb: %q", args)
					}
					if _, err := newChecker().Parse(args); err != nil {
						t.Errorf("example %q: %v", args, err)
					}
				}
			}
			if examples == 0 {
				t.Errorf("no example is a command: %q", after)
			}
		})
	}
}

var (
	fenced = regexp.MustCompile("(?ms)^```(?:sh|console)\n(.*?)^```")
	inline = regexp.MustCompile("`(ringfence [^`\n]+)`")
)

// TestPages holds every command that a page quotes to the command line as it is, and every verb to a page.
func TestPages(t *testing.T) {
	missing := map[string]bool{}
	for _, verb := range newChecker().Model.Leaves(true) {
		missing[strings.TrimSpace(verb.Path())] = true
	}
	for _, page := range pages(t) {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		for _, block := range fenced.FindAllStringSubmatch(text, -1) {
			for line := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", " ")) {
				for _, args := range commands(line) {
					parsed, err := newChecker().Parse(args)
					if err != nil {
						t.Errorf("%s: %q: %v", page, args, err)
						continue
					}
					delete(missing, strings.TrimSpace(parsed.Selected().Path()))
				}
			}
		}
		for _, code := range inline.FindAllStringSubmatch(text, -1) {
			for _, args := range commands(code[1]) {
				verb, err := mention(args)
				if err != nil {
					t.Errorf("%s: `%s`: %v", page, code[1], err)
				}
				delete(missing, verb)
			}
		}
	}
	for verb := range missing {
		t.Errorf("no page names the verb %q", verb)
	}
}

func pages(t *testing.T) []string {
	var pages []string
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != "../.." {
			return fs.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// mention finds the verb of a command that is named in a sentence: its flags must be there, its arguments may be left out.
func mention(args []string) (verb string, err error) {
	node := newChecker().Model.Node
	for len(args) > 0 {
		i := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == args[0] })
		if i < 0 {
			break
		}
		node, args = node.Children[i], args[1:]
	}
	if node.Parent == nil {
		return "", errors.New("no such verb")
	}
	var flags []string
	for _, group := range node.AllFlags(false) {
		for _, f := range group {
			flags = append(flags, "--"+f.Name)
		}
	}
	for _, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		if strings.HasPrefix(name, "--") && !slices.Contains(flags, name) {
			return "", errors.New("no flag " + name)
		}
	}
	return strings.TrimSpace(node.Path()), nil
}

// commands are the uses of ringfence in a line of shell, each as its arguments: pipes, redirections, variables set before a
// command, and comments are left out.
func commands(line string) [][]string {
	var all [][]string
	var words []string
	skip := false // the next word is a file that is read or written
	end := func() {
		for len(words) > 0 && (strings.Contains(words[0], "=") || words[0] == "$" || words[0] == "sudo") {
			words = words[1:]
		}
		if len(words) > 0 && filepath.Base(words[0]) == "ringfence" {
			all = append(all, words[1:])
		}
		words = nil
	}
	for rest := line; ; {
		rest = strings.TrimLeft(rest, " \t")
		switch {
		case rest == "" || rest == "\n" || rest[0] == '#':
			end()
			return all
		case strings.ContainsRune("|&;()", rune(rest[0])):
			end()
			rest = rest[1:]
			continue
		case strings.HasPrefix(rest, "2>"), rest[0] == '>', rest[0] == '<':
			rest, skip = strings.TrimLeft(rest, "2<>&"), true
			continue
		}
		var word string
		if word, rest = shellWord(rest); !skip {
			words = append(words, word)
		}
		skip = false
	}
}

// shellWord reads a word with its quotes, which it takes off.
func shellWord(s string) (word, rest string) {
	var b strings.Builder
	quote := rune(0)
	for i, c := range s {
		switch {
		case quote == 0 && strings.ContainsRune(" \t\n|&;()<>", c):
			return b.String(), s[i:]
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		default:
			b.WriteRune(c)
		}
	}
	return b.String(), ""
}

func TestCommands(t *testing.T) {
	for line, want := range map[string][][]string{
		"ls -l": nil,
		"ringfence replay --rules r e.ndjson > d.ndjson  # a comment":               {{"replay", "--rules", "r", "e.ndjson"}},
		"KEY=$(ringfence keys create ada --scopes 'read')":                          {{"keys", "create", "ada", "--scopes", "read"}},
		"echo 'ringfence x' | bin/ringfence text fold --in - 2>/dev/null | head -1": {{"text", "fold", "--in", "-"}},
		"A=b ringfence serve & ringfence version":                                   {{"serve"}, {"version"}},
	} {
		if diff := cmp.Diff(want, commands(line)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
}
