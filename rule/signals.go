package rule

import (
	"slices"

	"github.com/ringfence/ringfence/event"
)

// Signals is what extract found in an event, besides the fields it came with.
type Signals struct {
	Fold       string // canonical text; known if HasFold
	HasFold    bool
	TextLength int64  // characters of the text; known if the event has text
	Lang       string // the language of the text as far as it can be told; empty if it cannot

	Links     []Link   // of the urls and of the text, each page once
	Domains   []string // their registrable domains
	Canonical []string // and their canonical forms
	HasLinks  bool     // the event has urls, or a link in its text

	Habit         string   // how the text is obfuscated, as a fingerprint; empty for plain text
	HabitFeatures []string // what it does

	HasHashes bool     // a picture of the event has a hash, by which banks of hashes were searched
	Failures  []string // why pictures that were to be fetched have none

	Scores []Score // of the models that rules ask for, if the event has what they read

	AccountScore    float64 // how likely the actor is automated or part of a campaign, by its profile; known if HasAccountScore
	HasAccountScore bool

	MediaScores   []MediaScore // of the event's pictures, at the stage Examined
	ScoreFailures []string     // why there is no score of some of them

	// What the event's pictures say, a line for each line of each; known if a picture was read. Found are terms of banks in it.
	PictureText  string
	HasText      bool
	TextFound    []Found
	TextCut      bool     // there is more of bad banks than TextFound holds; what it holds is the most severe
	TextFailures []string // why pictures were not read

	// Of the pictures of banks whose features are known: known if they were looked for in a picture of the event. Found are their entries.
	HasShown      bool
	ShownFound    []Found
	ShownCut      bool     // likewise
	ShownFailures []string // why they were not looked for

	// Of the event's videos: known if the frames of one were hashed. Found are entries of banks that frames are like.
	HasVideo      bool
	VideoFound    []Found
	VideoCut      bool     // likewise
	VideoShare    float64  // the part of a video's frames that are like one, of several videos the largest
	VideoSegments []string // when they are shown, such as 12-15s
	VideoFailures []string // why videos have no frames

	Found []Found // of the banks
	Cut   Cut     // what of the banks is not in Found
	Banks Banks   // nil for none

	EmailDomain       string // this and the next ones are known if HasEmail
	EmailPattern      string // the shape of the address's name, such as a9
	EmailHash         string
	EmailEqualsHandle bool // known if the event has the account's handle, too
	HasEmail          bool
}

// Input is one event to evaluate. It must not change between [Evaluation.Begin] and the last question about it.
type Input struct {
	Event   *event.Event
	Source  string
	Signals *Signals
	Family  TextFamily
	Late    bool // behind the clock by more than the lateness: windows neither take nor answer it

	MediaFamily uint64 // the family of near-copies that a picture belongs to; 0 for none

	Group *Group // nil where the actor is in none

	// Raised says that it is an event about a group, which the loop raised itself. Only then do rules that listen to such events see it.
	Raised bool

	// Stage after the first says that the event was evaluated before, and that more is known of its media since. Rules and windows
	// that read nothing that became known are passed over.
	Stage Stage
}

// signal is a named value that rules read.
type signal struct {
	name   string
	doc    string
	entity event.EntityKind // of what the value, or each element, names; NoEntity if it names none
	size   uint64           // the most characters, or elements of a list, that cost is reckoned with
	node   node
}

// The sizes that costs are reckoned with are those that the decoders admit.
var (
	nameSize = uint64(event.DefaultLimits().String)
	textSize = uint64(event.DefaultLimits().Text)
	listSize = uint64(event.DefaultLimits().List)

	foundSize = uint64(256) // of lists of what banks found
)

// known makes a signal's reader from its presence and its value.
func known[T any](name string, has func(*Input) bool, get func(*Input) T) fn[T] {
	absent := &fault{name + " absent"}
	return func(ev *Evaluation) (v T, f *fault) {
		if !has(&ev.in) {
			return v, absent
		}
		return get(&ev.in), nil
	}
}

// field makes the reader of an optional field of the event, the most common kind of signal.
func fieldReader[T any](name string, f event.Field, get func(*event.Event) T) fn[T] {
	absent := &fault{name + " absent"}
	return func(ev *Evaluation) (v T, why *fault) {
		e := ev.in.Event
		if !e.Fields.Has(f) {
			return v, absent
		}
		return get(e), nil
	}
}

