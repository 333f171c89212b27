package rule

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Bounds of lists.
const (
	maxListBytes = 32 << 20  // one list file
	maxListItems = 1_000_000 // all lists of a set together
	maxItemBytes = 4 << 10
)

// list is a named list of strings.
type list struct {
	name  string
	at    place
	items []string // sorted, no item twice
	used  bool
}

// listDeclaration is a list as its file gives it: items in place, or the name of a file.
type listDeclaration struct {
	name  string
	at    place
	items []text
	file  *text
}

// lists reads "lists".
func (d *document) lists(n ast.Node) []listDeclaration {
	fields, _ := d.fields(n, "lists")
	var lists []listDeclaration
	for _, f := range fields {
		l := listDeclaration{name: f.key, at: f.at}
		if !idPattern.MatchString(f.key) {
			d.errorf(f.at, "use a-z, 0-9 and -, at most 64", "bad list name %q", clip(f.key))
			continue
		}
		switch f.value.(type) {
		case *ast.SequenceNode:
			l.items = d.words(f.value, "a list item")
		default:
			source, ok := d.fields(f.value, "a list", "file")
			if !ok || len(source) == 0 {
				continue
			}
			name, ok := d.text(source[0].value, "file")
			if !ok {
				continue
			}
			l.file = &name
		}
		lists = append(lists, l)
	}
	return lists
}

// addList resolves a declared list. A file is named relative to the file that declares it and must be part of the set.
func (c *compiler) addList(declaring string, decl listDeclaration) {
	if other, ok := c.lists[decl.name]; ok {
		c.errorf(decl.at, "rename one of them", "list %q is declared in %s, too", decl.name, other.at.file)
		return
	}
	l := &list{name: decl.name, at: decl.at}
	for _, item := range decl.items {
		l.items = append(l.items, item.s)
	}
	if decl.file != nil {
		name := path.Join(path.Dir(declaring), decl.file.s)
		data, ok := c.data[name]
		if !ok {
			c.errorf(decl.file.at, didYouMean(name, c.listFiles(), "list files end in .txt and lie in the rule folder"), "no list file %q", clip(name))
			return
		}
		l.items = c.readList(name, data)
	}
	slices.Sort(l.items)
	l.items = slices.Compact(l.items)
	if c.listItems += len(l.items); c.listItems > maxListItems {
		c.errorf(decl.at, "", "more than %d list items in the rule set", maxListItems)
		return
	}
	if len(l.items) == 0 {
		c.warnf(decl.at, "", "list %q is empty", decl.name)
	}
	c.lists[decl.name] = l
}

// readList reads a list file: an item a line; blank lines and lines that begin with # are left out.
func (c *compiler) readList(name string, data []byte) []string {
	var items []string
	line := 0
	for raw := range bytes.Lines(data) {
		line++
		item := strings.TrimSpace(string(raw))
		switch {
		case item == "" || item[0] == '#':
		case len(item) > maxItemBytes:
			c.errorf(place{name, line, 1}, "", "list item is longer than %d bytes", maxItemBytes)
		case len(items) > maxListItems:
			return items
		default:
			items = append(items, item)
		}
	}
	return items
}

func (c *compiler) listNames() []string {
	names := make([]string, 0, len(c.lists))
	for name := range c.lists {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (c *compiler) listFiles() []string {
	var names []string
	for name := range c.data {
		if strings.HasSuffix(name, ".txt") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
