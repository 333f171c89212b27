package rule

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/ringfence/ringfence/event"
)

// TextFamily is the family of near-copies that an event's text belongs to, as of the event, which it counts unless that is late.
type TextFamily struct {
	ID       uint64 // 0 if the text belongs to none
	Accounts int64  // exact while they are few
	Posts    int64
}

// templateSize is the most characters of a template: its texts are kept up to 1 KiB, and each of their words may be a slot.
const templateSize = 4 << 10

// familySignals are what rules read of the text's family.
func familySignals() []signal {
	absent := &fault{"text.family absent"}
	number := func(get func(*TextFamily) int64) fn[int64] {
		return func(ev *Evaluation) (int64, *fault) {
			if ev.in.Family.ID == 0 {
				return 0, absent
			}
			return get(&ev.in.Family), nil
		}
	}
	name := func(ev *Evaluation) (string, *fault) {
		if ev.in.Family.ID == 0 {
			return "", absent
		}
		return ev.familyName(), nil
	}
	noTemplate := &fault{"text.template absent"}
	template := func(ev *Evaluation) (string, *fault) {
		if ev.in.Family.ID != 0 {
			if t, ok := ev.facts.Template(ev.in.Family.ID); ok {
				return t, nil
			}
		}
		return "", noTemplate
	}
	return []signal{
		{name: "text.family", doc: "the family of near-copies that the text belongs to; unknown where there is no text, or none with letters",
			size: 16, entity: event.TextFamilyEntity, node: textNode(name)},
		{name: "text.family.accounts", doc: "accounts that the family's posts are of, this one included: exact below 256, estimated above",
			node: intNode(kindInt, number(func(f *TextFamily) int64 { return f.Accounts }))},
		{name: "text.family.posts", doc: "posts of the family since it was first met, this one included",
			node: intNode(kindInt, number(func(f *TextFamily) int64 { return f.Posts }))},
		{name: "text.template", doc: "what the family's texts have in common, with {…} where they differ; unknown for its first post",
			size: templateSize, node: textNode(template)},
	}
}

// familyName is the id of the event's text family in words: 16 hex digits, made once an event and only if a rule asks.
func (ev *Evaluation) familyName() string {
	if ev.family == "" {
		var id [8]byte
		binary.BigEndian.PutUint64(id[:], ev.in.Family.ID)
		ev.family = hex.EncodeToString(id[:])
	}
	return ev.family
}
