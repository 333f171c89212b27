package main

import (
	"bufio"
	"os"
	"strings"
	"unicode/utf8"
)

// whole are the characters that are typed for the forms that they have as parts of others.
var whole = map[rune]rune{
	'氵': '水', '亻': '人', '讠': '言', '扌': '手', '忄': '心', '钅': '金', '饣': '食', '纟': '丝', '犭': '犬', '礻': '示', '衤': '衣',
	'刂': '刀', '灬': '火', '艹': '草', '辶': '走', '阝': '耳', '⺮': '竹', '⻊': '足', '⺼': '月', '罒': '四', '攵': '文', '彳': '双',
}

// decompositions are the parts, two or three, that each character has side by side or one above the other.
func decompositions(path string) (table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t := table{}
	in := bufio.NewScanner(f)
	for in.Scan() {
		char, rest, _ := strings.Cut(in.Text(), ":")
		kind, list, _ := strings.Cut(rest, "(")
		kind, _, _ = strings.Cut(kind, "/")
		c, size := utf8.DecodeRuneInString(char)
		if size != len(char) || c < 0x4E00 || c > 0x9FFF || kind != "a" && kind != "d" {
			continue
		}
		to := canonicalRune(c)
		parts := strings.Split(strings.TrimSuffix(list, ")"), ",")
		if len(parts) < 2 || len(parts) > 3 || to == 0 {
			continue
		}
		typed, plain, ok := "", "", true
		for _, part := range parts {
			r, size := utf8.DecodeRuneInString(part)
			if size != len(part) || r < 0x2E80 || r > 0x9FFF {
				ok = false
				break
			}
			plain += string(r)
			if w := whole[r]; w != 0 {
				r = w
			}
			typed += string(r)
		}
		if !ok {
			continue
		}
		for _, form := range []string{plain, typed} {
			if form = canonical(form); utf8.RuneCountInString(form) == len(parts) {
				t.add(to, form)
			}
		}
	}
	return t, in.Err()
}
