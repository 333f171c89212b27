package match

import "github.com/ringfence/ringfence/text/fold"

// unit is a drawing: characters that together look like other letters, or sound like them.
type unit struct {
	text    []rune
	letters []fold.Set
	cost    int
	words   bool // made of letters, and so taken only in words that are in no dictionary
}

// drawn holds the units by their first character.
var drawn = func() (t [128][]unit) {
	for _, d := range []struct {
		letters string
		texts   []string
	}{
		{"a", []string{`/-\`, `/\`, `/_\`, `(l`}},
		{"b", []string{`|3`, `|8`, `13`, `!3`, `I3`, `l3`, `|:`, `lo`, `|o`, `]3`}},
		{"d", []string{`|)`, `[)`, `|]`, `|>`, `cl`, `c|`, `[]`, `1)`}},
		{"e", []string{`[-`, `(-`, `|=-`}},
		{"f", []string{`|=`, `ph`, `|"`, `/=`}},
		{"ph", []string{`f`}},
		{"g", []string{`(_+`, `(_-`, `(_>`, `[_+`}},
		{"h", []string{`|-|`, `|--|`, `[-]`, `}{`, `)-(`, `}-{`, `/-/`, `]-[`, `(-)`, `|~|`, `li`, `|{|`, `!-!`, `1-1`, `\-\`, `{-}`}},
		{"i", []string{`][`, `[]`, `l`}},
		{"j", []string{`_|`, `_/`, `_7`, `._|`, `,|`}},
		{"k", []string{`|<`, `|{`, `|(`, `lc`, `l<`, `1<`, `[<`, `|c`, `l{`, `I<`}},
		{"l", []string{`|_`, `|__`, `1_`, `I_`, `l_`, `[_`}},
		{"m", []string{`/\/\`, `|v|`, `|\/|`, `[v]`, `(v)`, `/v\`, `rn`, `^^`, `|V|`, `]V[`, `(\/)`, `[\/]`, `/|\`, `//\\//\\`}},
		{"n", []string{`|\|`, `/\/`, `[\]`, `|v`, `ri`, `(\)`, `^/`, `|/|`, `/V`, `{\}`}},
		{"o", []string{`()`, `[]`, `<>`, `{}`}},
		{"p", []string{`|*`, `|>`, `|"`, `|^`, `|o`, `|D`, `|°`}},
		{"q", []string{`(_,`, `0_`, `<|`, `O_`, `(,)`}},
		{"r", []string{`|2`, `12`, `|?`, `|^`, `|~`, `[2`, `l2`, `/2`}},
		{"s", []string{`z`}},
		{"t", []string{`-|-`, `']['`, `~|~`, `"|"`}},
		{"u", []string{`|_|`, `(_)`, `[_]`, `\_/`, `/_/`, `{_}`, `L|`, `\_\`, `!_!`, `|_l`, `l_l`, `v`}},
		{"v", []string{`\/`, `|/`, `\|`}},
		{"w", []string{`\/\/`, `vv`, `uu`, `\^/`, `|/\|`, `|^|`, `VV`, `\|/`, `\_|_/`, `(/\)`, `\\//\\//`, `\X/`, `\V/`}},
		{"x", []string{`><`, `}{`, `)(`}},
		{"y", []string{"`/", `'/`, `\|/`, `-/`}},
		{"z", []string{`7_`, `~/_`, `-/_`, `>_`}},
	} {
		for _, text := range d.texts {
			u := unit{text: []rune(text), cost: 15}
			u.words = true
			for _, r := range u.text {
				isLetter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
				u.words = u.words && isLetter
			}
			for _, l := range d.letters {
				u.letters = append(u.letters, fold.Of(l))
			}
			first := u.text[0]
			t[first] = append(t[first], u)
			if upperFirst := first - 'a' + 'A'; first >= 'a' && first <= 'z' {
				t[upperFirst] = append(t[upperFirst], u)
			}
		}
	}
	return t
}()

// draws marks the characters that a drawing begins with.
var draws = func() (t [128]flag) {
	for r := range t {
		if drawn[r] != nil {
			t[r] = drawing
		}
	}
	return t
}()

// drawsAt is the flag of any character.
func drawsAt(c rune) flag {
	if c < 128 {
		return draws[c]
	}
	return 0
}

// unitsOf are the drawings that begin with the character.
func unitsOf(r rune) []unit {
	switch {
	case r < 128:
		return drawn[r]
	case 'а' <= r && r <= 'я':
		return cyrillicUnits[r-'а']
	}
	return nil
}

// at reports whether the unit stands at symbol i.
func (u *unit) at(l *lattice, i int) bool {
	if i+len(u.text) > len(l.symbols) || u.words && u.text[0] < 128 && !l.native {
		return false
	}
	for k, r := range u.text {
		y := &l.symbols[i+k]
		if y.Rune != r && (!u.words || y.Text != r) { // words in any case and typeface
			return false
		}
		if u.words && (l.flags[i+k]&known != 0 || k > 0 && l.flags[i+k]&inner == 0) {
			return false
		}
	}
	return true
}
