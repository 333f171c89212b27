package match

import (
	"strings"
	"testing"
)

// disguises are what a reader of the language takes for the term, and how the finder is to say it was disguised.
var disguises = []struct {
	term, text, surface string
	how                 How
}{
	// Chinese
	{"法轮功", "他练法轮功", "法轮功", 0},
	{"法轮功", "他練法輪功", "法輪功", 0},
	{"法輪功", "他练法轮功", "法轮功", 0},
	{"法轮功", "我知道法*轮*功", "法*轮*功", Separated},
	{"法轮功", "我知道法 轮 功", "法 轮 功", Separated},
	{"法轮功", "发轮功好", "发轮功", Homophones},
	{"法轮功", "法伦工好", "法伦工", Homophones},
	{"法轮功", "关于法lun功", "法lun功", Romanised},
	{"法轮功", "关于fa轮功", "fa轮功", Romanised},
	{"法轮功", "they ban falungong there", "falungong", Romanised},
	{"法轮功", "they ban fa lun gong there", "fa lun gong", Romanised},
	{"法轮功", "FaLunG0ng", "FaLunG0ng", Romanised | Leet},
	{"法轮功", "氵去轮功", "氵去轮功", Drawn},
	{"法轮功", "水去车仑功", "水去车仑功", Drawn},
	{"贱人", "你这个贝戋人", "贝戋人", Drawn},
	{"傻逼", "你是傻比", "傻比", Homophones},
	{"傻逼", "“沙比”", "沙比", Homophones},
	{"傻逼", "你shabi啊", "shabi", Romanised},
	{"操你妈", "操泥妈", "操泥妈", Homophones},
	{"赌博网站", "赌博网詀", "赌博网詀", Homophones},

	{"法轮功", "他说发轮功", "发轮功", Homophones},
	{"自杀", "他⾃杀了", "⾃杀", Fonts},
	{"⾃杀", "他自殺了", "自殺", 0},

	// Greek
	{"αυτοκτονία", "η αυτοκτονια", "αυτοκτονια", 0},
	{"αυτοκτονια", "αὐτοκτονία", "αὐτοκτονία", 0},
	{"αυτοκτονία", "ΑΥΤΟΚΤΟΝΙΑ!", "ΑΥΤΟΚΤΟΝΙΑ", 0},
	{"σκύλος", "ο ΣΚΥΛΟΣ", "ΣΚΥΛΟΣ", 0},

	// Arabic
	{"كلب", "الكلب هنا", "كلب", 0},
	{"كلب", "کلب", "کلب", 0},
	{"كلب", "كـــلب", "كـــلب", Invisibles},
	{"كلب", "ك ل ب", "ك ل ب", Separated},
	{"كلب", "كْلْب", "كْلْب", 0},
	{"كلب", "كلللب", "كلللب", Repeats},
	{"كلب", "ﻛﻠﺐ", "ﻛﻠﺐ", Fonts},
	{"سلام", "\ufeb3\ufefc\u0645", "\ufeb3\ufefc\u0645", Fonts},
	{"كلب", "كلٮ", "كلٮ", Dotless},
	{"كلب", "يا كلپ", "كلپ", Homoglyphs},
	{"خنزير", "يا حںرىر", "حںرىر", Dotless},
	{"فلسطين", "ڡلسطىں", "ڡلسطىں", Dotless},
	{"إرهابي", "ارهابى", "ارهابى", 0},
	{"حمار", "ya 7mar enta", "7mar", Romanised},
	{"حمار", "ya 7omar enta", "7omar", Romanised},
	{"كلب", "ya 7mar ya kalb", "kalb", Romanised},
	{"حمار", "يا 7مار", "7مار", Leet},
	{"عرص", "ya 3ars", "3ars", Romanised},
	{"خنزير", "ya 5anzeer", "5anzeer", Romanised},
	{"شرموطة", "ya sharmota 7abibi", "sharmota", Romanised},

	// Kana
	{"ばか", "バカだ", "バカ", 0},
	{"ばか", "ﾊﾞｶだ", "ﾊﾞｶ", Fonts},
	{"ばか", "は゛か", "は゛か", 0},
	{"ばか", "ば・か", "ば・か", Separated},
	{"ばか", "ばーか", "ばーか", Repeats},
	{"ばか", "この baka め", "baka", Romanised},
	{"くそやろう", "クソやろぅ", "クソやろぅ", Variants},
	{"ちんこ", "chinko だよ", "chinko", Romanised},
	{"きちがい", "kichigai desu", "kichigai", Romanised},
	{"じさつ", "彼はjisatsuと言った", "jisatsu", Romanised},
	{"ちんこ", "これはchinkoです", "chinko", Romanised},
	{"ばか", "このbakaめ", "baka", Romanised},
	{"ばか", "馬鹿ではなくbaka。", "baka", Romanised},
	{"hello", "んello", "んello", Homoglyphs},
	{"hello", "ﾑいhelloです", "hello", 0},

	// Hangul
	{"시발", "시발놈", "시발", 0},
	{"시발", "ㅅㅣㅂㅏㄹ 이야", "ㅅㅣㅂㅏㄹ", 0},
	{"시발", "시1발", "시1발", Separated},
	{"시발", "씨빨", "씨빨", Sound},
	{"시발", "쉬발", "쉬발", Sound},
	{"개새끼", "게세끼야", "게세끼", Sound},
	{"한국인", "한구긴", "한구긴", Sound},
	{"한국인", "한꾹인", "한꾹인", Sound},
	{"한국인", "한국긴", "한국긴", Sound},
	{"한국인", "핝굮읹", "핝굮읹", Sound},
	{"한국인", "환궉윈", "환궉윈", Sound},
	{"바깥쪽", "박깥쪽", "박깥쪽", Sound},
	{"귀엽다", "커엽다", "커엽다", Homoglyphs},
	{"눈물", "롬곡 난다", "롬곡", Flipped},
	{"망했어", "mang했어", "mang했어", Romanised},
	{"수상해", "水상해", "水상해", Transliterated},
	{"쭈꾸미", "卒꾸口I 먹자", "卒꾸口I", Homoglyphs},
	{"외국여행", "외여국행을", "외여국행", Edited},
	{"호갱", "호..갱", "호..갱", Separated},
	{"개새끼", "gaesaekki 라니", "gaesaekki", Romanised},
}

