package lang

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// posts are invented, a few a language.
var posts = map[string][]string{
	"en": {"i really don't know what to say about this game", "Just had the best coffee in town ☕", "RT @someone: why would you do that?? https://t.co/abc"},
	"es": {"no sé qué hacer con mi vida la verdad", "Buenos días a todos, feliz lunes!", "jajaja qué risa me da este señor"},
	"pt": {"não aguento mais essa chuva, quero minha cama", "bom dia gente, hoje tem prova na faculdade", "vc viu o jogo ontem? foi demais kkkk"},
	"fr": {"j'en ai marre de cette pluie, vivement l'été", "Bonne nuit tout le monde", "mdr t'as vu ce qu'il a dit hier soir"},
	"it": {"non ho voglia di andare a scuola domani", "Buongiorno a tutti, che bella giornata di sole", "ma perché nessuno mi risponde mai"},
	"de": {"ich hab heute echt keine Lust auf Arbeit", "Guten Morgen zusammen, das Wetter ist furchtbar", "warum fährt der Zug schon wieder nicht"},
	"nl": {"ik heb echt geen zin om morgen te werken", "Goedemorgen allemaal, wat een mooie dag vandaag"},
	"sv": {"jag orkar inte gå till jobbet imorgon", "vad är det för väder egentligen, så tråkigt"},
	"da": {"jeg gider ikke på arbejde i morgen", "hvorfor er der aldrig nogen der svarer mig"},
	"no": {"jeg orker ikke å gå på jobb i morgen", "hvorfor er det aldri noen som svarer meg"},
	"fi": {"en jaksa mennä huomenna töihin ollenkaan", "mitä sä teet tänään illalla"},
	"pl": {"nie chce mi się dzisiaj iść do pracy", "dlaczego nikt mi nigdy nie odpowiada"},
	"cs": {"vůbec se mi dneska nechce do práce", "proč mi nikdo nikdy neodpoví"},
	"sk": {"vôbec sa mi dnes nechce do práce", "prečo mi nikto nikdy neodpovie"},
	"sl": {"danes se mi sploh ne da v službo", "zakaj mi nihče nikoli ne odgovori"},
	"hr": {"uopće mi se ne ide sutra na posao, tko bi to izdržao", "gdje si, što radiš, lijepo je vrijeme"},
	"sr": {"uopšte mi se ne ide sutra na posao, ko bi to izdržao", "gde si, šta radiš, lepo je vreme", "где си, шта радиш, лепо је време"},
	"hu": {"egyáltalán nincs kedvem ma dolgozni menni", "miért nem válaszol nekem soha senki"},
	"ro": {"nu am deloc chef să merg mâine la muncă", "de ce nu-mi răspunde nimeni niciodată"},
	"tr": {"yarın işe gitmek hiç istemiyorum", "neden kimse bana cevap vermiyor ki", "Türkiye'de hava çok sıcak bugün"},
	"az": {"sabah işə getmək heç istəmirəm", "niyə heç kim mənə cavab vermir"},
	"vi": {"hôm nay trời đẹp quá mọi người ơi", "không biết phải làm gì với cuộc đời này"},
	"id": {"aku gak tau harus ngapain lagi sama hidup ini", "selamat pagi semua, semoga harinya menyenangkan"},
	"ms": {"aku takde mood nak pergi kerja esok", "kenapa tak ada orang nak jawab soalan saya sebab penat sangat"},
	"tl": {"hindi ko alam kung ano ang gagawin ko sa buhay ko", "magandang umaga sa inyong lahat mga kaibigan"},
	"sw": {"sijui nifanye nini na maisha yangu sasa", "habari za asubuhi watu wote wa nyumbani"},
	"ca": {"no m'agrada anar a la feina, i tu què fas avui", "bon dia a tothom, avui fa molt bon temps"},
	"sq": {"nuk kam dëshirë të shkoj nesër në punë", "pse nuk më përgjigjet askush asnjëherë"},
	"et": {"ma ei taha homme üldse tööle minna", "miks mulle mitte keegi ei vasta"},
	"lv": {"es rīt vispār negribu iet uz darbu", "kāpēc man neviens nekad neatbild"},
	"lt": {"visai nenoriu rytoj eiti į darbą", "kodėl man niekas niekada neatsako"},
	"af": {"ek het regtig nie lus om môre te werk nie", "hoekom antwoord niemand my ooit nie"},
	"eu": {"ez dut batere gogorik bihar lanera joateko", "zergatik ez dit inork inoiz erantzuten"},
	"hi": {"mujhe kal kaam par nahi jana hai yaar", "kya kar rahe ho bhai, sab theek hai na", "आज मुझे काम पर नहीं जाना है", "सब लोग कैसे हैं"},
	"ru": {"не хочу завтра идти на работу, совсем нет сил", "почему мне никто никогда не отвечает"},
	"uk": {"зовсім не хочу завтра йти на роботу", "чому мені ніхто ніколи не відповідає"},
	"be": {"зусім не хачу заўтра ісці на працу", "чаму мне ніхто ніколі не адказвае"},
	"bg": {"изобщо не ми се ходи утре на работа", "защо никой никога не ми отговаря"},
	"mk": {"воопшто не ми се оди утре на работа, зошто ќе морам", "зошто никој никогаш не ми одговара"},
	"kk": {"ертең жұмысқа барғым келмейді", "неге маған ешкім жауап бермейді"},
	"mn": {"маргааш ажилдаа явмааргүй байна", "яагаад хэн ч надад хариулахгүй байна вэ"},
	"ar": {"والله ما ادري وش اسوي بحياتي", "صباح الخير يا جماعة، كيف حالكم اليوم"},
	"fa": {"واقعا نمیدونم با زندگی خودم چه کار کنم", "چرا هیچ کس جواب من را نمی دهد"},
	"ur": {"مجھے کل کام پر نہیں جانا ہے", "آپ سب لوگ کیسے ہیں"},
	"mr": {"मला उद्या कामाला जायचे नाही", "तुम्ही सगळे कसे आहात"},
	"ne": {"मलाई भोलि काममा जान मन छैन", "तपाईंहरू सबैलाई कस्तो छ"},
	"ja": {"今日は仕事に行きたくない", "ねむい", "東京なう"},
	"zh": {"我今天不想去上班", "為什麼沒有人回答我"},
	"ko": {"오늘 진짜 출근하기 싫다 ㅠㅠ", "ㅋㅋㅋㅋ"},
	"th": {"วันนี้ไม่อยากไปทำงานเลย"}, "el": {"δεν θέλω να πάω στη δουλειά αύριο"}, "he": {"אין לי כוח ללכת לעבודה מחר"},
	"hy": {"ես չեմ ուզում վաղը գնալ աշխատանքի"}, "ka": {"ხვალ სამსახურში წასვლა არ მინდა"}, "bn": {"আমি কাল কাজে যেতে চাই না"},
	"ta": {"நாளை வேலைக்கு செல்ல விரும்பவில்லை"}, "te": {"రేపు పనికి వెళ్ళాలని లేదు"}, "am": {"ነገ ሥራ መሄድ አልፈልግም"}, "my": {"မနက်ဖြန် အလုပ်မသွားချင်ဘူး"},
	"km": {"ខ្ញុំមិនចង់ទៅធ្វើការ"}, "gu": {"મારે કાલે કામ પર જવું નથી"}, "kn": {"ನಾಳೆ ಕೆಲಸಕ್ಕೆ ಹೋಗಲು ಇಷ್ಟವಿಲ್ಲ"}, "ml": {"നാളെ ജോലിക്ക് പോകാൻ വയ്യ"},
	"pa": {"ਮੈਂ ਕੱਲ੍ਹ ਕੰਮ ਤੇ ਨਹੀਂ ਜਾਣਾ"}, "or": {"ମୁଁ କାଲି କାମକୁ ଯିବି ନାହିଁ"}, "si": {"මට හෙට වැඩට යන්න බෑ"}, "lo": {"ມື້ອື່ນບໍ່ຢາກໄປເຮັດວຽກ"}, "bo": {"ང་ལས་ཀར་འགྲོ་འདོད་མེད།"},
	"dv": {"އަހަރެން މާދަމާ"}, "ps": {"زه نه پوهېږم چې څه وکړم"}, "ckb": {"نازانم چی بکەم لەگەڵ ژیانم"},
}

