package event

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// Collections whose records are acts.
const (
	postCollection    = "app.bsky.feed.post"
	repostCollection  = "app.bsky.feed.repost"
	likeCollection    = "app.bsky.feed.like"
	followCollection  = "app.bsky.graph.follow"
	blockCollection   = "app.bsky.graph.block"
	profileCollection = "app.bsky.actor.profile"
)

// acts are the kinds that a record of each collection becomes. A post may become another yet.
var acts = map[string]string{
	postCollection: "post", repostCollection: "repost", likeCollection: "like",
	followCollection: "follow", blockCollection: "block", profileCollection: "profile",
}

// JetstreamCollections are the collections whose records [Decoder.DecodeJetstream] makes events of, to ask a Jetstream for no others.
func JetstreamCollections() []string { return slices.Sorted(maps.Keys(acts)) }

// DecodeJetstream reads one message of Bluesky's Jetstream into e, which it resets first; after an error e is unspecified. ok is
// false for a message that is no act of an account: identity messages, and records of collections that the model has no kind for.
//
// Posts become post, reply or quote, and edit when they are changed later; other records repost, like, follow, block and profile;
// what is taken back becomes delete; a change of the account's state (deactivated, takendown…) becomes account. The time is
// Jetstream's own, never the createdAt that the client claims. A reply that quotes is a reply; what is quoted is an attr.
//
// Strings share memory with line as in [Decoder.Decode]. Fields that the model has no use for are skipped; what is read must have
// the type that Bluesky's schemas give it, else the message is refused, as Bluesky itself refuses to show such a record.
func (d *Decoder) DecodeJetstream(line []byte, e *Event) (ok bool, err error) {
	e.Reset()
	e.Time = noTime
	if len(line) > d.lim.Line {
		return false, refuse("", "the message "+tooLong(len(line), d.lim.Line))
	}
	d.scan.b, d.scan.s, d.scan.i = line, unsafe.String(unsafe.SliceData(line), len(line)), 0
	ok, bad := d.message(e)
	if ok && bad == nil {
		bad = e.check(d.lim)
	}
	if bad != nil {
		return false, bad
	}
	return ok, nil
}

// commit is what a message says of a record.
type commit struct {
	rev, operation, collection, rkey string
	record                           int // where the record begins in the line; 0 if there is none
}

func (d *Decoder) message(e *Event) (ok bool, err *FieldError) {
	var kind, status string
	var c commit
	var micros, seq int64
	var active bool
	err = d.pick(
		member{"did", func() *FieldError { return d.str(&e.Actor) }},
		member{"time_us", func() (err *FieldError) { micros, err = d.scan.integer(); return err }},
		member{"kind", func() *FieldError { return d.str(&kind) }},
		member{"commit", func() *FieldError {
			return d.pick(
				member{"rev", func() *FieldError { return d.str(&c.rev) }},
				member{"operation", func() *FieldError { return d.str(&c.operation) }},
				member{"collection", func() *FieldError { return d.str(&c.collection) }},
				member{"rkey", func() *FieldError { return d.str(&c.rkey) }},
				member{"record", func() *FieldError { c.record = d.scan.i; return d.scan.skip() }},
			)
		}},
		member{"account", func() *FieldError {
			return d.pick(
				member{"active", func() (err *FieldError) { active, err = d.scan.boolean(); return err }},
				member{"seq", func() (err *FieldError) { seq, err = d.scan.integer(); return err }},
				member{"status", func() *FieldError { return d.str(&status) }},
			)
		}},
	)
	if err == nil {
		err = d.scan.end()
	}
	if err != nil {
		return false, err
	}
	switch {
	case micros == 0:
		return false, refuse("time_us", "is required")
	case micros < 0 || micros > maxUnix*int64(time.Second/time.Microsecond):
		return false, refuse("time_us", errTimeRange.Error())
	}
	e.Time = micros * int64(time.Microsecond)
	switch kind {
	case "commit":
		return d.commit(e, &c)
	case "account":
		e.Kind = "account"
		e.ID = e.Actor + "/account/" + strconv.FormatInt(seq, 10)
		e.setAttr("active", Value{Kind: Bool, Bool: active})
		if status != "" {
			e.setAttr("status", Value{Kind: String, Str: status})
		}
		return true, nil
	}
	return false, nil
}

