// Package rules holds the rule sets that ship with the program, each rule beside its test. They are what a platform could start
// with; a configuration that names a folder of its own replaces them.
package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/ringfence/ringfence/rule"
)

//go:embed */*.yaml */*.txt
var files embed.FS

// Shipped gives the shipped rule files, without their tests, sorted by name.
func Shipped() ([]rule.File, error) {
	var set []rule.File
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path.Base(name), "_test.yaml") {
			return err
		}
		data, err := files.ReadFile(name)
		set = append(set, rule.File{Name: name, Data: data})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("shipped rules: %w", err)
	}
	return set, nil
}