func TestDetect(t *testing.T) {
	for want, texts := range posts {
		for _, text := range texts {
			if got := Detect(text); got.Lang != want {
				t.Errorf("Detect(%q) = %+v, want %s", text, got, want)
			}
		}
	}
	for s := range models {
		for _, lang := range models[s]().langs {
			if posts[lang] == nil {
				t.Errorf("no post is in %s", lang)
			}
		}
	}
	for _, s := range single {
		if posts[s.lang] == nil {
			t.Errorf("no post is in %s", s.lang)
		}
	}
}

func TestWhatDoesNotCount(t *testing.T) {
	want := Detect("mañana no quiero ir al trabajo")
	for _, text := range []string{
		"@theweather mañana no quiero ir al trabajo https://example.com/the-weather-is-bad", "mañana no quiero ir al trabajo #mondaymotivation 😂 &amp; 12",
		"MAÑANA no quierooooo ir al trabajo!!!", "ｍañana no quiero ir al trabajo", "man\u0303ana no qui\u200bero ir al trabajo",
	} {
		if got := Detect(text); got.Lang != "es" || math.Abs(got.Confidence-want.Confidence) > 0.05 {
			t.Errorf("Detect(%q) = %+v, want %+v", text, got, want)
		}
	}
	if got := Detect("#quiero #dormir #hoy"); got.Lang != "es" {
		t.Errorf("where there is nothing else hashtags count: %+v", got)
	}
}