// commit fills the event from a record that was created, updated or deleted. Its id is unique: a commit, which rev names, does an
// operation on a record at most once.
func (d *Decoder) commit(e *Event, c *commit) (ok bool, err *FieldError) {
	if e.Kind = acts[c.collection]; e.Kind == "" {
		return false, nil
	}
	for _, f := range [...]struct{ name, v string }{{"did", e.Actor}, {"commit.rkey", c.rkey}, {"commit.rev", c.rev}} {
		if f.v == "" {
			return false, refuse(f.name, "is required")
		}
	}
	e.ID = e.Actor + "/" + c.collection + "/" + c.rkey + "/" + c.operation + "/" + c.rev
	uri := "at://" + e.Actor + "/" + c.collection + "/" + c.rkey
	switch c.operation {
	case "create", "update":
	case "delete":
		e.Kind = "delete"
		e.setString(FieldObject, &e.Object, uri)
		return true, nil
	default:
		return false, refuse("commit.operation", "want create, update or delete, found "+strconv.Quote(shorten(c.operation)))
	}
	if c.record == 0 {
		return false, refuse("commit.record", "is required")
	}
	d.scan.i = c.record
	switch c.collection {
	case postCollection:
		e.setString(FieldObject, &e.Object, uri)
		err = d.post(e)
	case profileCollection:
		err = d.profile(e)
	default:
		e.setString(FieldContent, &e.Content, uri)
		err = d.pick(member{"subject", func() *FieldError { return d.subject(e) }})
	}
	if err != nil {
		return false, err.within("commit.record")
	}
	if c.operation == "update" && c.collection == postCollection {
		e.Kind = "edit"
	}
	return true, nil
}

// subject reads what a repost, like, follow or block is of: a record, or an account.
func (d *Decoder) subject(e *Event) *FieldError {
	if d.scan.next() == '"' {
		_, err := d.optional(e, FieldTarget, &e.Target)
		return err
	}
	uri, err := d.reference()
	e.setString(FieldObject, &e.Object, uri)
	e.setString(FieldTarget, &e.Target, authority(uri))
	return err
}

func (d *Decoder) profile(e *Event) *FieldError {
	var name string
	err := d.pick(
		member{"displayName", func() *FieldError { return d.str(&name) }},
		member{"description", func() *FieldError { _, err := d.text(e); return err }},
		member{"avatar", func() *FieldError { return d.blob(e) }},
		member{"banner", func() *FieldError { return d.blob(e) }},
	)
	if name != "" {
		e.setAttr("display_name", Value{Kind: String, Str: name})
	}
	return err
}

func (d *Decoder) post(e *Event) *FieldError {
	var parent string
	err := d.pick(
		member{"text", func() *FieldError { _, err := d.text(e); return err }},
		member{"langs", func() *FieldError {
			return d.strings(func(lang string) {
				if e.Lang == "" {
					e.setString(FieldLang, &e.Lang, lang)
				}
			})
		}},
		member{"tags", func() *FieldError {
			return d.strings(func(tag string) { e.addTo(FieldHashtags, &e.Hashtags, tag) })
		}},
		member{"facets", func() *FieldError {
			return d.each(func(int) (bool, *FieldError) {
				return true, d.pick(member{"features", func() *FieldError {
					return d.each(func(int) (bool, *FieldError) { return true, d.feature(e) })
				}})
			})
		}},
		member{"embed", func() *FieldError { return d.embed(e, true) }},
		member{"reply", func() *FieldError {
			return d.pick(member{"parent", func() (err *FieldError) { parent, err = d.reference(); return err }})
		}},
	)
	quoted, isQuote := e.Attr("quoted")
	switch {
	case parent != "":
		e.Kind = "reply"
		e.setString(FieldParent, &e.Parent, parent)
		e.setString(FieldTarget, &e.Target, authority(parent))
	case isQuote:
		e.Kind = "quote"
		e.setString(FieldTarget, &e.Target, authority(quoted.Str))
	}
	return err
}

// feature reads what a stretch of a post's text is: a link, a hashtag or a mention.
func (d *Decoder) feature(e *Event) *FieldError {
	kind, err := d.typeOf()
	if err != nil {
		return err
	}
	var v string
	read := func() *FieldError { return d.str(&v) }
	switch kind {
	case "app.bsky.richtext.facet#link":
		err = d.pick(member{"uri", read})
		e.addTo(FieldURLs, &e.URLs, v)
	case "app.bsky.richtext.facet#tag":
		err = d.pick(member{"tag", read})
		e.addTo(FieldHashtags, &e.Hashtags, v)
	case "app.bsky.richtext.facet#mention":
		err = d.pick(member{"did", read})
		e.addTo(FieldMentions, &e.Mentions, v)
	default:
		err = d.scan.skip()
	}
	return err
}

