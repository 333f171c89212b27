package lang

// script is a writing system, as far as it matters to languages.
type script uint8

const (
	none script = iota
	latin
	cyrillic
	arabic
	devanagari
	han
	kana
	hangul
	others // and the kinds-1 that follow, each the script of one language here
)

const kinds = 20

// block is a range of characters of one script. Marks and signs of a script count as it.
type block struct {
	first, last rune
	script      script
}

// single are the scripts that name a language by themselves: ISO 15924, ISO 639-1.
var single = [kinds]struct{ code, lang string }{
	{"Grek", "el"}, {"Armn", "hy"}, {"Hebr", "he"}, {"Thaa", "dv"}, {"Beng", "bn"}, {"Guru", "pa"}, {"Gujr", "gu"}, {"Orya", "or"}, {"Taml", "ta"},
	{"Telu", "te"}, {"Knda", "kn"}, {"Mlym", "ml"}, {"Sinh", "si"}, {"Thai", "th"}, {"Laoo", "lo"}, {"Tibt", "bo"}, {"Mymr", "my"}, {"Geor", "ka"},
	{"Ethi", "am"}, {"Khmr", "km"},
}

// codes are the ISO 15924 codes of the scripts before others.
var codes = [...]string{none: "", latin: "Latn", cyrillic: "Cyrl", arabic: "Arab", devanagari: "Deva", han: "Hani", kana: "Jpan", hangul: "Kore"}

func (s script) code() string {
	if s >= others {
		return single[s-others].code
	}
	return codes[s]
}

// blocks are in ascending order; the indices of single are offsets from others.
var blocks = []block{
	{'A', 'Z', latin}, {'a', 'z', latin}, {0xC0, 0xD6, latin}, {0xD8, 0xF6, latin}, {0xF8, 0x2AF, latin},
	{0x300, 0x36F, latin}, // combining marks, which no other script in these lists writes
	{0x370, 0x3FF, others}, {0x400, 0x52F, cyrillic}, {0x531, 0x587, others + 1}, {0x591, 0x5F4, others + 2},
	{0x620, 0x63F, arabic}, {0x641, 0x65F, arabic}, {0x66E, 0x6D3, arabic}, {0x6D5, 0x6FF, arabic}, {0x750, 0x77F, arabic},
	{0x780, 0x7B1, others + 3}, {0x8A0, 0x8FF, arabic}, {0x900, 0x963, devanagari}, {0x970, 0x97F, devanagari},
	{0x980, 0x9E3, others + 4}, {0xA01, 0xA5E, others + 5}, {0xA81, 0xAE3, others + 6}, {0xB01, 0xB63, others + 7}, {0xB82, 0xBD7, others + 8},
	{0xC00, 0xC63, others + 9}, {0xC80, 0xCE3, others + 10}, {0xD00, 0xD63, others + 11}, {0xD82, 0xDDF, others + 12}, {0xE01, 0xE4E, others + 13},
	{0xE81, 0xECD, others + 14}, {0xF40, 0xFBC, others + 15}, {0x1000, 0x103F, others + 16}, {0x10A0, 0x10FF, others + 17}, {0x1100, 0x11FF, hangul},
	{0x1200, 0x135A, others + 18}, {0x1780, 0x17D3, others + 19}, {0x1E00, 0x1EFF, latin}, {0x1F00, 0x1FFF, others}, {0x3041, 0x30FF, kana},
	{0x3131, 0x318E, hangul}, {0x31F0, 0x31FF, kana}, {0x3400, 0x4DBF, han}, {0x4E00, 0x9FFF, han}, {0xAC00, 0xD7A3, hangul}, {0xF900, 0xFAFF, han},
	{0x20000, 0x323AF, han},
}

// scriptOf is the script of a letter or mark, none for everything else.
func scriptOf(r rune) script {
	if r < 0x80 {
		if 'a' <= r|0x20 && r|0x20 <= 'z' {
			return latin
		}
		return none
	}
	low, high := 2, len(blocks)
	for low < high {
		middle := (low + high) / 2
		if blocks[middle].last < r {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low < len(blocks) && blocks[low].first <= r {
		return blocks[low].script
	}
	return none
}

// weight is how much a character says, in letters of an alphabet.
func (s script) weight() int {
	switch s {
	case han, kana, hangul:
		return 3
	}
	return 1
}
