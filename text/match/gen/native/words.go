package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
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

// jiebaWords are the Chinese words: names that were seen a hundred times or more, other words five times. What is seen less is often
// a disguise itself, as is a word with a part of a character in it.
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
		if len(fields) != 3 {
			continue
		}
		least := 5
		if strings.HasPrefix(fields[2], "n") && len(fields[2]) > 1 {
			least = 100
		}
		seen, err := strconv.Atoi(fields[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		part := strings.ContainsFunc(fields[0], func(r rune) bool { return whole[r] != 0 })
		if n := utf8.RuneCountInString(fields[0]); n < 2 || n > 4 || !all(fields[0], unicode.Han) || seen < least || part {
			continue
		}
		words[canonical(fields[0])] = true
	}
	return unique(words), in.Err()
}

// koreanWords are nouns, adverbs and roots, forms of verbs and adjectives, and names of what is no person; and verbs and nouns of one
// syllable with an ending or a particle of one.
func koreanWords() [][]rune {
	d := ko.Dict()
	words := map[string]bool{}
	var stems, nouns []string
	for i, entry := range d.Contents {
		kind := posOf(d, i)
		word := entry[2]
		if utf8.RuneCountInString(word) == 1 && all(word, unicode.Hangul) && word >= "가" {
			switch kind[0] {
			case "VV", "VA", "VX":
				stems = append(stems, word)
			case "NNG", "NP":
				nouns = append(nouns, word)
			}
		}
		if n := utf8.RuneCountInString(word); n < 2 || n > 5 || !all(word, unicode.Hangul) || kind[0] == "NNP" && entry[0] == "인명" {
			continue
		}
		switch part, _, _ := strings.Cut(kind[0], "+"); part {
		case "NNG", "NNP", "NNB", "NNBC", "NP", "NR", "MAG", "MAJ", "MM", "XR", "VV", "VA", "VX", "VCN":
			words[word] = true
		}
	}
	endings := strings.Split("고 지 면 는 은 을 게 서 니 자 라 네 데 며 러 려 다 어 아 나 도", " ")
	particles := strings.Split("은 는 이 가 을 를 의 에 도 로 와 과 만", " ")
	for _, pair := range [][2][]string{{stems, endings}, {nouns, particles}} {
		for _, a := range pair[0] {
			for _, b := range pair[1] {
				words[a+b] = true
			}
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
