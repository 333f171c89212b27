package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/ringfence/ringfence/text/fold"
)

// suffixRule makes a form of a word: at the end of a word that fits the condition it puts one suffix in place of another.
type suffixRule struct {
	strip, add string
	condition  *regexp.Regexp
}

// russianWords are the words of the dictionary in all their forms, of five to sixteen letters, each in the letters that a fold.Set has.
func russianWords(folder string) ([][]rune, error) {
	rules, err := suffixRules(folder + "/ru_RU.aff")
	if err != nil {
		return nil, err
	}
	f, err := os.Open(folder + "/ru_RU.dic")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	words := map[string]bool{}
	in := bufio.NewScanner(f)
	for in.Scan() {
		stem, flags, _ := strings.Cut(strings.TrimSpace(in.Text()), "/")
		addForm(words, stem)
		for _, flag := range flags {
			for _, r := range rules[flag] {
				if strings.HasSuffix(stem, r.strip) && r.condition.MatchString(stem) {
					addForm(words, strings.TrimSuffix(stem, r.strip)+r.add)
				}
			}
		}
	}
	return unique(words), in.Err()
}

func suffixRules(path string) (map[rune][]suffixRule, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rules := map[rune][]suffixRule{}
	in := bufio.NewScanner(f)
	for in.Scan() {
		fields := strings.Fields(in.Text())
		if len(fields) != 5 || fields[0] != "SFX" {
			continue
		}
		condition, err := regexp.Compile(fields[4] + "$")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		none := func(s string) string { return strings.TrimPrefix(s, "0") }
		flag := []rune(fields[1])[0]
		rules[flag] = append(rules[flag], suffixRule{none(fields[2]), none(fields[3]), condition})
	}
	return rules, in.Err()
}

func addForm(words map[string]bool, word string) {
	var b []rune
	for _, r := range strings.ToLower(word) {
		letter := fold.Of(r).First()
		if letter < 'а' {
			return
		}
		b = append(b, letter)
	}
	if len(b) >= 5 && len(b) <= 16 {
		words[string(b)] = true
	}
}
