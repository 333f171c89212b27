package match

import (
	"testing"
)

// scriptTerms are terms of each script for the measure of false flags.
var scriptTerms = []string{
	// Chinese
	"法轮功", "傻逼", "操你妈", "他妈的", "妈的", "尼玛", "贱人", "婊子", "杀人", "赌博", "色情", "毒品", "冰毒", "六四", "习近平", "共产党", "天安门", "台独", "自杀", "强奸", "诈骗", "代购", "加微信", "裸聊", "约炮", "枪支",
	// Arabic
	"كلب", "حمار", "خنزير", "شرموطة", "قحبة", "عرص", "كس امك", "ابن الكلب", "منيك", "زبالة", "حقير", "إرهابي", "داعش", "يلعن", "ارهاب", "خول", "زاني", "كافر", "سكس", "عاهرة", "متناك", "حيوان", "قذر", "نجس",
	// Japanese
	"ばか", "くそ", "しね", "ころす", "きもい", "ちんこ", "まんこ", "きちがい", "うざい", "ちくしょう", "くたばれ", "ブス", "デブ", "カス", "アホ", "ボケ", "クズ", "ゴミ", "変態", "死ね", "殺す", "援交", "乞食", "売春",
	// Korean
	"시발", "씨발", "개새끼", "병신", "지랄", "좆", "미친놈", "꺼져", "창녀", "보지", "자지", "한남충", "김치녀", "일베", "쓰레기", "엿먹어", "닥쳐", "돼지", "빨갱이", "짱깨", "쪽바리", "느금마", "애미", "섹스", "도박", "대출", "마약", "자살",
	// Thai
	"ควย", "เหี้ย", "สัส", "เย็ด", "หี", "กะหรี่", "ควาย", "อีดอก", "ไอ้สัตว์", "พนัน",
}

// TestFlagsOfScripts counts the ordinary posts in which a term of another script is found in disguise.
func TestFlagsOfScripts(t *testing.T) {
	path := shared(t, "obf-bench-dev/clean.jsonl")
	bank := compile(t, scriptTerms...)
	var f Finder
	all, plain, flagged := map[string]int{}, map[string]int{}, map[string]int{}
	eachLine(t, path, func(post struct{ Pool, Text string }) {
		all[post.Pool]++
		disguised := false
		for _, m := range f.Find(bank, post.Text) {
			if m.How&^(Inflected) == 0 {
				plain[post.Pool]++
			} else {
				disguised = true
				t.Logf("FLAG %s: %s in %q by %s (%d)", post.Pool, bank.terms[m.Term].Text, post.Text[m.Start:m.End], m.How, m.Cost)
			}
		}
		if disguised {
			flagged[post.Pool]++
		}
	})
	for pool, n := range all {
		t.Logf("%s: %d of %d in disguise (%.2f%%); %d matches as listed", pool, flagged[pool], n, 100*float64(flagged[pool])/float64(n), plain[pool])
	}
}
