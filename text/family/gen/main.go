// Command gen writes the table of look-alikes of text/family from its sources:
//
//   - the skeletons of UTS #39, Unicode 15.0, from ICU 72 (licence: Unicode-3.0);
//   - confusable-vision's pairs by rendered similarity, version 067cbb39 (© Paul Wood FRSA (@paultendo), licence: CC-BY-4.0).
//
// Both are read from the folder data/text of $RINGFENCE_SHARED: uts39-icu72/skeleton.tsv and
// confusable-vision/confusable-weights.json.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"go/format"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/ringfence/ringfence/text/fold"
)

// maxCost is how different two letters may look for one to be read as the other.
const maxCost = .3

func main() {
	if err := run(); err != nil {
		slog.New(slog.NewTextHandler(os.Stderr, nil)).Error("gen", "err", err)
		os.Exit(1)
	}
}

func run() error {
	shared := os.Getenv("RINGFENCE_SHARED")
	if shared == "" {
		return fmt.Errorf("RINGFENCE_SHARED is not set: it names the folder that holds data/text")
	}
	skeletons, err := readSkeletons(filepath.Join(shared, "data/text/uts39-icu72/skeleton.tsv"))
	if err != nil {
		return err
	}
	seen, err := readRendered(filepath.Join(shared, "data/text/confusable-vision/confusable-weights.json"))
	if err != nil {
		return err
	}
	src, err := format.Source(write(table(skeletons, seen)))
	if err != nil {
		return err
	}
	return os.WriteFile("table_gen.go", src, 0o644)
}

// readSkeletons reads lines of character and skeleton, both in hexadecimal.
func readSkeletons(path string) (map[rune]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	skeletons := map[rune]string{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) < 2 {
			return nil, fmt.Errorf("%s:%d: want two fields", path, n)
		}
		from, err := parse(fields[0])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		to, err := parse(fields[1])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		skeletons[from[0]] = plain(string(to))
	}
	return skeletons, lines.Err()
}

func parse(hex string) (runes []rune, err error) {
	for field := range strings.FieldsSeq(hex) {
		r, err := strconv.ParseUint(field, 16, 21)
		if err != nil {
			return nil, err
		}
		runes = append(runes, rune(r))
	}
	if len(runes) == 0 {
		return nil, fmt.Errorf("no character in %q", hex)
	}
	return runes, nil
}

// plain is s without its marks.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Me) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

// readRendered gives the letter of a-z that each character was found to look like most.
func readRendered(path string) (map[rune]rune, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var pairs struct {
		Edges []struct {
			Source, Target string
			Cost           float64
		}
	}
	if err := json.Unmarshal(data, &pairs); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	slices.SortStableFunc(pairs.Edges, func(a, b struct {
		Source, Target string
		Cost           float64
	}) int {
		return cmp.Compare(a.Cost, b.Cost)
	})
	seen := map[rune]rune{}
	for _, e := range pairs.Edges {
		from, to := []rune(fold.String(e.Source)), []rune(fold.String(e.Target))
		if len(from) != 1 || len(to) != 1 || e.Cost > maxCost {
			continue
		}
		if latin(from[0]) {
			from, to = to, from
		}
		if _, have := seen[from[0]]; !have && !latin(from[0]) && latin(to[0]) {
			seen[from[0]] = to[0]
		}
	}
	return seen, nil
}

func latin(r rune) bool { return 'a' <= r && r <= 'z' }

// enclosed are the first of the letters A to Z in circles and squares that folding leaves: negative ones, and those of flags.
var enclosed = []rune{0x1f150, 0x1f170, 0x1f1e6}

// table says of each character that folding leaves as it is, and that is not read as itself, as what it is read.
func table(skeletons map[rune]string, seen map[rune]rune) map[rune]rune {
	skeleton := func(r rune) string {
		if s, ok := skeletons[r]; ok {
			return s
		}
		return string(r)
	}
	letters := map[string]rune{} // by skeleton: of a and A, o and 0 the small letter comes first
	for _, r := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		if _, have := letters[skeleton(r)]; !have {
			letters[skeleton(r)] = unicode.ToLower(r)
		}
	}
	reads := func(r rune) rune {
		if to, ok := letters[skeleton(r)]; ok {
			return to
		}
		if to, ok := letters[skeleton(unicode.ToUpper(r))]; ok {
			return to
		}
		return seen[r]
	}
	to := map[rune]rune{}
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if !unicode.In(r, unicode.L, unicode.Mc, unicode.So, unicode.Sm) || hangul(r) || fold.String(string(r)) != string(r) {
			continue
		}
		base := r
		if d := []rune(plain(string(r))); len(d) == 1 {
			base = d[0]
		}
		for _, first := range enclosed {
			if first <= r && r < first+26 {
				base = 'a' + r - first
			}
		}
		if letter := reads(r); letter != 0 && !latin(base) {
			base = letter
		} else if letter := reads(base); letter != 0 && !latin(base) {
			base = letter
		}
		if base != r {
			to[r] = base
		}
	}
	return to
}

// hangul tells of the syllables, which the package takes apart by arithmetic.
func hangul(r rune) bool { return 0xac00 <= r && r <= 0xd7a3 }

func write(to map[rune]rune) []byte {
	from := make([]rune, 0, len(to))
	for r := range to {
		from = append(from, r)
	}
	slices.Sort(from)
	var b bytes.Buffer
	b.WriteString(`// Code generated by gen; DO NOT EDIT.

// Made from the UTS #39 skeletons of Unicode 15.0 by way of ICU 72 (licence: Unicode-3.0) and from confusable-vision 067cbb39
// by Paul Wood FRSA (@paultendo) (licence: CC-BY-4.0), of which pairs with a letter of a-z that cost at most 0.3 were taken.

package family

// lookAlikes are pairs: a character, and the one as which it is read.
const lookAlikes = "" +
`)
	const width = 32
	for i, r := range from {
		if i%width == 0 {
			b.WriteString("\t\"")
		}
		fmt.Fprintf(&b, "%s%s", escaped(r), escaped(to[r]))
		if i%width == width-1 || i == len(from)-1 {
			b.WriteByte('"')
			if i < len(from)-1 {
				b.WriteString(" +")
			}
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func escaped(r rune) string {
	if r < 0x80 {
		return string(r)
	}
	q := strconv.QuoteToASCII(string(r))
	return q[1 : len(q)-1]
}
