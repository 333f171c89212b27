package event

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Mapping says which column of a table is which field of an event. Fields have their native names, with "account.handle",
// "media.id" (of one picture or video a row) and "attrs.colour" for what lies deeper. A cell of urls, hashtags or mentions may hold
// several, separated by spaces. An empty cell is absent.
type Mapping struct {
	Columns map[string]string // field → column
	Const   map[string]string // field → the same value in every row
}

// presets are mappings of known files.
var presets = map[string]Mapping{
	// CooRTweet's form: an account shares an object.
	"coshare": {
		Columns: map[string]string{"object": "object_id", "actor": "account_id", "content": "content_id", "time": "timestamp_share"},
		Const:   map[string]string{"kind": "share"},
	},
	// CooRTweet's form with several kinds of object. A row is one share of a post that may carry each of them; a post with several
	// links is several rows, hence several events with one content.
	"coshare-multi": {
		Columns: map[string]string{
			"actor": "account_id", "content": "post_id", "time": "timestamp",
			"urls": "url_id", "hashtags": "hashtag_id", "attrs.domain_id": "domain_id", "attrs.phash_id": "phash_id",
		},
		Const: map[string]string{"kind": "share"},
	},
}

// ParseMapping reads a mapping from a flag such as "actor=account_id,object=post_id,time=timestamp,kind==share": field=column and
// field==constant, separated by commas. An item without "=" names a preset (coshare, coshare-multi) for later items to change.
func ParseMapping(s string) (Mapping, error) {
	m := Mapping{Columns: map[string]string{}, Const: map[string]string{}}
	for item := range strings.SplitSeq(s, ",") {
		field, value, found := strings.Cut(item, "=")
		constant, isConst := strings.CutPrefix(value, "=")
		switch preset, known := presets[field]; {
		case !found && known:
			maps.Copy(m.Columns, preset.Columns)
			maps.Copy(m.Const, preset.Const)
		case !found:
			return Mapping{}, fmt.Errorf("column mapping: %q is no preset: want %s, or field=column", field, strings.Join(slices.Sorted(maps.Keys(presets)), ", "))
		case !tableField(field):
			return Mapping{}, fmt.Errorf("column mapping: no event has a field %q", field)
		case isConst:
			delete(m.Columns, field)
			m.Const[field] = constant
		case value == "":
			return Mapping{}, fmt.Errorf("column mapping: %q names no column", item)
		default:
			delete(m.Const, field)
			m.Columns[field] = value
		}
	}
	return m, nil
}

// listField is the list that a field of this name is in an event; nil if it is none.
func (e *Event) listField(field string) (*[]string, Field) {
	switch field {
	case "urls":
		return &e.URLs, FieldURLs
	case "hashtags":
		return &e.Hashtags, FieldHashtags
	case "mentions":
		return &e.Mentions, FieldMentions
	}
	return nil, FieldCount
}

// stringField is the same for strings. Required fields have FieldCount.
func (e *Event) stringField(field string) (*string, Field) {
	switch field {
	case "id":
		return &e.ID, FieldCount
	case "kind":
		return &e.Kind, FieldCount
	case "actor":
		return &e.Actor, FieldCount
	case "object":
		return &e.Object, FieldObject
	case "content":
		return &e.Content, FieldContent
	case "target":
		return &e.Target, FieldTarget
	case "parent":
		return &e.Parent, FieldParent
	case "text":
		return &e.Text, FieldText
	case "lang":
		return &e.Lang, FieldLang
	case "reason":
		return &e.Reason, FieldReason
	case "ip":
		return &e.IP, FieldIP
	case "device":
		return &e.Device, FieldDevice
	case "user_agent":
		return &e.UserAgent, FieldUserAgent
	case "client":
		return &e.Client, FieldClient
	case "account.handle":
		return &e.Account.Handle, FieldAccountHandle
	case "account.email":
		return &e.Account.Email, FieldAccountEmail
	case "account.phone_hash":
		return &e.Account.PhoneHash, FieldAccountPhoneHash
	}
	return nil, FieldCount
}

// intField is the same for integers.
func (e *Event) intField(field string) (*int64, Field) {
	switch field {
	case "asn":
		return &e.ASN, FieldASN
	case "views":
		return &e.Views, FieldViews
	case "reshares":
		return &e.Reshares, FieldReshares
	case "account.followers":
		return &e.Account.Followers, FieldAccountFollowers
	case "account.following":
		return &e.Account.Following, FieldAccountFollowing
	case "account.posts":
		return &e.Account.Posts, FieldAccountPosts
	}
	return nil, FieldCount
}

// boolField is the same for truth values.
func (e *Event) boolField(field string) (*bool, Field) {
	switch field {
	case "account.confirmed":
		return &e.Account.Confirmed, FieldAccountConfirmed
	case "account.verified":
		return &e.Account.Verified, FieldAccountVerified
	}
	return nil, FieldCount
}

// mediaField is the same for the parts of a picture or video.
func (m *Media) mediaField(field string) *string {
	switch field {
	case "media.id":
		return &m.ID
	case "media.type":
		return &m.Type
	case "media.url":
		return &m.URL
	case "media.path":
		return &m.Path
	case "media.pdq":
		return &m.PDQ
	}
	return nil
}

// tableField reports whether a mapping may name the field.
func tableField(field string) bool {
	var e Event
	var m Media
	l, _ := e.listField(field)
	s, _ := e.stringField(field)
	i, _ := e.intField(field)
	b, _ := e.boolField(field)
	return field == "time" || field == "account.created" || l != nil || s != nil || i != nil || b != nil || m.mediaField(field) != nil ||
		strings.HasPrefix(field, "attrs.") && field != "attrs."
}

// set fills the field of this name from a cell, which is not empty. It checks what the value means; check does the sizes.
func set(e *Event, field, v string, lim Limits) (err error) {
	if p, f := e.stringField(field); p != nil {
		*p = v
		if f < FieldCount {
			e.Fields.Add(f)
		}
		return nil
	}
	if p, f := e.listField(field); p != nil {
		for s := range strings.FieldsSeq(v) {
			*p = append(*p, s)
			if len(*p) > lim.List {
				return errors.New(tooMany(lim.List))
			}
		}
		if len(*p) > 0 {
			e.Fields.Add(f)
		}
		return nil
	}
	if p, f := e.intField(field); p != nil {
		e.Fields.Add(f)
		if *p, err = strconv.ParseInt(v, 10, 64); err != nil {
			return errors.New("want an integer, found " + strconv.Quote(shorten(v)))
		}
		return nil
	}
	if p, f := e.boolField(field); p != nil {
		e.Fields.Add(f)
		if *p, err = strconv.ParseBool(v); err != nil {
			return errors.New("want true or false, found " + strconv.Quote(shorten(v)))
		}
		return nil
	}
	if key, ok := strings.CutPrefix(field, "attrs."); ok {
		e.setAttr(key, Value{Kind: String, Str: v})
		return nil
	}
	switch field {
	case "time":
		e.Time, err = parseTableTime(v)
	case "account.created":
		e.Fields.Add(FieldAccountCreated)
		e.Account.Created, err = parseTableTime(v)
	default:
		if len(e.Media) == 0 {
			e.Media = append(e.Media, Media{})
			e.Fields.Add(FieldMedia)
		}
		*e.Media[0].mediaField(field) = v
	}
	return err
}

// setAttr puts a value under a name of its own, in place of the one that is there.
func (e *Event) setAttr(key string, v Value) {
	at, found := e.findAttr(key)
	if !found {
		e.Attrs = slices.Insert(e.Attrs, at, Attr{})
	}
	e.Attrs[at] = Attr{Key: key, Value: v}
}
