package input

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Chatter is n short posts as people write them, for work on text alone: English in the main, of common words with a name, a tag, a
// mention, a number, a misspelling, an emoji or a link among them, cut with an ellipsis now and then; 85 bytes on average. The same
// n gives the same posts.
func Chatter(n int) []string {
	w := &chatter{rand.New(rand.NewPCG(7, 85)), strings.Fields("mo li sha ren ta co vi nel jo ma dar ki win ley ash ber to an el son")}
	posts := make([]string, n)
	for i := range posts {
		posts[i] = w.post()
	}
	return posts
}

// Terms are n listed terms of one to three made-up words, each different, of other syllables than Chatter's. Hardly any is in it.
func Terms(n int) []string {
	w := &chatter{rand.New(rand.NewPCG(11, 3)), strings.Fields("ba ker dol min tas ru pel vo gan shi tor lem ach und fri ost ex qua jin wib")}
	seen := map[string]bool{}
	terms := make([]string, 0, n)
	for len(terms) < n {
		words := make([]string, 1+w.random.IntN(3))
		for i := range words {
			words[i] = w.madeUp(2 + w.random.IntN(3))
		}
		if term := strings.Join(words, " "); !seen[term] {
			seen[term] = true
			terms = append(terms, term)
		}
	}
	return terms
}

// chatter draws words.
type chatter struct {
	random    *rand.Rand
	syllables []string // of made-up words
}

func (w *chatter) one(of []string) string { return of[w.random.IntN(len(of))] }

func (w *chatter) chance(p float64) bool { return w.random.Float64() < p }

func (w *chatter) madeUp(length int) string {
	var b strings.Builder
	for range length {
		b.WriteString(w.one(w.syllables))
	}
	return b.String()
}

func (w *chatter) post() string {
	var b strings.Builder
	length := 6 + w.random.IntN(17)
	for i := range length {
		if i > 0 {
			b.WriteByte(' ')
		}
		word := w.word()
		if i == 0 || w.chance(.03) {
			word = strings.ToUpper(word[:1]) + word[1:]
		}
		b.WriteString(word)
		switch {
		case i == length-1:
		case w.chance(.04):
			b.WriteByte(',')
		case w.chance(.04):
			b.WriteString(w.one([]string{".", "!", "!!", "?", "...", ":"}))
		}
	}
	b.WriteString(w.one([]string{"", "", ".", "!", "…", " 😂", " ❤️", " 🔥🔥"}))
	if w.chance(.1) {
		fmt.Fprintf(&b, " https://t.example/%s%d", w.madeUp(3), w.random.IntN(1000))
	}
	return b.String()
}

func (w *chatter) word() string {
	switch p := w.random.Float64(); {
	case p < .85:
		return w.one(words)
	case p < .90: // a name
		name := w.madeUp(2)
		return strings.ToUpper(name[:1]) + name[1:]
	case p < .93:
		return "#" + w.madeUp(2) + w.one(words)
	case p < .95:
		return "@" + w.madeUp(2) + fmt.Sprint(w.random.IntN(100))
	case p < .97:
		return fmt.Sprint(w.random.IntN(3000))
	case p < .98: // drawn out
		word := w.one(words)
		return word + strings.Repeat(word[len(word)-1:], 3)
	}
	word := w.one(words) // a letter is missing
	at := w.random.IntN(len(word))
	if len(word) < 4 {
		return "lol"
	}
	return word[:at] + word[at+1:]
}

// words are common ones, the more common the more often.
var words = strings.Fields("the the the to to and and a a of in in is i i i you you it my my for on that this with me be so so at have just are was not we " +
	"but love all like out up good day what do can get your from one when time if how new people now see don't it's i'm can't about really " +
	"think know there they will some more want here back who last night then why going been best never make even today way work much would " +
	"right still after great only year first their them too over life home look always week little every thing happy friends game show " +
	"yesterday waiting beautiful another something tomorrow everyone weekend morning nothing together because finally remember believe " +
	"amazing thought picture coffee family another birthday watching school music summer please thanks baby house")
