// Command gen writes words.gz, the English vocabulary, from SCOWL (© Kevin Atkinson and others, free for any purpose with its
// notice, which is in words.LICENSE): words up to size 70 and names up to size 80 of the American, British and other English
// lists, as Debian's package scowl installs them below the folder given, by default /usr/share/dict/scowl.
//
// The file is a list of words in order, each written as one byte and a rest: the byte is the length of what it shares with the
// word before it, plus 128 for a common word (up to size 50, no name) and 64 for one of the most usual (up to size 20); the rest
// ends with a newline.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

func main() {
	dir := flag.String("scowl", "/usr/share/dict/scowl", "folder of the lists")
	flag.Parse()
	if err := generate(*dir); err != nil {
		fmt.Fprintf(os.Stderr, "words.gz was not written: %v\n", err)
		os.Exit(1)
	}
}

func generate(dir string) error {
	words := map[string]byte{} // with the bits of its head
	files, err := filepath.Glob(dir + "/*")
	if err != nil {
		return err
	}
	for _, path := range files {
		list, ext, _ := strings.Cut(filepath.Base(path), ".")
		size, err := strconv.Atoi(ext)
		name := strings.HasSuffix(list, "-proper-names") || strings.HasSuffix(list, "-upper")
		if err != nil || strings.HasPrefix(list, "special") || strings.HasSuffix(list, "-abbreviations") ||
			name && size > 80 || !name && size > 70 {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text, err := charmap.ISO8859_1.NewDecoder().String(string(data))
		if err != nil {
			return err
		}
		for line := range strings.Lines(text) {
			if word := plain(line); len(word) > 1 && len(word) < 30 {
				words[word] |= head(size, name)
			}
		}
	}
	return os.WriteFile("words.gz", encode(words), 0o644)
}

func head(size int, name bool) byte {
	switch {
	case name || size > 50:
		return 0
	case size > 20:
		return 0x80
	}
	return 0xC0
}

// plain is the word in the letters a to z; empty for a genitive and for what needs other letters.
func plain(line string) string {
	word := strings.ToLower(strings.TrimSpace(line))
	if strings.HasSuffix(word, "'s") {
		return ""
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(word) {
		switch {
		case 'a' <= r && r <= 'z':
			b.WriteRune(r)
		case r == '\'' || unicode.Is(unicode.Mn, r):
		default:
			return ""
		}
	}
	return b.String()
}

func encode(words map[string]byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is right
	last := ""
	for _, w := range slices.Sorted(maps.Keys(words)) {
		n := 0
		for n < min(len(w), len(last)) && w[n] == last[n] {
			n++
		}
		z.Write(append([]byte{words[w] | byte(n)}, w[n:]+"\n"...)) //nolint:errcheck // memory takes it
		last = w
	}
	z.Close()
	return b.Bytes()
}
