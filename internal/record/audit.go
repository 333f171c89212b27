package record

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Audit is the append-only trail of what people and rules did. The methods that cause an entry write it themselves, in their transaction.
//
// The trail is a chain: the hash of an entry is SHA-256 over the hash before it and the entry, so that an entry cannot be changed, removed or moved without the
// chain breaking there. Who can write to the store can make a whole new chain; a head that is kept elsewhere (see [VerifyAudit]) shows that, too.
type Audit interface {
	// PutAudit appends an entry for what leaves no other trace, such as looking at an original. Seq and Hash are set by the store.
	PutAudit(ctx context.Context, e AuditEntry) error

	// AuditTrail lists entries, newest first.
	AuditTrail(ctx context.Context, p Page) ([]AuditEntry, error)

	// AuditFrom lists up to limit entries, oldest first, of which the first is the first after seq.
	AuditFrom(ctx context.Context, after int64, limit int) ([]AuditEntry, error)

	// AuditHead is the head as it was written with the newest entry; the zero head while there is none.
	AuditHead(ctx context.Context) (AuditHead, error)
}

// AuditEntry is one thing that somebody or a rule did.
type AuditEntry struct {
	Seq     int64 // from 1, without gaps
	At      int64
	By      string // "person:ada", "key:ci", "rule:spam.ring@3f2a"
	Action  string // the kind of a change, or key.create, key.revoke, effect.requeue, effect.enforce…
	Subject string // the id of what it was done to; no name of an account, so that erasing one leaves the chain whole
	Reason  string
	Digest  [sha256.Size]byte // of the change that Subject names; zero where it names none
	Hash    [sha256.Size]byte
}

// Link is the entry's hash after an entry with the hash prev; all zeros before the first.
func (a *AuditEntry) Link(prev [sha256.Size]byte) [sha256.Size]byte {
	b := append(make([]byte, 0, 256), prev[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(a.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(a.At))
	b = appendTexts(b, a.By, a.Action, a.Subject, a.Reason)
	if a.Digest != [sha256.Size]byte{} {
		b = append(b, a.Digest[:]...)
	}
	return sha256.Sum256(b)
}

func appendTexts(b []byte, texts ...string) []byte {
	for _, s := range texts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// Digest is what an audit entry holds of a change.
func (c *Change) Digest() [sha256.Size]byte {
	return sha256.Sum256(appendTexts(binary.BigEndian.AppendUint64(nil, uint64(c.At)), c.ID, c.Kind, c.By, c.Reason, string(c.Body)))
}

// AuditHead is the newest entry of a trail, by which it is known whether the trail goes on from what it was.
type AuditHead struct {
	Seq  int64
	Hash [sha256.Size]byte
}

// String is the head as "seq:hash", which [ParseAuditHead] reads.
func (h AuditHead) String() string {
	return strconv.FormatInt(h.Seq, 10) + ":" + hex.EncodeToString(h.Hash[:])
}

// ParseAuditHead reads what String wrote.
func ParseAuditHead(s string) (h AuditHead, err error) {
	seq, hash, _ := strings.Cut(s, ":")
	h.Seq, err = strconv.ParseInt(seq, 10, 64)
	b, bad := hex.DecodeString(hash)
	if err != nil || bad != nil || h.Seq < 0 || len(b) != len(h.Hash) {
		return AuditHead{}, fmt.Errorf("%w: %.100q is no head of an audit trail; one reads \"17:\" and 64 hexadecimal digits", ErrInvalid, s)
	}
	copy(h.Hash[:], b)
	return h, nil
}

// AuditFault is a place where a trail is not what was written.
type AuditFault struct {
	Seq  int64 // of the entry; of several that are missing, the first
	What string
}

// maxFaults bounds what is said of a trail that is broken all over.
const maxFaults = 100

// Audited is a trail and the changes that its entries are about.
type Audited interface {
	Audit
	Change(ctx context.Context, id string) (Change, error)
}

// VerifyAudit reads a whole trail and the changes in it, and gives the places where it is not what was written, at most a hundred, and how many entries it read. known are heads that were noted
// earlier, and elsewhere: the trail must still hold them. It takes time for the trail, and memory for a page of it.
func VerifyAudit(ctx context.Context, a Audited, known ...AuditHead) (faults []AuditFault, entries int64, err error) {
	// The head is read first, and is then one of those that the trail must hold: it may grow meanwhile.
	head, err := a.AuditHead(ctx)
	if err != nil {
		return nil, 0, err
	}
	if head.Seq > 0 {
		known = append([]AuditHead{head}, known...)
	}
	var last AuditEntry
	after := int64(math.MinInt64) // before the first there is to be nothing
	found := make([]bool, len(known))
	fault := func(seq int64, what string, args ...any) {
		if len(faults) < maxFaults {
			faults = append(faults, AuditFault{seq, fmt.Sprintf(what, args...)})
		}
	}
	for {
		page, err := a.AuditFrom(ctx, after, MaxPage)
		if err != nil {
			return faults, entries, err
		}
		for i := range page {
			e := &page[i]
			entries++
			after = e.Seq
			if e.Seq <= last.Seq {
				fault(e.Seq, "entry %d (%s by %s) was put before the first", e.Seq, e.Action, e.By)
				continue
			}
			switch {
			case e.Seq == last.Seq+2:
				fault(last.Seq+1, "entry %d is missing", last.Seq+1)
			case e.Seq > last.Seq+1:
				fault(last.Seq+1, "entries %d to %d are missing", last.Seq+1, e.Seq-1)
			case e.Link(last.Hash) != e.Hash:
				fault(e.Seq, "entry %d (%s by %s) was changed, or put where it does not belong", e.Seq, e.Action, e.By)
			}
			for k := range known {
				if known[k].Seq == e.Seq {
					if found[k] = true; known[k].Hash != e.Hash {
						fault(e.Seq, "entry %d is not the one of the head %s: it, or one before it, was written anew", e.Seq, known[k])
					}
				}
			}
			if why, err := changed(ctx, a, e); err != nil {
				return faults, entries, err
			} else if why != "" {
				fault(e.Seq, "entry %d (%s by %s): %s", e.Seq, e.Action, e.By, why)
			}
			last = *e
		}
		if len(page) == 0 {
			break
		}
	}
	if head.Seq == 0 && entries > 0 {
		fault(last.Seq, "the head of the trail is missing")
	}
	for k := range known {
		if !found[k] && known[k].Seq > last.Seq {
			fault(last.Seq+1, "entries from %d on are missing: the trail had a head at %d", last.Seq+1, known[k].Seq)
		}
	}
	return faults, entries, nil
}

// changed says how the change that an entry is about is not what it was; "" if it is.
func changed(ctx context.Context, a Audited, e *AuditEntry) (string, error) {
	if e.Digest == [sha256.Size]byte{} {
		return "", nil
	}
	c, err := a.Change(ctx, e.Subject)
	switch {
	case errors.Is(err, ErrNotFound):
		return "change " + e.Subject + " is missing", nil
	case err != nil:
		return "", err
	case c.Digest() != e.Digest:
		return "change " + e.Subject + " was changed", nil
	}
	return "", nil
}
