package match

import (
	"strings"

	"github.com/ringfence/ringfence/text/fold"
)

// alias is a term of another script in Latin letters. It is in the trie of the Latin terms, so it is found with everything that
// they are, under a number behind those of the terms.
type alias struct {
	term  int32
	of    scripts
	short bool // counts only in a text with letters of its script
}

const (
	minAlias  = 4 // letters of the shortest alias
	longAlias = 7 // letters of one that counts in any text
	maxAlias  = 8 // of one term

	costRomanised = 20
)

// romanisations are the ways to write the term in Latin letters: pinyin, Hepburn's and other rōmaji, and the Revised Romanisation.
// Arabic in Latin letters has too many ways; it is read letter by letter (see arabic.go).
func romanisations(symbols []fold.Symbol) (ways []string, of scripts) {
	spellings := []string{""}
	syllables := 0
	var letters []rune
	for i := range symbols {
		if c := symbols[i].Text; c != 0 {
			letters = append(letters, c)
			of |= scriptOf(c)
		}
	}
	for i := 0; i < len(letters); {
		var next []string
		n := 1
		switch of {
		case han:
			for _, id := range pinyin().readings[letters[i]] {
				next = append(next, pinyin().names[id])
			}
		case hangul:
			next = romanHangul(letters[i])
		case kana:
			next, n = romanKana(letters[i:])
		}
		if len(next) == 0 {
			return nil, of
		}
		spellings = combine(spellings, next)
		syllables++
		i += n
	}
	for _, s := range spellings {
		joined := strings.ReplaceAll(s, " ", "")
		if len(joined) < minAlias || syllables < 2 {
			continue
		}
		if english().rank(wordHash(joined)) == unknown {
			ways = append(ways, joined)
		}
		if of == han && syllables > 2 {
			ways = append(ways, strings.TrimSpace(s))
		}
	}
	return ways[:min(len(ways), maxAlias)], of
}

// combine appends each of the syllables to each of the spellings.
func combine(spellings, syllables []string) []string {
	var longer []string
	for _, s := range spellings {
		for _, next := range syllables {
			if len(longer) < maxAlias {
				longer = append(longer, s+" "+next)
			}
		}
	}
	return longer
}

func wordHash(word string) hash {
	h := noHash
	for _, c := range word {
		h = h.with(c)
	}
	return h
}

var (
	romanInitials = strings.Split("g kk n d tt r m b pp s ss  j jj ch k t p h", " ")
	romanVowels   = strings.Split("a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i", " ")
	romanFinals   = strings.Split(" k k k n n n t l k m l l l p l m p p t t ng t t k t p t", " ")
)

// romanHangul are spellings of a syllable: by the Revised Romanisation, and with k, t, p, l and sh where others write them.
func romanHangul(c rune) []string {
	if c < 0xAC00 || c > 0xD7A3 {
		return nil
	}
	c -= 0xAC00
	initial, rest := romanInitials[c/588], romanVowels[c%588/28]+romanFinals[c%28]
	ways := []string{initial + rest}
	other := map[string]string{"g": "k", "d": "t", "b": "p", "r": "l"}[initial]
	if initial == "s" && strings.HasPrefix(rest, "i") {
		other = "sh"
	}
	if other != "" {
		ways = append(ways, other+rest)
	}
	return ways
}

// romaji are the letters of kana, voiced ones among them.
var romaji = func() map[rune][]string {
	m := map[rune][]string{}
	for _, row := range []string{
		"a あ i い u う e え o お ka か ki き ku く ke け ko こ ga が gi ぎ gu ぐ ge げ go ご sa さ shi,si し su す se せ so そ za ざ ji,zi じ zu ず ze ぜ zo ぞ",
		"ta た chi,ti ち tsu,tu つ te て to と da だ ji,di ぢ zu,du づ de で do ど na な ni に nu ぬ ne ね no の ha は hi ひ fu,hu ふ he へ ho ほ",
		"ba ば bi び bu ぶ be べ bo ぼ pa ぱ pi ぴ pu ぷ pe ぺ po ぽ ma ま mi み mu む me め mo も ya や yu ゆ yo よ ra ら ri り ru る re れ ro ろ",
		"wa わ wo,o を n ん vu ゔ",
	} {
		fields := strings.Fields(row)
		for i := 0; i+1 < len(fields); i += 2 {
			m[[]rune(fields[i+1])[0]] = strings.Split(fields[i], ",")
		}
	}
	return m
}()

var smallY = map[rune]string{'ゃ': "a", 'ゅ': "u", 'ょ': "o"}

// romanKana are spellings of what the letters begin with, and how many of them that is.
func romanKana(letters []rune) (ways []string, n int) {
	c := letters[0]
	if c == 'っ' && len(letters) > 1 {
		next, n := romanKana(letters[1:])
		for _, s := range next {
			ways = append(ways, s[:1]+s)
		}
		return ways, n + 1
	}
	if c == 'ー' {
		return []string{"", "h"}, 1
	}
	ways = romaji[c]
	if len(letters) > 1 && smallY[letters[1]] != "" && len(ways) > 0 && strings.HasSuffix(ways[0], "i") {
		vowel := smallY[letters[1]]
		var with []string
		for _, s := range ways {
			stem := strings.TrimSuffix(s, "i")
			if stem == "sh" || stem == "ch" || stem == "j" {
				with = append(with, stem+vowel)
			} else {
				with = append(with, stem+"y"+vowel)
			}
		}
		return with, 2
	}
	return ways, 1
}

// addAliases puts a native term into the Latin trie by its romanisations.
func (b *Bank) addAliases(build *trieBuilder, symbols []fold.Symbol, term int) {
	ways, of := romanisations(symbols)
	for _, way := range ways {
		var path []uint8
		for _, c := range []byte(way) {
			if c == ' ' {
				path = append(path, space)
			} else {
				path = append(path, c-'a')
			}
		}
		letters := len(strings.ReplaceAll(way, " ", ""))
		build.add(path, len(b.terms)+len(b.aliases))
		b.aliases = append(b.aliases, alias{int32(term), of, letters < longAlias})
		b.letters = append(b.letters, uint16(letters))
		b.endings = append(b.endings, endings{list: []string{}})
	}
}

// resolve puts the terms in place of their aliases, and drops those that do not count: short ones in a text without their script,
// and what is doubtful in other ways as well.
func (b *Bank) resolve(found []Match, has scripts) []Match {
	kept := found[:0]
	for _, m := range found {
		if at := m.Term - len(b.terms); at >= 0 {
			a := &b.aliases[at]
			of := a.of
			if of == kana {
				of |= han // of Japanese
			}
			if m.How&(Reversed|Flipped|Joined|Stars|Edited) != 0 || a.short && has&of == 0 {
				continue
			}
			m.Term, m.How, m.Cost = int(a.term), m.How|Romanised, m.Cost+costRomanised
		}
		kept = append(kept, m)
	}
	return kept
}
