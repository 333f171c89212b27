// Command gen writes alike.bin, the table of characters that can stand for a letter, from its sources:
//
//   - UTS #39 skeletons of Unicode 15.0 as ICU 72 gives them (Unicode-3.0 licence): uts39-icu72/skeleton.tsv
//   - decancer 3.3.3's map (MIT): decancer-map/ascii_map.tsv
//   - confusable-vision's rendered similarities, © Paul Wood (CC-BY-4.0): confusable-vision/confusable-weights.json
//   - compatibility and canonical decompositions of golang.org/x/text (Unicode's own data)
//   - the emoji that serve as letters, listed below
//
// and han.bin, the simplified forms of Chinese characters (see han.go). It is run by go generate and reads the first three below
// $RINGFENCE_SHARED/data/text.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Ways, in the order of fold's Way constants.
const (
	wayAccent = iota + 1
	wayFont
	wayLookalike
	_ // leet is in ASCII, a table of fold's own
	wayEmoji
)

// emoji lists what is used as each letter in place of it.
var emoji = map[rune]string{
	'a': "🅰🔺🛆🍙", 'b': "🅱🐝", 'c': "☪🌜🌙©", 'd': "🌛▶", 'e': "📧💶€", 'f': "🎏🏳", 'g': "🗜⛽", 'h': "♓🏩🪜", 'i': "ℹ🕯📍❕❗",
	'j': "🪝🎷☂", 'k': "🎋🏃", 'l': "🥢🛴👢🕒", 'm': "Ⓜ♏♍〽🎼", 'n': "♑🎵", 'o': "⭕🅾🔴🔵⚪⚫🟠🟡🟢🟣🟤🌕🌐🎱🍩⚽🏀", 'p': "🅿🚩⛳",
	'q': "🍳🎯", 'r': "®🌹", 's': "💲⚡💰💵🐍⚕", 't': "✝☦🌴⬆🔨🍄", 'u': "⛎🧲", 'v': "✔♈✅☑🔽", 'w': "〰🔱🌊", 'x': "❌✖❎⚔🎌", 'y': "🌱💴🔀🍸",
	'z': "💤Ⓩ", '1': "🥇", '2': "🥈", '3': "🥉", '8': "🎱",
}

// signs lists other characters that serve as letters, beside those of the sources.
var signs = map[rune]string{
	'a': "∀Δ∆Λ", 'b': "ßþ฿", 'c': "¢©⊂", 'd': "Ððδ∂", 'e': "€£∈Σ", 'f': "ƒ", 'i': "¡¦", 'l': "£¦ℓ", 'n': "∩Пп", 'o': "°¤ø∅", 'p': "þ¶",
	'r': "®Я", 's': "§∫", 't': "†‡", 'u': "µ∪", 'v': "√∨", 'w': "ωШ", 'x': "×", 'y': "¥", 'z': "ʒ",
}

type entry struct {
	mask uint64
	way  byte
	cost byte
}

type table map[rune]entry

// add notes that r can stand for the letter; the cheapest way counts.
func (t table) add(r rune, letters string, way, cost byte) {
	if r < 0x80 {
		return
	}
	var mask uint64
	for _, l := range letters {
		switch {
		case 'a' <= l && l <= 'z':
			mask |= 1 << (l - 'a')
		case '0' <= l && l <= '9':
			mask |= 1 << (26 + l - '0')
		default:
			return
		}
	}
	e, found := t[r]
	e.mask |= mask
	if !found || cost < e.cost {
		e.way, e.cost = way, cost
	}
	t[r] = e
}

func main() {
	variants := flag.String("unihan", "/usr/share/unicode/Unihan_Variants.txt.bz2", "the file Unihan_Variants")
	flag.Parse()
	if err := generate(); err != nil {
		fmt.Fprintf(os.Stderr, "alike.bin was not written: %v\n", err)
		os.Exit(1)
	}
	if err := simplified(*variants); err != nil {
		fmt.Fprintf(os.Stderr, "han.bin was not written: %v\n", err)
		os.Exit(1)
	}
}