func TestWhatSaysNothing(t *testing.T) {
	for text, want := range map[string]Guess{
		"": {}, "123 😂 ... @me https://example.com/the": {}, "\xff\xfe": {}, "h": {Script: "Latn"}, "' ' ''": {}, "ф": {Script: "Cyrl"},
	} {
		got := Detect(text)
		if got.Script != want.Script || want.Lang == "" && got.Lang != "" || want.Lang == "" && got.Confidence != 0 {
			t.Errorf("Detect(%q) = %+v, want %+v", text, got, want)
		}
	}
}

func TestConfidenceFollowsTheEvidence(t *testing.T) {
	short, long := Detect("no"), Detect("no sé por qué no quieres venir conmigo mañana")
	if short.Confidence > 0.6 || long.Confidence < 0.95 {
		t.Errorf("confidence of a word that is in many languages %.2f and of a sentence %.2f, want below .6 and above .95", short.Confidence, long.Confidence)
	}
	if mixed := Detect("привет hello friend how are you"); mixed.Lang != "en" || mixed.Confidence > 0.9 {
		t.Errorf("a text in two scripts: %+v, want en, below .9", mixed)
	}
}

func TestSpellingIsAProbability(t *testing.T) {
	words := []string{"abba", "abbe", "cab", "a"}
	s := newSpelling(words)
	const letters = 4 // a b c e, and the edge
	rapid.Check(t, func(t *rapid.T) {
		g := nothing.add(edge)
		for _, r := range rapid.StringOfN(rapid.RuneFrom([]rune("abce")), 0, 5, -1).Draw(t, "before") {
			g = g.add(r)
		}
		sum := 0.0
		for _, r := range "abce " {
			sum += s.probability(g.add(r), 1.0/(letters+1))
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("what may follow has a probability of %g in sum", sum)
		}
	})
}

// TestModelsAgreeWithTheirCounts holds the tables that are looked up to the definition.
func TestModelsAgreeWithTheirCounts(t *testing.T) {
	lists := parseLists(cyrillicWords)
	m := newModel(cyrillicWords)
	alphabet := 0
	for _, key := range m.letters.keys {
		if key != 0 && (key-1).length() == 1 {
			alphabet++
		}
	}
	for _, word := range []string{"спасибо", "жұмысқа", "xyz", "ъъъ", "да"} {
		got := make([]float32, len(lists))
		m.spell(got, []rune(word))
		for i, l := range lists {
			s, want, g := newSpelling(l.words), 0.0, nothing.add(edge)
			for _, r := range word + " " {
				g = g.add(r)
				want += math.Log(s.probability(g, 1/float64(2*alphabet)))
			}
			if math.Abs(want-float64(got[i])) > 1e-3 {
				t.Errorf("%s in %s: %.4f, want %.4f", word, l.lang, got[i], want)
			}
		}
	}
}

func TestBlocksAreInOrder(t *testing.T) {
	last := rune(0)
	for _, b := range blocks {
		if b.first <= last || b.last < b.first {
			t.Errorf("block %#x to %#x comes after %#x", b.first, b.last, last)
		}
		last = b.last
	}
}

func TestDetectDoesNotAllocate(t *testing.T) {
	text := "why does nobody ever answerr me, @you? почему так http://x.example"
	var w work // the pool's memory does not last under the race detector
	w.detect(text)
	if got := testing.AllocsPerRun(100, func() { w.detect(text) }); got != 0 {
		t.Errorf("%g allocations, want 0", got)
	}
}

func FuzzDetect(f *testing.F) {
	for _, texts := range posts {
		f.Add(texts[0])
	}
	for _, text := range []string{"", "\xff", "''''", "@", "#a", "&;", "aaaaaaa'", strings.Repeat("å", 3000), "l'l'l'l'l'l'", "\U0010FFFF日", "ｈttp"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g := Detect(text)
		if !(g.Confidence >= 0 && g.Confidence <= 1) || g.Lang != "" && g.Script == "" {
			t.Fatalf("Detect(%q) = %+v", text, g)
		}
		if utf8.ValidString(text) && len(text) < 100 && Detect(text) != g {
			t.Fatalf("Detect(%q) does not repeat itself", text)
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	for name, text := range map[string]string{
		"en": "I really don't know what to say about this game, it was the worst one of the season so far and I watched all",
		"id": "mereka mengatakan pertandingan semalam mengecewakan sekali dan pelatihnya harus bertanggung jawab atas kekalahan",
		"ru": "вчерашняя игра меня просто разочаровала, тренеру следовало бы извиниться перед болельщиками и командой",
		"ja": "昨日の試合は本当にがっかりした。監督はファンに謝るべきだと思うんだけど、みんなはどう思いますか",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Detect(text)
			}
		})
	}
}

func BenchmarkNewModel(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newModel(latinWords)
	}
}
