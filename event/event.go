// Package event is the vocabulary that everything else speaks: what an account did at a time, in one form whatever the source.
//
// An [Event] is decoded from the native NDJSON, from Bluesky's Jetstream or from any CSV with a column mapping. The package
// imports nothing of Ringfence. Decoding is on the hot path; its cost is stated at each decoder.
package event

import "time"

// Event is one thing an account did. ID, Time, Kind and Actor are always there; what else the source gave is in Fields.
// Strings may share memory with the line that was decoded, which is never changed afterwards.
type Event struct {
	ID    string // unique within its source
	Time  int64  // when it happened: nanoseconds since 1970-01-01T00:00:00Z
	Kind  string // post, reply, repost, quote, like, share, follow, signup… or any other word
	Actor string // the account that acted

	Object  string // what is acted on: the content created, or the original of a like, repost or share
	Content string // the act's own content id where Object is the original
	Target  string // the account acted on
	Parent  string // the content replied to
	Text    string
	Lang    string
	Reason  string // of a report

	URLs     []string
	Hashtags []string
	Mentions []string
	Media    []Media

	IP        string
	Device    string
	UserAgent string
	Client    string
	ASN       int64
	Views     int64
	Reshares  int64

	Account Account
	Attrs   []Attr // unknown fields and the fields of attrs, sorted by key, no key twice

	Fields FieldSet // which optional fields are known; an absent field is unknown, never zero
}

// Media is a picture or a video of an event.
type Media struct {
	ID   string
	Type string // MIME type
	URL  string
	Path string // a file below the media root; honoured only by file verbs
	PDQ  string // 64 hex digits, if the source hashed it
}

// Account is what the source said of the actor's account at the time of the event.
type Account struct {
	Created   int64 // nanoseconds since 1970
	Handle    string
	Email     string
	PhoneHash string
	Confirmed bool
	Verified  bool
	Followers int64
	Following int64
	Posts     int64
}

// Attr is a scalar that the event model has no name for.
type Attr struct {
	Key   string
	Value Value
}

// ValueKind says which member of a [Value] holds it.
type ValueKind uint8

// The kinds of value. Lists and objects among unknown fields are refused by the decoders.
const (
	Null ValueKind = iota
	String
	Number
	Bool
)

// Value is a scalar.
type Value struct {
	Kind ValueKind
	Str  string
	Num  float64
	Bool bool
}

// Field names an optional field of an event.
type Field uint8

// The optional fields, in the order of the native form.
const (
	FieldObject Field = iota
	FieldContent
	FieldTarget
	FieldParent
	FieldText
	FieldLang
	FieldURLs
	FieldHashtags
	FieldMentions
	FieldReason
	FieldMedia
	FieldIP
	FieldASN
	FieldDevice
	FieldUserAgent
	FieldClient
	FieldViews
	FieldReshares
	FieldAccountCreated
	FieldAccountHandle
	FieldAccountEmail
	FieldAccountConfirmed
	FieldAccountPhoneHash
	FieldAccountFollowers
	FieldAccountFollowing
	FieldAccountPosts
	FieldAccountVerified
	FieldCount
)

// FieldSet is a set of fields.
type FieldSet uint32

// Has reports whether f is in the set.
func (s FieldSet) Has(f Field) bool { return s&(1<<f) != 0 }

// Add puts f into the set.
func (s *FieldSet) Add(f Field) { *s |= 1 << f }

// Reset empties the event and keeps the memory of its lists, so that a decoder can fill it again without allocating.
func (e *Event) Reset() {
	*e = Event{
		URLs: e.URLs[:0], Hashtags: e.Hashtags[:0], Mentions: e.Mentions[:0], Media: e.Media[:0], Attrs: e.Attrs[:0],
	}
}

// FormatTime writes a time as RFC 3339 in UTC with as many digits of the second as it has.
func FormatTime(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }
