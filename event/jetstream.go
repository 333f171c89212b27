package event

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DecodeJetstream reads one message of Bluesky's Jetstream into e, which it resets first; after an error e is unspecified. ok is
// false for a message that is no act of an account: identity messages, and records of collections that the model has no kind for.
//
// Posts become post, reply or quote, or edit when they are changed later; feed and graph records repost, like, follow and block; a profile
// becomes profile; what is taken back becomes delete; a change of the account's state (deactivated, takendown…) becomes account. The
// time is Jetstream's own, never the createdAt that the client claims. It costs about ten times what [Decoder.Decode] does.
func (d *Decoder) DecodeJetstream(line []byte, e *Event) (ok bool, err error) {
	e.Reset()
	e.Time = noTime
	if len(line) > d.lim.Line {
		return false, refuse("", "the message "+tooLong(len(line), d.lim.Line))
	}
	var m jetMessage
	if err := json.Unmarshal(line, &m); err != nil {
		return false, jsonError(err)
	}
	e.Actor = m.DID
	if m.TimeUS > 0 && m.TimeUS <= maxUnix*1e6 {
		e.Time = m.TimeUS * int64(time.Microsecond)
	}
	switch {
	case m.Kind == "commit" && m.Commit != nil:
		ok, err := e.fromCommit(m.DID, m.Commit)
		if !ok || err != nil {
			return false, err
		}
	case m.Kind == "account" && m.Account != nil:
		e.fromAccount(m.DID, m.Account)
	default:
		return false, nil
	}
	if err := e.check(d.lim); err != nil {
		return false, err
	}
	return true, nil
}

func jsonError(err error) *FieldError {
	switch err := err.(type) {
	case *json.UnmarshalTypeError:
		return &FieldError{Field: shorten(err.Field), Offset: int(err.Offset), Msg: "want " + err.Type.String() + ", found " + err.Value}
	case *json.SyntaxError:
		return &FieldError{Offset: int(err.Offset), Msg: err.Error()}
	}
	return refuse("", err.Error())
}

