package event

import (
	"slices"
	"strconv"
	"unsafe"
)

// Decoder reads events from the forms they arrive in. From one line to the next it keeps nothing but its limits and the memory
// it reuses. It is not safe for concurrent use: give each goroutine its own.
type Decoder struct {
	lim  Limits
	scan scanner
}

// NewDecoder makes a decoder with the limits.
func NewDecoder(lim Limits) *Decoder { return &Decoder{lim: lim} }

// Decode reads one line of native NDJSON into e, which it resets first; after an error e is unspecified.
//
// The strings of e share memory with line except those that had to be unescaped, so the caller must not change line for as long
// as it uses e (see [Event.Clone]). A line without escapes costs no allocation once the lists of e have grown.
//
// The reading is strict: a key given twice, a value of the wrong type, invalid UTF-8, and a list or object under a name that the
// model does not know are refused with a *FieldError. Scalars under unknown names become attrs. null, "" and [] mean absent.
func (d *Decoder) Decode(line []byte, e *Event) error {
	e.Reset()
	e.Time = noTime
	if len(line) > d.lim.Line {
		return refuse("", "the line "+tooLong(len(line), d.lim.Line))
	}
	d.scan.b, d.scan.s, d.scan.i = line, unsafe.String(unsafe.SliceData(line), len(line)), 0
	if err := d.object(e, d.field); err != nil {
		return err
	}
	if err := d.scan.end(); err != nil {
		return err
	}
	e.Attrs = slices.DeleteFunc(e.Attrs, func(a Attr) bool { return a.Value.Kind == Null })
	if err := e.missing(); err != nil {
		return err
	}
	return nil
}

// missing names the first of the required fields that is absent.
func (e *Event) missing() *FieldError {
	name := ""
	switch {
	case e.ID == "":
		name = "id"
	case e.Time == noTime:
		name = "time"
	case e.Kind == "":
		name = "kind"
	case e.Actor == "":
		name = "actor"
	default:
		return nil
	}
	return refuse(name, "is required")
}

// Keys of the native form that are no optional field of their own.
const (
	keyID Field = FieldCount + iota
	keyTime
	keyKind
	keyActor
	keyMediaID
	keyMediaType
	keyMediaURL
	keyMediaPath
	keyMediaPDQ
	keyAccount
	keyAttrs
	keyOther // any other name; attrs themselves tell whether one comes twice
)

// object reads an object whose entries field reads. field returns which key it was, so that one given twice is noticed.
func (d *Decoder) object(e *Event, field func(e *Event, name string) (Field, *FieldError)) *FieldError {
	var seen uint64
	more, err := d.scan.open('{', '}', "an object")
	for more && err == nil {
		var name string
		if name, err = d.scan.key(d.lim.String); err != nil {
			return err
		}
		key, wrong := field(e, name)
		if wrong != nil {
			return wrong.within(shorten(name))
		}
		if seen&(1<<key) != 0 {
			return d.scan.fail(d.scan.i, "is given twice").within(name)
		}
		if key != keyOther {
			seen |= 1 << key
		}
		more, err = d.scan.more('}')
	}
	return err
}

