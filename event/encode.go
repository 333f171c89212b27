package event

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"
)

// AppendNative appends the event in the native form, its keys in the order of the documentation, without white space and without
// a newline. Absent fields are left out. [Decoder.Decode] gives the same event back, and the same bytes if it is appended again.
func (e *Event) AppendNative(dst []byte) []byte {
	dst = append(dst, '{')
	dst = appendKeyed(dst, "id", e.ID)
	dst = append(appendKey(dst, "time"), '"')
	dst = append(time.Unix(0, e.Time).UTC().AppendFormat(dst, time.RFC3339Nano), '"')
	dst = appendKeyed(dst, "kind", e.Kind)
	dst = appendKeyed(dst, "actor", e.Actor)

	dst = e.appendString(dst, FieldObject, "object", e.Object)
	dst = e.appendString(dst, FieldContent, "content", e.Content)
	dst = e.appendString(dst, FieldTarget, "target", e.Target)
	dst = e.appendString(dst, FieldParent, "parent", e.Parent)
	dst = e.appendString(dst, FieldText, "text", e.Text)
	dst = e.appendString(dst, FieldLang, "lang", e.Lang)
	dst = e.appendList(dst, FieldURLs, "urls", e.URLs)
	dst = e.appendList(dst, FieldHashtags, "hashtags", e.Hashtags)
	dst = e.appendList(dst, FieldMentions, "mentions", e.Mentions)
	dst = e.appendString(dst, FieldReason, "reason", e.Reason)
	dst = e.appendMedia(dst)
	dst = e.appendString(dst, FieldIP, "ip", e.IP)
	dst = e.appendInt(dst, FieldASN, "asn", e.ASN)
	dst = e.appendString(dst, FieldDevice, "device", e.Device)
	dst = e.appendString(dst, FieldUserAgent, "user_agent", e.UserAgent)
	dst = e.appendString(dst, FieldClient, "client", e.Client)
	dst = e.appendAccount(dst)
	dst = e.appendInt(dst, FieldViews, "views", e.Views)
	dst = e.appendInt(dst, FieldReshares, "reshares", e.Reshares)
	dst = e.appendAttrs(dst)
	return append(dst, '}')
}

func (e *Event) appendString(dst []byte, f Field, key, v string) []byte {
	if !e.Fields.Has(f) || v == "" {
		return dst
	}
	return appendKeyed(dst, key, v)
}

func (e *Event) appendInt(dst []byte, f Field, key string, v int64) []byte {
	if !e.Fields.Has(f) {
		return dst
	}
	return strconv.AppendInt(appendKey(dst, key), v, 10)
}

func (e *Event) appendBool(dst []byte, f Field, key string, v bool) []byte {
	if !e.Fields.Has(f) {
		return dst
	}
	return strconv.AppendBool(appendKey(dst, key), v)
}

func (e *Event) appendList(dst []byte, f Field, key string, list []string) []byte {
	if !e.Fields.Has(f) || len(list) == 0 {
		return dst
	}
	dst = append(appendKey(dst, key), '[')
	for _, s := range list {
		dst = appendQuoted(appendComma(dst), s)
	}
	return append(dst, ']')
}

