package family

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTemplate(t *testing.T) {
	for _, tc := range []struct {
		name  string
		texts []string
		want  string
	}{
		{"none", nil, ""},
		{"one", []string{"Win a  prize, now!"}, "Win a prize, now!"},
		{"equal but for disguise", []string{"free money", "frее MONEY", "free money"}, "free money"},
		{"slots by kind", []string{
			"Hi @ann win 2000 today at https://ex.example/1",
			"Hi @bob win 500 today at https://ex.example/2",
			"Hi @cy win 70 today at www.ex.example",
		}, "Hi {mention} win {number} today at {link}"},
		{"punctuation is text", []string{"win ... (@ann) now", "win ?! (@bob) now", "win @ (@cy), now"}, "win {…} now"},
		{"a slot for words", []string{"dear Ann Lee your prize waits", "dear Bob your prize waits", "dear my friend your prize waits"}, "dear {…} your prize waits"},
		{"a slot at each end", []string{"hey call us now 1", "yo call us now 2", "hi there call us now 3"}, "{…} call us now {number}"},
		{"what most have is fixed", []string{"a b c d", "a b c d", "a b c d", "a b x d"}, "a b c d"},
		{"what few have is not", []string{"a b c d", "a b c d", "a b x d"}, "a b {…} d"},
		{"what hardly any has is noise", []string{"a b", "a b", "a b", "a b", "a z b"}, "a b"},
		{"what many have besides is a slot", []string{"a b", "a b", "a y b", "a z b"}, "a {…} b"},
		{"scripts without spaces", []string{"恭喜王先生您已中奖", "恭喜李女士您已中奖", "恭喜陈您已中奖"}, "恭喜 {…} 您已中奖"},
		{"marks stay with their letters", []string{"สวัสดีครับ", "สวัสดีครับ"}, "สวัสดีครับ"},
		{"nothing in common", []string{"a b", "c d"}, "{…}"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := mine(tc.texts).String(); got != tc.want {
				t.Errorf("template is %q, want %q", got, tc.want)
			}
		})
	}
}

func TestTemplateSaysWhatFilledItsSlots(t *testing.T) {
	x := NewIndex(1 << 20)
	var id ID
	for i, text := range []string{
		"Your parcel from Acme could not be delivered, pay at https://a.example/1 today",
		"Your parcel from DHX could not be delivered, pay at https://b.example/2 today",
		"Your parcel from Acme could not be delivered, pay at https://a.example/1 today", // again: counts once
		"Your parcel could not be delivered, pay at https://a.example/3 today",
	} {
		id = x.Assign(Of(text), "ann", int64(i))
	}
	got, ok := x.Template(id)
	want := Template{Texts: 3, Parts: []Part{
		{Text: "Your parcel"},
		{Kind: Text, Fills: []Fill{{"", 1}, {"from Acme", 1}, {"from DHX", 1}}},
		{Text: "could not be delivered, pay at"},
		{Kind: Link, Fills: []Fill{{"https://a.example/1", 1}, {"https://a.example/3", 1}, {"https://b.example/2", 1}}},
		{Text: "today"},
	}}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("template (-want +got):\n%s", diff)
	}
}

// TestQuotesAreNoSamples holds that what quotes a text does not blur its template.
func TestQuotesAreNoSamples(t *testing.T) {
	x := NewIndex(1 << 20)
	id := x.Assign(Of(original), "ann", 1)
	long := "My aunt got this today and wanted to pay, can you believe it, who falls for this: " + original +
		" So please talk to your parents and neighbours about such messages before they lose their savings to somebody who laughs about them; it happens to clever people every single day, and the police will tell you that they can hardly do anything about it once the money has left the country"
	if got := x.Assign(Of(long), "bob", 2); got != id {
		t.Fatalf("the quote is of family %v, want %v", got, id)
	}
	if template, _ := x.Template(id); template.String() != original {
		t.Errorf("template is %q, want the quoted text", template)
	}
}

// TestCommon compares the length of a longest common subsequence with that of one that was found.
func TestCommon(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const codes = 4
		text := rapid.SliceOfN(rapid.IntRange(0, codes-1), 0, maxTokens)
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		want := 0
		for _, at := range align(a, b) {
			if at >= 0 {
				want++
			}
		}
		places := make([]bitset, codes)
		for at, code := range a {
			places[code][at/64] |= 1 << (at % 64)
		}
		if got := common(places, b); got != want {
			t.Errorf("%d, want %d", got, want)
		}
	})
}

// TestTemplateFollowsTheFamily asks for templates of families that grow, go and come again.
func TestTemplateFollowsTheFamily(t *testing.T) {
	x := NewIndex(1 << 20)
	assign := func(text string) ID { return x.Assign(Of(text), "ann", 1) }
	const text = "Your parcel could not be delivered, pay the fee of 2 pounds to "
	id := assign(text + "Acme")
	for _, tc := range []struct{ text, want string }{
		{"Acme", text + "Acme"},
		{"DHX", text + "{…}"},
		{"FedUp", text + "{…}"},
	} {
		if got := assign(text + tc.text); got != id {
			t.Fatalf("%q is of family %v, want %v", tc.text, got, id)
		}
		for range 2 {
			if got, _ := x.Template(id); got.String() != tc.want {
				t.Errorf("after %q the template is %q, want %q", tc.text, got, tc.want)
			}
		}
	}
	x.SetBudget(0)
	if _, ok := x.Template(id); ok {
		t.Error("a family that was forgotten has a template")
	}
	x.SetBudget(1 << 20)
	if got := assign(text + "Acme"); got != id {
		t.Errorf("the text founds family %v, want %v as before", got, id)
	}
	assign("Your  parcel could not be delivered, pay the fee of 3 pounds to Acme")
	if got, _ := x.Template(id); got.String() != strings.Replace(text, "2", "{number}", 1)+"Acme" {
		t.Errorf("the template is %q", got)
	}
}