func TestDisguisesOfScripts(t *testing.T) {
	for _, tc := range disguises {
		t.Run(tc.term+" "+tc.text, func(t *testing.T) {
			var f Finder
			bank := compile(t, tc.term)
			found := f.Find(bank, tc.text)
			checkMatches(t, bank, tc.text, found)
			if len(found) != 1 || tc.text[found[0].Start:found[0].End] != tc.surface || found[0].How != tc.how {
				t.Errorf("found %s, want %q by %s", describe(bank, tc.text, found), tc.surface, tc.how)
			}
		})
	}
}

func describe(b *Bank, text string, found []Match) string {
	var all []string
	for _, m := range found {
		all = append(all, b.terms[m.Term].Text+" in "+text[m.Start:m.End]+" by "+m.How.String())
	}
	return "[" + strings.Join(all, "; ") + "]"
}

// innocent are texts that look or sound like the terms and are what they say.
var innocent = []struct{ terms, texts string }{
	{"伤害 权力 法轮功 傻逼 死 妈的 操你妈 女好 明天", "上海 权利 发论坛 沙壁画 杀必须 made|他们见面的地方 日月潭 他在上海的权利 四 草地|女子好 made in China 他马的鞍 一个好人"},
	{"كلب خنزير حمار عرب غرب دين", "قلب يا حبيبي|میں نے کہا|حمام|كتب|7up and 3d and 2day|call me at 5pm|klub kelab|mp3 player|عرض"},
	{"ばか しね ころす ちんこ", "はかに行く|shine on me|baka|sine wave|かばん"},
	{"시발 개새끼 병신 한국인 비싸", "시작 신발을 샀다|개 세 마리|병실에 있다|한국어|shibal|출발"},
}

func TestInnocentWordsOfScripts(t *testing.T) {
	for _, tc := range innocent {
		bank := compile(t, strings.Fields(tc.terms)...)
		for text := range strings.SplitSeq(tc.texts, "|") {
			var f Finder
			if found := f.Find(bank, text); len(found) > 0 {
				t.Errorf("%q: found %s", text, describe(bank, text, found))
			}
		}
	}
}
