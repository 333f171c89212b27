package rule

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/text/match"
)

// labels are the facts of a test.
type labels map[string]bool

func (l labels) HasLabel(e event.Entity, label string) bool { return l[e.String()+" "+label] }
func (labels) Template(uint64) (string, bool)               { return "", false }
func (labels) Labels(event.Entity, []string) []string       { return nil }

// noLabels are facts of which none holds.
type noLabels struct{}

func (noLabels) HasLabel(event.Entity, string) bool     { return false }
func (noLabels) Template(uint64) (string, bool)         { return "", false }
func (noLabels) Labels(event.Entity, []string) []string { return nil }

// newCompiler is a compiler without files.
func newCompiler(t testing.TB) *compiler {
	t.Helper()
	c, err := emptyCompiler()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// both plans a condition, and gives all of it to the interpreter, too.
func planBoth(t testing.TB, c *compiler, expr string) (planned, interpreted node) {
	t.Helper()
	c.problems = nil
	r := newRule(&declaration{on: []string{"post"}})
	x, ok := c.expression(r, text{s: expr, at: place{"test", 1, 1}})
	if !ok {
		t.Fatalf("%s: %v", expr, c.problems)
	}
	planned = c.plan(x, x.Expr())
	interpreted, ok = c.interpret(x, x.Expr(), kindBool)
	if !ok {
		t.Fatalf("%s cannot be interpreted", expr)
	}
	return planned, interpreted
}

// outcome is a condition's value in words.
func outcome(n node, ev *Evaluation) string {
	v, f := n.bool(ev)
	if f != nil {
		return "unknown: " + f.why
	}
	return fmt.Sprint(v)
}

// fullEvent has every field that the conditions of this file read.
func fullEvent() *event.Event {
	e := &event.Event{
		ID: "e1", Time: 1_767_225_600e9, Kind: "post", Actor: "a1", Object: "p1", Text: "Win FREE crypto now", Lang: "en",
		URLs: []string{"https://bit.ly/x", "https://example.org/"}, Hashtags: []string{"win", "crypto"}, Views: 120, ASN: 64500,
		Account: event.Account{Created: 1_767_225_600e9 - 3600e9, Followers: 5, Following: 80},
		Attrs: []event.Attr{
			{Key: "flag", Value: event.Value{Kind: event.Bool, Bool: true}},
			{Key: "n", Value: event.Value{Kind: event.Number, Num: 2.5}},
			{Key: "null", Value: event.Value{Kind: event.Null}},
			{Key: "s", Value: event.Value{Kind: event.String, Str: "Blue"}},
		},
	}
	for _, f := range []event.Field{event.FieldObject, event.FieldText, event.FieldLang, event.FieldURLs, event.FieldHashtags, event.FieldViews,
		event.FieldASN, event.FieldAccountCreated, event.FieldAccountFollowers, event.FieldAccountFollowing, event.FieldAccountVerified} {
		e.Fields.Add(f)
	}
	return e
}

func fullSignals() *Signals {
	return &Signals{
		Fold: "win free crypto now", HasFold: true, TextLength: 19, Lang: "en",
		Links: []Link{
			{Canonical: "https://bit.ly/x", Host: "bit.ly", Domain: "bit.ly", Shortener: true},
			{Canonical: "https://example.org", Host: "example.org", Domain: "example.org", Looks: "examp1e.org"},
		},
		Domains: []string{"bit.ly", "example.org"}, Canonical: []string{"https://bit.ly/x", "https://example.org"}, HasLinks: true,
		Banks:     testBanks{"scam": "terms", "names": "terms", "hosts": "links", "farm": "devices", "known": "hashes"},
		HasHashes: true,
		Found: []Found{
			{Kind: "terms", Bank: "scam", Entry: "free crypto", Policy: "spam", Severity: 3, Surface: "FREE crypto"},
			{Kind: "terms", Bank: "scam", Entry: "win", Policy: "spam", Severity: 1, Surface: "Win", Start: 0, Cost: 25, How: match.Leet},
			{Kind: "terms", Bank: "names", Entry: "now", Surface: "now", Good: true, Severity: 5, How: match.Fonts},
			{Kind: "links", Bank: "hosts", Entry: "bit.ly", Policy: "phishing", Severity: 5},
			{Kind: "hashes", Bank: "known", Entry: "f0f0", Policy: "gore", Severity: 4, Distance: 12},
			{Kind: "hashes", Bank: "known", Entry: "0f0f", Policy: "gore", Severity: 2, Distance: 30},
			{Kind: "hashes", Bank: "memes", Entry: "ffff", Distance: 0, Good: true},
		},
	}
}

// testBanks are banks by name, with their kinds.
type testBanks map[string]string

func (b testBanks) Has(name string) (kind string, ok bool) {
	kind, ok = b[name]
	return kind, ok
}

func (b testBanks) HasKind(kind string) bool {
	return slices.Contains(slices.Collect(maps.Values(b)), kind)
}

func TestPlanAgreesWithInterpreter(t *testing.T) {
	c := newCompiler(t)
	c.lists["shorteners"] = &list{name: "shorteners", items: []string{"bit.ly", "tinyurl.com"}}
	c.lists["many"] = &list{name: "many", items: strings.Fields("a b c d e f g h i j k l m bit.ly")}
	tests := []struct{ expr, want string }{
		{`kind == "post"`, "true"},
		{`kind != "post"`, "false"},
		{`"post" == kind`, "true"},
		{`lang in ["de", "en"]`, "true"},
		{`views in [1, 120]`, "true"},
		{`views > 119 && views >= 120 && views < 121 && views <= 120`, "true"},
		{`119 < views && 120 <= views && 121 > views && 120 >= views`, "true"},
		{`views > 119.5`, "true"},
		{`120.0 == double(views)`, "true"},
		{`views > account.followers`, "true"},
		{`account.following > account.followers * 10`, "true"},
		{`views / (views - 120) > 1`, "unknown: division by zero"},
		{`views % (views - 120) > 1`, "unknown: modulus by zero"},
		{`views * 9223372036854775807 > 1`, "unknown: integer overflow"},
		{`-views < 0 && -(views + 1) == -121`, "true"},
		{`double(views) / 7.0 > 17.1`, "true"},
		{`account.age < duration("2h") && account.age == event.time - account.created`, "true"},
		{`account.created + duration("1h") == event.time`, "true"},
		{`event.time > timestamp("2025-01-01T00:00:00Z")`, "true"},
		{`event.time.getHours() == 0 && event.time.getDayOfWeek() == 4 && event.time.getMonth() == 0`, "true"},
		{`event.time.getHours("America/New_York") == 19`, "true"},
		{`text.contains("FREE") && text.startsWith("Win") && text.endsWith("now") && !text.contains("zzz")`, "true"},
		{`text.lowerAscii() == text.fold`, "true"},
		{`text.matches("^Win .* crypto")`, "true"},
		{`text.fold.matches("(free crypto|giveaway)")`, "true"},
		{`text.fold.matches("fre+ cryp")`, "true"},
		{`text.size() == 19 && size(text) == text.length && size(urls) == 2`, "true"},
		{`text.split(" ").size() == 4`, "true"},
		{`"win" in hashtags && !("lose" in hashtags)`, "true"},
		{`url.domains.exists(d, d in list("shorteners"))`, "true"},
		{`url.domains.exists(d, d in list("many"))`, "true"},
		{`url.domains.exists_one(d, d in list("many"))`, "true"},
		{`url.domains.all(d, d.contains("."))`, "true"},
		{`["free", "win"].exists(w, text.fold.contains(w))`, "true"},
		{`["org", "win"].exists(h, urls.exists(u, u.contains(h)))`, "true"},
		{`hashtags.map(h, h + "!").exists(h, h == "win!")`, "true"},
		{`hashtags.filter(h, h != "win").size() == 1`, "true"},
		{`hashtags.exists(h, attrs.gone == h)`, "unknown: attrs.gone absent"},
		{`hashtags.exists(h, h == "win" || attrs.gone == h)`, "true"},
		{`hashtags.exists_one(h, attrs.gone == h)`, "unknown: attrs.gone absent"},
		{`(account.verified ? views : account.followers) == 5`, "true"},
		{`attrs.flag`, "true"},
		{`!attrs.flag || attrs.s == "Blue"`, "true"},
		{`attrs.s`, "unknown"},
		{`attrs.n > 2 && attrs.n < 3 && attrs.n == 2.5 && 2 < attrs.n && attrs.n != 2`, "true"},
		{`attrs.s == 5`, "false"},
		{`attrs.s > "A" && attrs["s"].startsWith("Bl")`, "true"},
		{`attrs.s in ["Blue", "Red"]`, "true"},
		{`attrs.n in [2.5]`, "true"},
		{`"s" in attrs && !("gone" in attrs)`, "true"},
		{`has(attrs.s) && !has(attrs.gone) && !has(attrs["null"]) && has(text) && !has(ip)`, "true"},
		{`has(attrs["s"])`, "true"},
		{`ip == "10.0.0.1"`, "unknown: ip absent"},
		{`ip == "10.0.0.1" || views > 5`, "true"},
		{`views > 5 || ip == "10.0.0.1"`, "true"},
		{`ip == "10.0.0.1" && views > 500`, "false"},
		{`ip == "10.0.0.1" && device == "d"`, "unknown: ip absent"},
		{`views > 5 && device == "d"`, "unknown: device absent"},
		{`!(device == "d")`, "unknown: device absent"},
		{`has(ip) && ip == "10.0.0.1"`, "false"},
		{`hasLabel(actor, "suspect") && !hasLabel(object, "suspect") && hasLabel(url.domains, "bad")`, "true"},
		{`hasLabel(ip, "bad")`, "unknown: ip absent"},
		{`text + "!" == "Win FREE crypto now!"`, "true"},
		{`uint(views) > 5u`, "true"},
		{`string(views) == "120"`, "true"},
		{`text.lang == "en" && lang in ["de", "en"]`, "true"},
		{`text.terms == ["free crypto", "win"] && "FREE crypto" in text.surfaces && text.policies == ["spam"]`, "true"},
		{`text.severity == 3 && text.disguise == 0.25 && text.how == ["leet"]`, "true"},
		{`matched("scam").exists(t, t == "win") && size(matched("names")) == 1 && matched("hosts") == ["bit.ly"]`, "true"},
		{`media.banks == ["known"] && media.policies == ["gore"] && media.entries == ["f0f0", "0f0f"] && media.severity == 4 && media.distance == 12`, "true"},
		{`matched("known") == ["f0f0", "0f0f"] && media.family == "00000000000000ab"`, "true"},
		{`size(media.failures) == 0`, "unknown: media.failures absent"},
		{`size(matched("gone")) == 0`, "unknown: no bank gone"},
		{`has(matched("gone")) || !has(matched("scam"))`, "false"},
		{`size(matched("farm")) == 0`, "unknown: nothing to match with bank farm: no device"},
		{`url.shortened && !url.disguised && url.looks == ["examp1e.org"]`, "true"},
		{`event.late || event.source == "api" || event.id == "e1"`, "true"},
	}
	facts := labels{"account:a1 suspect": true, "domain:example.org bad": true}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			if tt.expr == "attrs.s" {
				t.Skip("not a condition by itself")
			}
			planned, interpreted := planBoth(t, c, tt.expr)
			planned = asBool(planned, tt.expr)
			ev := c.set.NewEvaluation(facts)
			ev.Begin(&Input{Event: fullEvent(), Signals: fullSignals(), MediaFamily: 0xab})
			if got := outcome(planned, ev); got != tt.want {
				t.Errorf("plan: got %s, want %s", got, tt.want)
			}
			if got := outcome(interpreted, ev); got != tt.want {
				t.Errorf("interpreter: got %s, want %s", got, tt.want)
			}
		})
	}
}

