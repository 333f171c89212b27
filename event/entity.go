package event

import "strings"

// EntityKind is the kind of thing that labels, cases and enforcement are about.
type EntityKind uint8

// The kinds of entity.
const (
	NoEntity EntityKind = iota
	AccountEntity
	ContentEntity
	IPEntity
	DeviceEntity
	URLEntity
	DomainEntity
	TextFamilyEntity
	MediaFamilyEntity
	GroupEntity
)

var entityKinds = [...]string{"", "account", "content", "ip", "device", "url", "domain", "text_family", "media_family", "group"}

// String is the kind's word in rules, the API and the console.
func (k EntityKind) String() string { return entityKinds[k] }

// EntityKindOf is the kind that a word names; NoEntity if none.
func EntityKindOf(word string) EntityKind {
	for k, w := range entityKinds {
		if w == word {
			return EntityKind(k)
		}
	}
	return NoEntity
}

// Entity is one thing: a kind and an id. Its text form is "kind:id".
type Entity struct {
	Kind EntityKind
	ID   string
}

// String is the entity's text form, such as "account:a17".
func (e Entity) String() string { return e.Kind.String() + ":" + e.ID }

// ParseEntity reads the text form; ok is false where the kind is unknown or the id empty.
func ParseEntity(s string) (e Entity, ok bool) {
	word, id, found := strings.Cut(s, ":")
	kind := EntityKindOf(word)
	if !found || kind == NoEntity || id == "" {
		return Entity{}, false
	}
	return Entity{Kind: kind, ID: id}, true
}