// embed reads what hangs below a post. At the top it may be a quoted post with media, an embed itself.
func (d *Decoder) embed(e *Event, top bool) *FieldError {
	kind, err := d.typeOf()
	if err != nil {
		return err
	}
	switch kind {
	case "app.bsky.embed.external":
		return d.pick(member{"external", func() *FieldError {
			uri, err := d.reference()
			e.addTo(FieldURLs, &e.URLs, uri)
			return err
		}})
	case "app.bsky.embed.images":
		return d.pick(member{"images", func() *FieldError {
			return d.each(func(int) (bool, *FieldError) {
				return true, d.pick(member{"image", func() *FieldError { return d.blob(e) }})
			})
		}})
	case "app.bsky.embed.video":
		return d.pick(member{"video", func() *FieldError { return d.blob(e) }})
	case "app.bsky.embed.record":
		return d.pick(member{"record", func() *FieldError { return d.quoted(e) }})
	case "app.bsky.embed.recordWithMedia":
		if top {
			return d.pick(
				member{"record", func() *FieldError {
					return d.pick(member{"record", func() *FieldError { return d.quoted(e) }})
				}},
				member{"media", func() *FieldError { return d.embed(e, false) }},
			)
		}
	}
	return d.scan.skip()
}

// quoted reads the reference to an embedded record and keeps it if that is a post, not a feed or a list.
func (d *Decoder) quoted(e *Event) *FieldError {
	uri, err := d.reference()
	if strings.Contains(uri, "/"+postCollection+"/") {
		e.setAttr("quoted", Value{Kind: String, Str: uri})
	}
	return err
}

// reference reads the uri of an object that has one.
func (d *Decoder) reference() (uri string, err *FieldError) {
	err = d.pick(member{"uri", func() *FieldError { return d.str(&uri) }})
	return uri, err
}

// blob reads a reference to stored bytes, in its present or its older form, as a picture or video of the event.
func (d *Decoder) blob(e *Event) *FieldError {
	var m Media
	err := d.pick(
		member{"ref", func() *FieldError {
			return d.pick(member{"$link", func() *FieldError { return d.str(&m.ID) }})
		}},
		member{"cid", func() *FieldError { return d.str(&m.ID) }},
		member{"mimeType", func() *FieldError { return d.str(&m.Type) }},
	)
	if m.ID != "" {
		e.Media = append(e.Media, m)
		e.Fields.Add(FieldMedia)
	}
	return err
}

// authority is the account in an at:// URI; empty if it is none.
func authority(uri string) string {
	rest, ok := strings.CutPrefix(uri, "at://")
	if !ok {
		return ""
	}
	account, _, _ := strings.Cut(rest, "/")
	return account
}

func (e *Event) setString(f Field, at *string, v string) {
	if *at = v; v != "" {
		e.Fields.Add(f)
	}
}

// addTo adds to a list what is not in it yet: a link is often both in the text and in the card below it. A list that is longer than
// any sensible limit, and will be refused for it, is not searched.
func (e *Event) addTo(f Field, list *[]string, v string) {
	const most = 1024
	if v == "" || len(*list) < most && slices.Contains(*list, v) {
		return
	}
	*list = append(*list, v)
	e.Fields.Add(f)
}

// member is an entry of an object that is read; others are skipped.
type member struct {
	name string
	read func() *FieldError
}

// pick reads those members of an object, or null.
func (d *Decoder) pick(members ...member) *FieldError {
	if d.scan.null() {
		return nil
	}
	var seen uint64
	more, err := d.scan.open('{', '}', "an object")
	for more && err == nil {
		var name string
		if name, err = d.scan.key(len(d.scan.b)); err != nil {
			return err
		}
		var wrong *FieldError
		switch i := slices.IndexFunc(members, func(m member) bool { return m.name == name }); {
		case i < 0:
			wrong = d.scan.skip()
		case seen&(1<<i) != 0:
			wrong = d.scan.fail(d.scan.i, "is given twice")
		default:
			seen |= 1 << i
			wrong = members[i].read()
		}
		if wrong != nil {
			return wrong.within(shorten(name))
		}
		more, err = d.scan.more('}')
	}
	return err
}

// typeOf looks ahead into an object for its $type. What may be of any type (embeds, facets) is read by it only if the type is
// known: it must not be possible to have a post refused by hanging something odd below it.
func (d *Decoder) typeOf() (kind string, err *FieldError) {
	at := d.scan.i
	err = d.pick(member{"$type", func() *FieldError { return d.str(&kind) }})
	d.scan.i = at
	return kind, err
}

// strings reads a list of strings.
func (d *Decoder) strings(f func(string)) *FieldError {
	return d.each(func(int) (bool, *FieldError) {
		s, err := d.scan.str(d.lim.String)
		if err == nil {
			f(s)
		}
		return true, err
	})
}