// The parts that the generator puts together, by type.
var (
	intLeaves    = []string{"views", "asn", "account.followers", "account.posts", "text.length", "0", "1", "-3", "9223372036854775807", "size(urls)", "size(text)"}
	doubleLeaves = []string{"0.0", "1.5", "-2.25", "double(views)", "1e300"}
	stringLeaves = []string{"text", "lang", "actor", "text.fold", `""`, `"a"`, `"post"`, "kind", "ip"}
	listLeaves   = []string{"urls", "hashtags", `["a", "en"]`, "url.domains", "text.terms", `matched("scam")`}
	dynLeaves    = []string{"attrs.s", "attrs.n", "attrs.flag", "attrs.gone", `attrs["null"]`}
	timeLeaves   = []string{"event.time", "account.created", `timestamp("2026-01-01T00:00:00Z")`}
	spanLeaves   = []string{"account.age", `duration("1h")`, `duration("-30m")`}
	boolLeaves   = []string{"account.verified", "event.late", "true", "false", "has(lang)", "has(attrs.s)", `hasLabel(actor, "suspect")`, "account.confirmed"}
	relations    = []string{"<", "<=", ">", ">=", "==", "!="}
)

// drawBool draws a condition.
func drawBool(t *rapid.T, depth int) string {
	pick := func(options []string) string { return rapid.SampledFrom(options).Draw(t, "pick") }
	sub := func() string { return "(" + drawBool(t, depth-1) + ")" }
	relation := func(a, b string) string { return a + " " + pick(relations) + " " + b }
	if depth == 0 {
		return pick(boolLeaves)
	}
	switch rapid.IntRange(0, 15).Draw(t, "form") {
	case 0, 1:
		return sub() + " && " + sub()
	case 2, 3:
		return sub() + " || " + sub()
	case 4:
		return "!" + sub()
	case 5:
		return sub() + " ? " + sub() + " : " + sub()
	case 6:
		return relation(drawInt(t, depth-1), drawInt(t, depth-1))
	case 7:
		return drawInt(t, depth-1) + " " + pick(relations[:4]) + " " + pick(doubleLeaves)
	case 8:
		return relation(pick(doubleLeaves), pick(doubleLeaves)+pick([]string{" + ", " * ", " / "})+pick(doubleLeaves))
	case 9:
		return relation(pick(stringLeaves), pick(stringLeaves))
	case 10:
		return pick(stringLeaves) + pick([]string{".contains(", ".startsWith(", ".endsWith("}) + pick(stringLeaves) + ")"
	case 11:
		return pick(stringLeaves) + " in " + pick(listLeaves)
	case 12:
		quantifier := pick([]string{"exists", "all", "exists_one"})
		return pick(listLeaves) + "." + quantifier + "(x, x " + pick(relations) + " " + pick(stringLeaves) + " || " + sub() + ")"
	case 13:
		left := pick([]string{pick(dynLeaves), pick(dynLeaves) + " + " + pick(doubleLeaves)})
		if strings.Contains(left, "+") {
			return left + " < " + pick(doubleLeaves)
		}
		return relation(left, pick([]string{drawInt(t, 0), pick(stringLeaves), pick(doubleLeaves), pick(dynLeaves)}))
	case 14:
		return relation(pick(timeLeaves), pick(timeLeaves)+pick([]string{" + ", " - "})+pick(spanLeaves))
	default:
		return relation(pick(timeLeaves)+" - "+pick(timeLeaves), pick(spanLeaves))
	}
}

