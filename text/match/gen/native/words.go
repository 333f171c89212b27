package main

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ikawaha/kagome-dict/dict"
	"github.com/ikawaha/kagome-dict/ipa"

	ko "github.com/ikawaha/kagome-dict-ko"
)

func all(word string, script *unicode.RangeTable) bool {
	return strings.IndexFunc(word, func(r rune) bool { return !unicode.Is(script, r) }) < 0
}

// jiebaWords are the Chinese words, without those that were seen fewer than three times.
func jiebaWords(path string) ([][]rune, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	words := map[string]bool{}
	in := bufio.NewScanner(f)
	for in.Scan() {
		fields := strings.Fields(in.Text())
		if n := utf8.RuneCountInString(fields[0]); n < 2 || n > 4 || !all(fields[0], unicode.Han) || len(fields) > 1 && len(fields[1]) < 2 && fields[1] < "3" {
			continue
		}
		words[canonical(fields[0])] = true
	}
	return unique(words), in.Err()
}

// koreanWords are nouns, adverbs and roots, forms of verbs and adjectives, and names of what is no person.
func koreanWords() [][]rune {
	d := ko.Dict()
	words := map[string]bool{}
	for i, entry := range d.Contents {
		kind := posOf(d, i)
		word := entry[2]
		if n := utf8.RuneCountInString(word); n < 2 || n > 5 || !all(word, unicode.Hangul) || kind[0] == "NNP" && entry[0] == "인명" {
			continue
		}
		switch part, _, _ := strings.Cut(kind[0], "+"); part {
		case "NNG", "NNP", "NNB", "NNBC", "NP", "NR", "MAG", "MAJ", "MM", "XR", "VV", "VA", "VX", "VCN":
			words[word] = true
		}
	}
	return unique(words)
}

// japaneseWords are the readings, in hiragana, of words but for names of persons.
func japaneseWords() [][]rune {
	d := ipa.Dict()
	words := map[string]bool{}
	for i, entry := range d.Contents {
		if len(entry) < 4 || slices.Contains(posOf(d, i), "人名") {
			continue
		}
		word := canonical(entry[3])
		if n := utf8.RuneCountInString(word); n >= 2 && n <= 6 && all(word, unicode.Hiragana) {
			words[word] = true
		}
	}
	return unique(words)
}

func posOf(d *dict.Dict, i int) []string {
	var names []string
	for _, id := range d.POSTable.POSs[i] {
		names = append(names, d.POSTable.NameList[id])
	}
	return names
}