func always[T any](get func(*Input) T) fn[T] {
	return func(ev *Evaluation) (T, *fault) { return get(&ev.in), nil }
}

// allSignals is the registry: every name that rules can read, in the order of the documentation.
func allSignals() []signal {
	text := func(name string, f event.Field, get func(*event.Event) string, doc string) signal {
		return signal{name: name, doc: doc, size: nameSize, node: textNode(fieldReader(name, f, get))}
	}
	number := func(name string, f event.Field, get func(*event.Event) int64, doc string) signal {
		return signal{name: name, doc: doc, node: intNode(kindInt, fieldReader(name, f, get))}
	}
	truth := func(name string, f event.Field, get func(*event.Event) bool, doc string) signal {
		return signal{name: name, doc: doc, node: boolNode(fieldReader(name, f, get))}
	}
	list := func(name string, f event.Field, get func(*event.Event) []string, doc string) signal {
		return signal{name: name, doc: doc, size: listSize, node: listNode(fieldReader(name, f, get))}
	}
	of := func(kind event.EntityKind, s signal) signal { s.entity = kind; return s }
	long := func(s signal) signal { s.size = textSize; return s }

	hasEmail := func(in *Input) bool { return in.Signals.HasEmail }
	email := func(name string, get func(*Signals) string, doc string) signal {
		return signal{name: name, doc: doc, size: nameSize, node: textNode(known(name, hasEmail, func(in *Input) string { return get(in.Signals) }))}
	}
	urls := func(in *Input) bool { return in.Signals.HasLinks }

	return slices.Concat([]signal{
		{name: "event.id", doc: "the event's id within its source", size: nameSize,
			node: textNode(always(func(in *Input) string { return in.Event.ID }))},
		{name: "event.time", doc: "when it happened",
			node: intNode(kindTime, always(func(in *Input) int64 { return in.Event.Time }))},
		{name: "event.source", doc: "where it came from", size: nameSize,
			node: textNode(always(func(in *Input) string { return in.Source }))},
		{name: "event.late", doc: "it came later than windows take",
			node: boolNode(always(func(in *Input) bool { return in.Late }))},
		{name: "kind", doc: "post, reply, signup… or any other word", size: nameSize,
			node: textNode(always(func(in *Input) string { return in.Event.Kind }))},
		{name: "actor", doc: "the account that acted", size: nameSize, entity: event.AccountEntity,
			node: textNode(always(func(in *Input) string { return in.Event.Actor }))},
		of(event.ContentEntity, text("object", event.FieldObject, func(e *event.Event) string { return e.Object },
			"what is acted on: the content created, or the original of a like, repost or share")),
		of(event.ContentEntity, text("content", event.FieldContent, func(e *event.Event) string { return e.Content },
			"the act's own content where object is the original")),
		of(event.AccountEntity, text("target", event.FieldTarget, func(e *event.Event) string { return e.Target }, "the account acted on")),
		of(event.ContentEntity, text("parent", event.FieldParent, func(e *event.Event) string { return e.Parent }, "the content replied to")),
		long(text("text", event.FieldText, func(e *event.Event) string { return e.Text }, "the text as written")),
		{name: "text.fold", doc: "the text in canonical form: look-alike letters, spacing and case undone", size: textSize,
			node: textNode(known("text.fold", func(in *Input) bool { return in.Signals.HasFold }, func(in *Input) string { return in.Signals.Fold }))},
		{name: "text.length", doc: "characters of the text",
			node: intNode(kindInt, known("text.length", func(in *Input) bool { return in.Event.Fields.Has(event.FieldText) },
				func(in *Input) int64 { return in.Signals.TextLength }))},
	}, familySignals(), []signal{
		{name: "text.lang", doc: "the language of the text as far as it can be told: en, ru, …", size: nameSize,
			node: textNode(known("text.lang", func(in *Input) bool { return in.Signals.Lang != "" }, func(in *Input) string { return in.Signals.Lang }))},
		{name: "text.habit", doc: "the manner in which the text is obfuscated, as a fingerprint: equal for texts of one hand or tool; unknown for plain text", size: nameSize,
			node: textNode(known("text.habit", func(in *Input) bool { return in.Signals.Habit != "" }, func(in *Input) string { return in.Signals.Habit }))},
		{name: "text.habit.features", doc: "what that manner does, in words", size: foundSize,
			node: listNode(known("text.habit.features", func(in *Input) bool { return in.Signals.Habit != "" }, func(in *Input) []string { return in.Signals.HabitFeatures }))},
		{name: "text.terms", doc: "terms of banks that the text holds, as they are listed", size: foundSize,
			node: listNode(foundList(terms("text.terms"), scratchTerms, func(f *Found) string { return f.Entry }))},
		{name: "text.surfaces", doc: "how the text writes them", size: foundSize,
			node: listNode(foundList(terms("text.surfaces"), scratchSurfaces, func(f *Found) string { return f.Surface }))},
		{name: "text.policies", doc: "the policies that they offend", size: foundSize,
			node: listNode(foundList(terms("text.policies"), scratchPolicies, func(f *Found) string { return f.Policy }))},
		{name: "text.severity", doc: "the highest severity of them; 0 if there are none",
			node: intNode(kindInt, foundMost(terms("text.severity"), func(f *Found) int64 { return f.Severity }))},
		{name: "text.disguise", doc: "the highest cost of their disguises: 0 as listed, or if there are none; 1 is about one letter guessed",
			node: doubleNode(leftOut("text.disguise", foundMost(terms("text.disguise"), func(f *Found) float64 { return float64(f.Cost) / 100 })))},
		{name: "text.how", doc: "how they are disguised: homoglyphs, leet, invisible, separated…", size: foundSize,
			node: listNode(foundWays("text.how"))},
		text("lang", event.FieldLang, func(e *event.Event) string { return e.Lang }, "the language as the source says"),
		list("urls", event.FieldURLs, func(e *event.Event) []string { return e.URLs }, "links as written"),
		{name: "url.domains", doc: "the registrable domains of the links, those in the text too, also where they are disguised", size: listSize, entity: event.DomainEntity,
			node: listNode(known("url.domains", urls, func(in *Input) []string { return in.Signals.Domains }))},
		{name: "url.canonical", doc: "the same links in canonical form", size: listSize, entity: event.URLEntity,
			node: listNode(known("url.canonical", urls, func(in *Input) []string { return in.Signals.Canonical }))},
		{name: "url.shortened", doc: "one of them is a shortener's: it leads elsewhere",
			node: boolNode(anyLink("url.shortened", func(l *Link) bool { return l.Shortener }))},
		{name: "url.disguised", doc: "one of them is written so that software does not see it: hxxps://, [.], invisible characters",
			node: boolNode(anyLink("url.disguised", func(l *Link) bool { return l.Disguised }))},
		{name: "url.looks", doc: "domains that internationalised hosts among them look like to a reader", size: listSize,
			node: listNode(linkLooks())},
		list("hashtags", event.FieldHashtags, func(e *event.Event) []string { return e.Hashtags }, "without the #"),
		of(event.AccountEntity, list("mentions", event.FieldMentions, func(e *event.Event) []string { return e.Mentions }, "the accounts mentioned")),
		text("reason", event.FieldReason, func(e *event.Event) string { return e.Reason }, "of a report"),
		of(event.IPEntity, text("ip", event.FieldIP, func(e *event.Event) string { return e.IP }, "the network address")),
		number("asn", event.FieldASN, func(e *event.Event) int64 { return e.ASN }, "the number of the network it belongs to"),
		of(event.DeviceEntity, text("device", event.FieldDevice, func(e *event.Event) string { return e.Device }, "the device's id")),
		text("user_agent", event.FieldUserAgent, func(e *event.Event) string { return e.UserAgent }, "as the client sent it"),
		text("client", event.FieldClient, func(e *event.Event) string { return e.Client }, "the app or API client"),
		number("views", event.FieldViews, func(e *event.Event) int64 { return e.Views }, "reach of the object"),
		number("reshares", event.FieldReshares, func(e *event.Event) int64 { return e.Reshares }, "reshares of the object"),
		{name: "media.count", doc: "pictures and videos of the event",
			node: intNode(kindInt, fieldReader("media.count", event.FieldMedia, func(e *event.Event) int64 { return int64(len(e.Media)) }))},
		{name: "media.types", doc: "their MIME types", size: listSize, node: listNode(mediaReader("media.types", (*Evaluation).mediaTypes))},
		{name: "media.pdq", doc: "their PDQ hashes, of those that the source hashed or that were fetched", size: listSize,
			node: listNode(mediaReader("media.pdq", (*Evaluation).mediaPDQ))},
	}, mediaSignals(), examinedSignals(), groupSignals(), []signal{
		{name: "account.created", doc: "when the actor's account was made",
			node: intNode(kindTime, fieldReader("account.created", event.FieldAccountCreated, func(e *event.Event) int64 { return e.Account.Created }))},
		{name: "account.age", doc: "event.time − account.created", node: intNode(kindDuration, accountAge())},
		text("account.handle", event.FieldAccountHandle, func(e *event.Event) string { return e.Account.Handle }, "the actor's handle"),
		truth("account.confirmed", event.FieldAccountConfirmed, func(e *event.Event) bool { return e.Account.Confirmed }, "the e-mail address is confirmed"),
		truth("account.verified", event.FieldAccountVerified, func(e *event.Event) bool { return e.Account.Verified }, "the platform vouches for who it is"),
		number("account.followers", event.FieldAccountFollowers, func(e *event.Event) int64 { return e.Account.Followers }, "accounts that follow the actor"),
		number("account.following", event.FieldAccountFollowing, func(e *event.Event) int64 { return e.Account.Following }, "accounts that the actor follows"),
		number("account.posts", event.FieldAccountPosts, func(e *event.Event) int64 { return e.Account.Posts }, "posts the actor made"),
		text("account.phone_hash", event.FieldAccountPhoneHash, func(e *event.Event) string { return e.Account.PhoneHash }, "hash of the phone number"),
		{name: "account.score", doc: "how likely the account is automated or part of a campaign, by its profile alone, from 0 to 1",
			node: doubleNode(known("account.score", func(in *Input) bool { return in.Signals.HasAccountScore },
				func(in *Input) float64 { return in.Signals.AccountScore }))},
		email("email.domain", func(s *Signals) string { return s.EmailDomain }, "the domain of the e-mail address"),
		email("email.pattern", func(s *Signals) string { return s.EmailPattern }, "the shape of its name: a for a run of letters, 9 for a run of digits, such as a9"),
		email("email.hash", func(s *Signals) string { return s.EmailHash }, "a keyed hash of the address"),
		{name: "email.equals_handle", doc: "its name is the account's handle",
			node: boolNode(known("email.equals_handle", func(in *Input) bool { return in.Signals.HasEmail && in.Event.Fields.Has(event.FieldAccountHandle) },
				func(in *Input) bool { return in.Signals.EmailEqualsHandle }))},
	})
}