// field reads the value of one key of the event.
func (d *Decoder) field(e *Event, name string) (Field, *FieldError) {
	switch name {
	case "id":
		return keyID, d.str(&e.ID)
	case "time":
		return keyTime, d.time(&e.Time)
	case "kind":
		return keyKind, d.str(&e.Kind)
	case "actor":
		return keyActor, d.str(&e.Actor)
	case "object":
		return d.optional(e, FieldObject, &e.Object)
	case "content":
		return d.optional(e, FieldContent, &e.Content)
	case "target":
		return d.optional(e, FieldTarget, &e.Target)
	case "parent":
		return d.optional(e, FieldParent, &e.Parent)
	case "text":
		return d.text(e)
	case "lang":
		return d.optional(e, FieldLang, &e.Lang)
	case "urls":
		return d.list(e, FieldURLs, &e.URLs)
	case "hashtags":
		return d.list(e, FieldHashtags, &e.Hashtags)
	case "mentions":
		return d.list(e, FieldMentions, &e.Mentions)
	case "reason":
		return d.optional(e, FieldReason, &e.Reason)
	case "media":
		return d.media(e)
	case "ip":
		return d.optional(e, FieldIP, &e.IP)
	case "asn":
		return d.count(e, FieldASN, &e.ASN)
	case "device":
		return d.optional(e, FieldDevice, &e.Device)
	case "user_agent":
		return d.optional(e, FieldUserAgent, &e.UserAgent)
	case "client":
		return d.optional(e, FieldClient, &e.Client)
	case "account":
		if d.scan.null() {
			return keyAccount, nil
		}
		return keyAccount, d.object(e, d.account)
	case "views":
		return d.count(e, FieldViews, &e.Views)
	case "reshares":
		return d.count(e, FieldReshares, &e.Reshares)
	case "attrs":
		if d.scan.null() {
			return keyAttrs, nil
		}
		return keyAttrs, d.object(e, d.attr)
	}
	return d.attr(e, name)
}

func (d *Decoder) account(e *Event, name string) (Field, *FieldError) {
	a := &e.Account
	switch name {
	case "created":
		a.Created = noTime
		err := d.time(&a.Created)
		if a.Created == noTime {
			a.Created = 0
		} else {
			e.Fields.Add(FieldAccountCreated)
		}
		return FieldAccountCreated, err
	case "handle":
		return d.optional(e, FieldAccountHandle, &a.Handle)
	case "email":
		return d.optional(e, FieldAccountEmail, &a.Email)
	case "confirmed":
		return d.flag(e, FieldAccountConfirmed, &a.Confirmed)
	case "phone_hash":
		return d.optional(e, FieldAccountPhoneHash, &a.PhoneHash)
	case "followers":
		return d.count(e, FieldAccountFollowers, &a.Followers)
	case "following":
		return d.count(e, FieldAccountFollowing, &a.Following)
	case "posts":
		return d.count(e, FieldAccountPosts, &a.Posts)
	case "verified":
		return d.flag(e, FieldAccountVerified, &a.Verified)
	}
	return keyOther, d.scan.fail(d.scan.i, "is not a field of account; put it into attrs")
}

// media reads the list of pictures and videos. One without any field is absent.
func (d *Decoder) media(e *Event) (Field, *FieldError) {
	err := d.each(func(n int) (bool, *FieldError) {
		e.Media = append(e.Media, Media{})
		if err := d.object(e, d.medium); err != nil {
			return false, err
		}
		if e.Media[n] == (Media{}) {
			e.Media = e.Media[:n]
			return false, nil
		}
		return true, nil
	})
	if len(e.Media) > 0 {
		e.Fields.Add(FieldMedia)
	}
	return FieldMedia, err
}

// medium reads one key of the last entry of e.Media.
func (d *Decoder) medium(e *Event, name string) (Field, *FieldError) {
	m := &e.Media[len(e.Media)-1]
	switch name {
	case "id":
		return keyMediaID, d.str(&m.ID)
	case "type":
		return keyMediaType, d.str(&m.Type)
	case "url":
		return keyMediaURL, d.str(&m.URL)
	case "path":
		return keyMediaPath, d.str(&m.Path)
	case "pdq":
		at := d.scan.i
		err := d.str(&m.PDQ)
		if err == nil && m.PDQ != "" && !isPDQ(m.PDQ) {
			err = d.scan.fail(at, "want 64 hex digits")
		}
		return keyMediaPDQ, err
	}
	return keyOther, d.scan.fail(d.scan.i, "is not a field of media; put it into attrs")
}

func isPDQ(s string) bool {
	for i := range len(s) {
		if _, ok := hexDigit(s[i]); !ok {
			return false
		}
	}
	return len(s) == 64
}