func drawInt(t *rapid.T, depth int) string {
	leaf := rapid.SampledFrom(intLeaves).Draw(t, "int")
	if depth <= 0 {
		return leaf
	}
	op := rapid.SampledFrom([]string{"+", "-", "*", "/", "%"}).Draw(t, "op")
	return "(" + leaf + " " + op + " " + drawInt(t, depth-1) + ")"
}

// drawEvent draws an event in which any optional field may be absent.
func drawEvent(t *rapid.T) *event.Event {
	e := fullEvent()
	e.Views = rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 3)).Draw(t, "views")
	e.ASN = rapid.Int64Range(-2, 2).Draw(t, "asn")
	e.Text = rapid.SampledFrom([]string{"", "a", "post", "é\xff"}).Draw(t, "text")
	e.URLs = rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "en"}), 0, 3).Draw(t, "urls")
	e.Fields = event.FieldSet(rapid.Uint32().Draw(t, "fields")) & (1<<event.FieldCount - 1)
	for i := range e.Attrs {
		v := &e.Attrs[i].Value
		*v = event.Value{Kind: event.ValueKind(rapid.IntRange(0, 3).Draw(t, "kind"))}
		switch v.Kind {
		case event.String:
			v.Str = rapid.SampledFrom([]string{"", "a", "post"}).Draw(t, "str")
		case event.Number:
			v.Num = rapid.SampledFrom([]float64{0, 1, 1.5, -2.25, math.Inf(1), 1e300}).Draw(t, "num")
		case event.Bool:
			v.Bool = rapid.Bool().Draw(t, "bool")
		}
	}
	return e
}