// The parts of a message that are read.
type (
	jetMessage struct {
		DID     string      `json:"did"`
		TimeUS  int64       `json:"time_us"`
		Kind    string      `json:"kind"`
		Commit  *jetCommit  `json:"commit"`
		Account *jetAccount `json:"account"`
	}
	jetCommit struct {
		Rev        string          `json:"rev"`
		Operation  string          `json:"operation"`
		Collection string          `json:"collection"`
		RKey       string          `json:"rkey"`
		Record     json.RawMessage `json:"record"`
	}
	jetAccount struct {
		Active bool   `json:"active"`
		Seq    int64  `json:"seq"`
		Status string `json:"status"`
	}
	jetPost struct {
		Text  string   `json:"text"`
		Langs []string `json:"langs"`
		Tags  []string `json:"tags"`
		Reply *struct {
			Parent jetRef `json:"parent"`
		} `json:"reply"`
		Facets []struct {
			Features []struct {
				Type string `json:"$type"`
				URI  string `json:"uri"`
				Tag  string `json:"tag"`
				DID  string `json:"did"`
			} `json:"features"`
		} `json:"facets"`
		Embed *jetEmbed `json:"embed"`
	}
	jetRef struct {
		URI string `json:"uri"`
	}
	jetEmbed struct {
		Type     string          `json:"$type"`
		Record   json.RawMessage `json:"record"`
		External *struct {
			URI string `json:"uri"`
		} `json:"external"`
		Images []struct {
			Image jetBlob `json:"image"`
		} `json:"images"`
		Video *jetBlob  `json:"video"`
		Media *jetEmbed `json:"media"` // of recordWithMedia
	}
	// jetBlob is a reference to stored bytes, in its present or its older form.
	jetBlob struct {
		Ref struct {
			Link string `json:"$link"`
		} `json:"ref"`
		CID      string `json:"cid"`
		MimeType string `json:"mimeType"`
	}
	jetProfile struct {
		DisplayName string   `json:"displayName"`
		Description string   `json:"description"`
		Avatar      *jetBlob `json:"avatar"`
		Banner      *jetBlob `json:"banner"`
	}
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

// acts are the kinds that a record of each collection becomes. A post's may yet be another.
var acts = map[string]string{
	postCollection: "post", repostCollection: "repost", likeCollection: "like",
	followCollection: "follow", blockCollection: "block", profileCollection: "profile",
}

// fromCommit fills the event from a record that was created, updated or deleted. Its id is unique: a commit, which rev names, does
// an operation on a record at most once.
func (e *Event) fromCommit(did string, c *jetCommit) (ok bool, err error) {
	kind := acts[c.Collection]
	if kind == "" {
		return false, nil
	}
	for _, f := range [...]struct{ name, v string }{{"did", did}, {"commit.rkey", c.RKey}, {"commit.rev", c.Rev}} {
		if f.v == "" {
			return false, refuse(f.name, "is required")
		}
	}
	e.Kind = kind
	e.ID = did + "/" + c.Collection + "/" + c.RKey + "/" + c.Operation + "/" + c.Rev
	uri := "at://" + did + "/" + c.Collection + "/" + c.RKey
	switch c.Operation {
	case "create", "update":
	case "delete":
		e.Kind = "delete"
		e.setString(FieldObject, &e.Object, uri)
		return true, nil
	default:
		return false, refuse("commit.operation", "want create, update or delete, found "+strconv.Quote(shorten(c.Operation)))
	}
	if err := e.fromRecord(c.Collection, uri, c.Record); err != nil {
		return false, jsonError(err).within("commit.record")
	}
	if c.Operation == "update" && c.Collection == postCollection {
		e.Kind = "edit"
	}
	return true, nil
}

func (e *Event) fromRecord(collection, uri string, record json.RawMessage) error {
	switch collection {
	case postCollection:
		var p jetPost
		if err := json.Unmarshal(record, &p); err != nil {
			return err
		}
		e.setString(FieldObject, &e.Object, uri)
		e.fromPost(&p)
	case repostCollection, likeCollection:
		var r struct {
			Subject jetRef `json:"subject"`
		}
		if err := json.Unmarshal(record, &r); err != nil {
			return err
		}
		e.setString(FieldContent, &e.Content, uri)
		e.setString(FieldObject, &e.Object, r.Subject.URI)
		e.setString(FieldTarget, &e.Target, authority(r.Subject.URI))
	case followCollection, blockCollection:
		var r struct {
			Subject string `json:"subject"`
		}
		if err := json.Unmarshal(record, &r); err != nil {
			return err
		}
		e.setString(FieldContent, &e.Content, uri)
		e.setString(FieldTarget, &e.Target, r.Subject)
	case profileCollection:
		var p jetProfile
		if err := json.Unmarshal(record, &p); err != nil {
			return err
		}
		e.setString(FieldText, &e.Text, p.Description)
		if p.DisplayName != "" {
			e.setAttr("display_name", Value{Kind: String, Str: p.DisplayName})
		}
		e.addBlob(p.Avatar)
		e.addBlob(p.Banner)
	}
	return nil
}

// fromPost fills the event from a post. A post that replies and quotes is a reply; what it quotes is an attr either way.
func (e *Event) fromPost(p *jetPost) {
	e.setString(FieldText, &e.Text, p.Text)
	if len(p.Langs) > 0 {
		e.setString(FieldLang, &e.Lang, p.Langs[0])
	}
	for _, facet := range p.Facets {
		for _, f := range facet.Features {
			switch f.Type {
			case "app.bsky.richtext.facet#link":
				e.addTo(FieldURLs, &e.URLs, f.URI)
			case "app.bsky.richtext.facet#tag":
				e.addTo(FieldHashtags, &e.Hashtags, f.Tag)
			case "app.bsky.richtext.facet#mention":
				e.addTo(FieldMentions, &e.Mentions, f.DID)
			}
		}
	}
	for _, tag := range p.Tags {
		e.addTo(FieldHashtags, &e.Hashtags, tag)
	}
	if p.Embed != nil {
		e.fromEmbed(p.Embed)
	}
	if p.Reply != nil {
		e.Kind = "reply"
		e.setString(FieldParent, &e.Parent, p.Reply.Parent.URI)
		e.setString(FieldTarget, &e.Target, authority(p.Reply.Parent.URI))
	}
}

func (e *Event) fromEmbed(m *jetEmbed) {
	if quoted := m.quoted(); quoted != "" {
		e.Kind = "quote"
		e.setString(FieldTarget, &e.Target, authority(quoted))
		e.setAttr("quoted", Value{Kind: String, Str: quoted})
	}
	for _, m := range [...]*jetEmbed{m, m.Media} {
		if m == nil {
			continue
		}
		if m.External != nil {
			e.addTo(FieldURLs, &e.URLs, m.External.URI)
		}
		for i := range m.Images {
			e.addBlob(&m.Images[i].Image)
		}
		e.addBlob(m.Video)
	}
}

// quoted is the URI of the post that an embed quotes. Embeds of other records (feeds, lists) quote none.
func (m *jetEmbed) quoted() string {
	var r struct {
		jetRef
		Record jetRef `json:"record"` // of recordWithMedia
	}
	if json.Unmarshal(m.Record, &r) != nil {
		return ""
	}
	for _, uri := range [...]string{r.URI, r.Record.URI} {
		if strings.Contains(uri, "/"+postCollection+"/") {
			return uri
		}
	}
	return ""
}

func (e *Event) fromAccount(did string, a *jetAccount) {
	e.Kind = "account"
	e.ID = did + "/account/" + strconv.FormatInt(a.Seq, 10)
	e.setAttr("active", Value{Kind: Bool, Bool: a.Active})
	if a.Status != "" {
		e.setAttr("status", Value{Kind: String, Str: a.Status})
	}
}

// authority is the account in an at:// URI; empty if it is none.
func authority(uri string) string {
	rest, ok := strings.CutPrefix(uri, "at://")
	if !ok {
		return ""
	}
	did, _, _ := strings.Cut(rest, "/")
	return did
}

func (e *Event) setString(f Field, at *string, v string) {
	if *at = v; v != "" {
		e.Fields.Add(f)
	}
}

// addTo adds to a list what is not in it yet: a link is often both in the text and in the card below it.
func (e *Event) addTo(f Field, list *[]string, v string) {
	if v == "" || len(*list) < maxLinear && slices.Contains(*list, v) {
		return
	}
	*list = append(*list, v)
	e.Fields.Add(f)
}

// maxLinear bounds the search for repeats. A list this long is above any sensible limit and will be refused for it.
const maxLinear = 1024

func (e *Event) addBlob(b *jetBlob) {
	if b == nil {
		return
	}
	m := Media{ID: b.Ref.Link, Type: b.MimeType}
	if m.ID == "" {
		m.ID = b.CID
	}
	if m.ID != "" {
		e.Media = append(e.Media, m)
		e.Fields.Add(FieldMedia)
	}
}

// JetstreamCollections are the collections whose records [Decoder.DecodeJetstream] makes events of, to ask a Jetstream for no others.
func JetstreamCollections() []string { return slices.Sorted(maps.Keys(acts)) }