func generate() error {
	dir := filepath.Join(os.Getenv("RINGFENCE_SHARED"), "data", "text")
	t := table{}
	t.decompositions()
	for letter, chars := range emoji {
		for _, r := range chars {
			t.add(r, string(letter), wayEmoji, 25)
		}
	}
	for letter, chars := range signs {
		for _, r := range chars {
			t.add(r, string(letter), wayLookalike, 18)
		}
	}
	if err := t.skeletons(filepath.Join(dir, "uts39-icu72/skeleton.tsv")); err != nil {
		return err
	}
	if err := t.decancer(filepath.Join(dir, "decancer-map/ascii_map.tsv")); err != nil {
		return err
	}
	if err := t.rendered(filepath.Join(dir, "confusable-vision/confusable-weights.json")); err != nil {
		return err
	}
	return os.WriteFile("alike.bin", t.encode(), 0o644)
}

// letter is the letter or digit that text is once its marks are gone; none if it is more than one.
func letter(text string) (string, bool) {
	var only rune
	for _, r := range norm.NFKD.String(text) {
		if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
			continue
		}
		if r = unicode.ToLower(r); only != 0 || !('a' <= r && r <= 'z' || '0' <= r && r <= '9') {
			return "", false
		}
		only = r
	}
	return string(only), only != 0
}

func (t table) decompositions() {
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if l, ok := letter(string(r)); ok {
			if norm.NFD.IsNormalString(string(r)) {
				t.add(r, l, wayFont, 8)
			} else {
				t.add(r, l, wayAccent, 3)
			}
		}
	}
	for i := range rune(26) {
		l := string('a' + i)
		for _, first := range []rune{0x1F130, 0x1F150, 0x1F170, 0x1F1E6} { // squared, circled, squared in black, regional
			t.add(first+i, l, wayFont, 8)
		}
		t.add(0x249C+i, l, wayFont, 8) // in parentheses
		t.add(0x1F110+i, l, wayFont, 8)
	}
}

// lines calls do with the fields of each line of a table.
func lines(path string, do func(r rune, fields []string)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	for in.Scan() {
		fields := strings.Split(in.Text(), "\t")
		if cp, err := strconv.ParseUint(fields[0], 16, 32); err == nil && len(fields) > 2 {
			do(rune(cp), fields)
		}
	}
	return in.Err()
}

func (t table) skeletons(path string) error {
	return lines(path, func(r rune, fields []string) {
		var text strings.Builder
		for cp := range strings.FieldsSeq(fields[1]) {
			n, err := strconv.ParseUint(cp, 16, 32)
			if err != nil {
				return
			}
			text.WriteRune(rune(n))
		}
		if text.String() == "rn" {
			t.add(r, "m", wayLookalike, 12)
		} else if l, ok := letter(text.String()); ok {
			if l == "l" {
				l = "il" // one skeleton for both
			}
			t.add(r, l, wayLookalike, 12)
		}
	})
}

func (t table) decancer(path string) error {
	return lines(path, func(r rune, fields []string) {
		if !pictograph(r) && len(fields[2]) == 1 {
			t.add(r, fields[2], wayLookalike, 16)
		}
	})
}

// pictograph reports whether the character is shown as a picture; decancer takes most of them for an o.
func pictograph(r rune) bool {
	return 0x2190 <= r && r <= 0x245F || 0x2500 <= r && r <= 0x2BFF || 0x1F000 <= r && r <= 0x1F0FF || 0x1F1FF < r && r <= 0x1FBFF
}

func (t table) rendered(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var weights struct {
		Edges []struct {
			Source, Target string
			Cost           float64
		}
	}
	if err := json.Unmarshal(data, &weights); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, e := range weights.Edges {
		if e.Cost > 0.3 {
			continue
		}
		for _, pair := range [][2]string{{e.Source, e.Target}, {e.Target, e.Source}} {
			if r := []rune(pair[0]); len(r) == 1 && !pictograph(r[0]) && len(pair[1]) == 1 {
				t.add(r[0], strings.ToLower(pair[1]), wayLookalike, byte(8+40*e.Cost))
			}
		}
	}
	return nil
}

// encode writes the entries in order: distance to the last character, mask, way, cost.
func (t table) encode() []byte {
	var keys []rune
	for r := range t {
		keys = append(keys, r)
	}
	slices.Sort(keys)
	var b bytes.Buffer
	var last rune
	for _, r := range keys {
		e := t[r]
		b.Write(binary.AppendUvarint(nil, uint64(r-last)))
		b.Write(binary.AppendUvarint(nil, e.mask))
		b.WriteByte(e.way)
		b.WriteByte(e.cost)
		last = r
	}
	return b.Bytes()
}