// accountAge subtracts with a check: times a source sends may lie more than a duration's 292 years apart.
func accountAge() fn[int64] {
	absent, overflow := &fault{"account.created absent"}, &fault{"account.age is out of range"}
	return func(ev *Evaluation) (int64, *fault) {
		e := ev.in.Event
		if !e.Fields.Has(event.FieldAccountCreated) {
			return 0, absent
		}
		age, ok := subtract(e.Time, e.Account.Created)
		if !ok {
			return 0, overflow
		}
		return age, nil
	}
}

func mediaReader(name string, get func(*Evaluation) []string) fn[[]string] {
	absent := &fault{name + " absent"}
	return func(ev *Evaluation) ([]string, *fault) {
		if !ev.in.Event.Fields.Has(event.FieldMedia) {
			return nil, absent
		}
		return get(ev), nil
	}
}

// attr makes the reader of one of the event's unnamed fields. A null is as good as absent: the source does not know.
func attr(key string) fn[event.Value] {
	absent := &fault{"attrs." + key + " absent"}
	return func(ev *Evaluation) (event.Value, *fault) {
		attrs := ev.in.Event.Attrs
		low, high := 0, len(attrs)
		for low < high {
			mid := int(uint(low+high) >> 1)
			if attrs[mid].Key < key {
				low = mid + 1
			} else {
				high = mid
			}
		}
		if low == len(attrs) || attrs[low].Key != key || attrs[low].Value.Kind == event.Null {
			return event.Value{}, absent
		}
		return attrs[low].Value, nil
	}
}