func (e *Event) appendMedia(dst []byte) []byte {
	if !e.Fields.Has(FieldMedia) || len(e.Media) == 0 {
		return dst
	}
	dst = append(appendKey(dst, "media"), '[')
	for _, m := range e.Media {
		dst = append(appendComma(dst), '{')
		for _, f := range [...]struct{ key, v string }{{"id", m.ID}, {"type", m.Type}, {"url", m.URL}, {"path", m.Path}, {"pdq", m.PDQ}} {
			if f.v != "" {
				dst = appendKeyed(dst, f.key, f.v)
			}
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func (e *Event) appendAccount(dst []byte) []byte {
	const all = 1<<FieldCount - 1<<FieldAccountCreated
	if e.Fields&all == 0 {
		return dst
	}
	a := &e.Account
	dst = append(appendKey(dst, "account"), '{')
	if e.Fields.Has(FieldAccountCreated) {
		dst = append(appendKey(dst, "created"), '"')
		dst = append(time.Unix(0, a.Created).UTC().AppendFormat(dst, time.RFC3339Nano), '"')
	}
	dst = e.appendString(dst, FieldAccountHandle, "handle", a.Handle)
	dst = e.appendString(dst, FieldAccountEmail, "email", a.Email)
	dst = e.appendBool(dst, FieldAccountConfirmed, "confirmed", a.Confirmed)
	dst = e.appendString(dst, FieldAccountPhoneHash, "phone_hash", a.PhoneHash)
	dst = e.appendInt(dst, FieldAccountFollowers, "followers", a.Followers)
	dst = e.appendInt(dst, FieldAccountFollowing, "following", a.Following)
	dst = e.appendInt(dst, FieldAccountPosts, "posts", a.Posts)
	dst = e.appendBool(dst, FieldAccountVerified, "verified", a.Verified)
	return append(dst, '}')
}

func (e *Event) appendAttrs(dst []byte) []byte {
	before := len(dst)
	dst = append(appendKey(dst, "attrs"), '{')
	empty := len(dst)
	for _, a := range e.Attrs {
		switch v := a.Value; {
		case v.Kind == String && v.Str != "":
			dst = appendQuoted(appendAttrKey(dst, a.Key), v.Str)
		case v.Kind == Bool:
			dst = strconv.AppendBool(appendAttrKey(dst, a.Key), v.Bool)
		case v.Kind == Number && !math.IsNaN(v.Num) && !math.IsInf(v.Num, 0):
			dst = appendNumber(appendAttrKey(dst, a.Key), v.Num)
		}
	}
	if len(dst) == empty {
		return dst[:before]
	}
	return append(dst, '}')
}

// appendNumber writes whole numbers without an exponent, as people and other programs expect of ids and counts.
func appendNumber(dst []byte, v float64) []byte {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 && !(v == 0 && math.Signbit(v)) {
		return strconv.AppendInt(dst, int64(v), 10)
	}
	return strconv.AppendFloat(dst, v, 'g', -1, 64)
}

// appendComma separates an entry from the one before it.
func appendComma(dst []byte) []byte {
	if c := dst[len(dst)-1]; c == '{' || c == '[' {
		return dst
	}
	return append(dst, ',')
}

// appendKey begins an entry under a name of the model, which needs no escaping.
func appendKey(dst []byte, key string) []byte {
	return append(append(append(appendComma(dst), '"'), key...), '"', ':')
}

// appendAttrKey begins an entry under a name of the source's own.
func appendAttrKey(dst []byte, key string) []byte {
	return append(appendQuoted(appendComma(dst), key), ':')
}

func appendKeyed(dst []byte, key, v string) []byte { return appendQuoted(appendKey(dst, key), v) }

func appendQuoted(dst []byte, s string) []byte {
	return append(AppendEscaped(append(dst, '"'), s), '"')
}

// AppendEscaped writes what stands between the quotes of a JSON string. Only what must be escaped is; invalid UTF-8, which no
// decoder lets in, becomes U+FFFD.
func AppendEscaped(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	for i := 0; ; i++ {
		end, ascii := plain(b, i)
		if !ascii && !utf8.Valid(b[i:end]) {
			dst = append(dst, strings.ToValidUTF8(s[i:end], "\uFFFD")...)
		} else {
			dst = append(dst, b[i:end]...)
		}
		if end == len(b) {
			return dst
		}
		switch c := b[end]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i = end
	}
}

// Attr is the value that the event has under a name of its own.
func (e *Event) Attr(key string) (Value, bool) {
	i, ok := e.findAttr(key)
	if !ok {
		return Value{}, false
	}
	return e.Attrs[i].Value, true
}

func (e *Event) findAttr(key string) (at int, found bool) {
	return slices.BinarySearchFunc(e.Attrs, key, func(a Attr, key string) int { return strings.Compare(a.Key, key) })
}

// Clone is a deep copy that shares no memory with e or with the line e was decoded from.
func (e *Event) Clone() Event {
	c := *e
	c.URLs, c.Hashtags, c.Mentions = slices.Clone(e.URLs), slices.Clone(e.Hashtags), slices.Clone(e.Mentions)
	c.Media, c.Attrs = slices.Clone(e.Media), slices.Clone(e.Attrs)

	// All strings move into one piece of memory.
	size := 0
	c.eachString(func(_ string, s *string) { size += len(*s) })
	var all strings.Builder
	all.Grow(size)
	c.eachString(func(_ string, s *string) { all.WriteString(*s) })
	rest := all.String()
	c.eachString(func(_ string, s *string) { *s, rest = rest[:len(*s)], rest[len(*s):] })
	return c
}

// eachString calls f with every string of the event and the field it is in, in a fixed order.
func (e *Event) eachString(f func(field string, s *string)) {
	for _, s := range [...]struct {
		field string
		s     *string
	}{
		{"id", &e.ID}, {"kind", &e.Kind}, {"actor", &e.Actor}, {"object", &e.Object}, {"content", &e.Content}, {"target", &e.Target},
		{"parent", &e.Parent}, {"text", &e.Text}, {"lang", &e.Lang}, {"reason", &e.Reason}, {"ip", &e.IP}, {"device", &e.Device},
		{"user_agent", &e.UserAgent}, {"client", &e.Client}, {"account.handle", &e.Account.Handle},
		{"account.email", &e.Account.Email}, {"account.phone_hash", &e.Account.PhoneHash},
	} {
		f(s.field, s.s)
	}
	for i := range e.URLs {
		f("urls", &e.URLs[i])
	}
	for i := range e.Hashtags {
		f("hashtags", &e.Hashtags[i])
	}
	for i := range e.Mentions {
		f("mentions", &e.Mentions[i])
	}
	for i := range e.Media {
		m := &e.Media[i]
		for _, s := range [...]*string{&m.ID, &m.Type, &m.URL, &m.Path, &m.PDQ} {
			f("media", s)
		}
	}
	for i := range e.Attrs {
		f("attrs", &e.Attrs[i].Key)
		f("attrs", &e.Attrs[i].Value.Str)
	}
}
