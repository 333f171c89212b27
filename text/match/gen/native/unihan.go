package main

import (
	"bufio"
	"compress/bzip2"
	"os"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// unihanLines calls do with the character, the field and the value of each line of a file of Unihan, for characters of the Basic
// Multilingual Plane.
func unihanLines(path string, do func(c rune, field, value string)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewScanner(bzip2.NewReader(f))
	for in.Scan() {
		fields := strings.SplitN(in.Text(), "\t", 3)
		if len(fields) < 3 {
			continue
		}
		if c := codePoint(fields[0]); c != 0 && c < 0xA000 {
			do(c, fields[1], fields[2])
		}
	}
	return in.Err()
}

func codePoint(field string) rune {
	n, err := strconv.ParseUint(strings.TrimPrefix(field, "U+"), 16, 32)
	if err != nil {
		return 0
	}
	return rune(n)
}

// readings are the Mandarin readings of each character, the usual one first, and the Korean ones.
func readings(path string) (mandarin, korean table, err error) {
	mandarin, korean = table{}, table{}
	other := table{}
	err = unihanLines(path, func(c rune, field, value string) {
		to := canonicalRune(c)
		if to == 0 {
			return
		}
		switch field {
		case "kMandarin":
			mandarin.add(to, toneless(strings.Fields(value)[0]))
		case "kTGHZ2013", "kXHC1983":
			for _, entry := range strings.Fields(value) {
				_, reading, _ := strings.Cut(entry, ":")
				for _, r := range strings.Split(reading, ",") {
					other.add(to, toneless(r))
				}
			}
		case "kHanyuPinlu":
			for _, entry := range strings.Fields(value) {
				reading, _, _ := strings.Cut(entry, "(")
				other.add(to, toneless(reading))
			}
		case "kHangul":
			for _, entry := range strings.Fields(value) {
				syllable, _, _ := strings.Cut(entry, ":")
				korean.add(to, syllable)
			}
		}
	})
	for c, rs := range other {
		for _, r := range rs {
			mandarin.add(c, r)
		}
	}
	return mandarin, korean, err
}

// toneless is the syllable in the letters a to z, with v for ü as one types it; empty for what is no syllable with a vowel.
func toneless(reading string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) && r != 0x308 { // the dots of ü stay
			return -1
		}
		return r
	}, norm.NFD.String(strings.ToLower(reading)))) {
		switch {
		case r == 'ü':
			b.WriteByte('v')
		case 'a' <= r && r <= 'z':
			b.WriteRune(r)
		default:
			return ""
		}
	}
	if !strings.ContainsAny(b.String(), "aeiouv") {
		return ""
	}
	return b.String()
}

// variants are the characters that each one may be another form of.
func variants(path string) (table, error) {
	forms := table{}
	err := unihanLines(path, func(c rune, field, value string) {
		switch field {
		case "kSemanticVariant", "kZVariant", "kSpoofingVariant":
		default:
			return
		}
		a := canonicalRune(c)
		for _, entry := range strings.Fields(value) {
			point, _, _ := strings.Cut(entry, "<")
			if b := codePoint(point); b != 0 && b < 0xA000 {
				if b = canonicalRune(b); a != 0 && b != 0 && a != b {
					forms.add(a, string(b))
					forms.add(b, string(a))
				}
			}
		}
	})
	return forms, err
}