// TestPlanAgreesWithInterpreterOnAnything is the planner's proof: on drawn conditions and events it gives the interpreter's value, and is
// unknown exactly where the interpreter fails.
func TestPlanAgreesWithInterpreterOnAnything(t *testing.T) {
	c := newCompiler(t)
	rapid.Check(t, func(rt *rapid.T) {
		expr := drawBool(rt, rapid.IntRange(1, 3).Draw(rt, "depth"))
		c.problems = nil
		r := newRule(&declaration{on: []string{"post"}})
		x, ok := c.expression(r, text{s: expr, at: place{"drawn", 1, 1}})
		if !ok {
			if msg := c.problems[0].Msg; strings.Contains(msg, "may cost") || strings.Contains(msg, "nest") {
				rt.Skip("refused with good reason")
			}
			rt.Fatalf("%s: %v", expr, c.problems)
		}
		planned := c.plan(x, x.Expr())
		interpreted, ok := c.interpret(x, x.Expr(), kindBool)
		if !ok || planned.kind != kindBool {
			rt.Fatalf("%s: planned %v, interpreted %v", expr, planned.kind, ok)
		}
		ev := c.set.NewEvaluation(labels{"account:a1 suspect": true})
		for range 3 {
			ev.Begin(&Input{Event: drawEvent(rt), Signals: fullSignals(), Late: rapid.Bool().Draw(rt, "late")})
			got, gotFault := planned.bool(ev)
			want, wantFault := interpreted.bool(ev)
			if (gotFault == nil) != (wantFault == nil) || gotFault == nil && got != want {
				rt.Fatalf("%s\nplan: %s\ninterpreter: %s", expr, outcome(planned, ev), outcome(interpreted, ev))
			}
			absent := gotFault != nil && strings.HasSuffix(gotFault.why, "absent") && strings.HasSuffix(wantFault.why, "absent")
			if absent && gotFault.why != wantFault.why {
				rt.Fatalf("%s\nplan is unknown: %s\ninterpreter: %s", expr, gotFault.why, wantFault.why)
			}
		}
	})
}