// attr reads a scalar under a name of its own, and keeps attrs sorted. A null stays until the end, so that it counts as given.
func (d *Decoder) attr(e *Event, name string) (Field, *FieldError) {
	v, err := d.scalar()
	if err != nil {
		return keyOther, err
	}
	at, twice := e.findAttr(name)
	if twice {
		return keyOther, d.scan.fail(d.scan.i, "is given twice")
	}
	if len(e.Attrs) == d.lim.Attrs {
		return keyOther, d.scan.fail(d.scan.i, "the event has more than "+strconv.Itoa(d.lim.Attrs)+" attrs")
	}
	e.Attrs = slices.Insert(e.Attrs, at, Attr{Key: name, Value: v})
	return keyOther, nil
}

func (d *Decoder) scalar() (v Value, err *FieldError) {
	switch c := d.scan.next(); {
	case c == '"':
		v.Kind = String
		if err = d.str(&v.Str); v.Str == "" {
			v.Kind = Null
		}
	case c == 't' || c == 'f':
		v.Kind = Bool
		v.Bool, err = d.scan.boolean()
	case c == '-' || '0' <= c && c <= '9':
		v.Kind = Number
		v.Num, err = d.scan.float()
	case !d.scan.null():
		err = d.scan.want("a string, a number, true, false or null")
	}
	return v, err
}

// str reads a string or null.
func (d *Decoder) str(v *string) (err *FieldError) {
	if !d.scan.null() {
		*v, err = d.scan.str(d.lim.String)
	}
	return err
}

func (d *Decoder) optional(e *Event, f Field, v *string) (Field, *FieldError) {
	err := d.str(v)
	if *v != "" {
		e.Fields.Add(f)
	}
	return f, err
}

func (d *Decoder) text(e *Event) (f Field, err *FieldError) {
	if d.scan.null() {
		return FieldText, nil
	}
	if e.Text, err = d.scan.str(d.lim.Text); e.Text != "" {
		e.Fields.Add(FieldText)
	}
	return FieldText, err
}

func (d *Decoder) count(e *Event, f Field, v *int64) (_ Field, err *FieldError) {
	if d.scan.null() {
		return f, nil
	}
	*v, err = d.scan.integer()
	e.Fields.Add(f)
	return f, err
}

func (d *Decoder) flag(e *Event, f Field, v *bool) (_ Field, err *FieldError) {
	if d.scan.null() {
		return f, nil
	}
	*v, err = d.scan.boolean()
	e.Fields.Add(f)
	return f, err
}

// time reads a time; null and "" leave v as it is.
func (d *Decoder) time(v *int64) *FieldError {
	var s string
	at := d.scan.i
	if err := d.str(&s); err != nil || s == "" {
		return err
	}
	t, err := ParseTime(s)
	if err != nil {
		return d.scan.fail(at, err.Error())
	}
	*v = t
	return nil
}

// list reads a list of strings, without those that are empty.
func (d *Decoder) list(e *Event, f Field, list *[]string) (Field, *FieldError) {
	err := d.each(func(int) (bool, *FieldError) {
		s, err := d.scan.str(d.lim.String)
		if err != nil || s == "" {
			return false, err
		}
		*list = append(*list, s)
		return true, nil
	})
	if len(*list) > 0 {
		e.Fields.Add(f)
	}
	return f, err
}

// each reads a list or null. read reads one entry, which is the n-th if kept, and reports whether it is kept.
func (d *Decoder) each(read func(n int) (kept bool, err *FieldError)) *FieldError {
	if d.scan.null() {
		return nil
	}
	n := 0
	more, err := d.scan.open('[', ']', "a list")
	for i := 0; more && err == nil; i++ {
		if i == d.lim.List {
			return d.scan.fail(d.scan.i, tooMany(d.lim.List))
		}
		kept, wrong := read(n)
		if wrong != nil {
			return wrong.within("[" + strconv.Itoa(i) + "]")
		}
		if kept {
			n++
		}
		more, err = d.scan.more(']')
	}
	return err
}
