// Package gallery keeps what people may look at of pictures that banks or models know: the original, a blurred grey preview, or nothing at
// all, by the policies that the picture offends ([Rules]). A picture has the SHA-256 of its file as its name. What has been kept for some
// time goes, and when there is too much what was seen longest ago goes first.
//
// Of a picture that offends a policy of [Rules.Never] nothing is kept, and nothing is shown even if it was kept before under
// another policy: material of child sexual abuse must not be copied, not even blurred, without a decision of the platform's lawyers. So each
// look at a picture asks the banks as they are by then what it offends, and each sweep removes what they do not allow any more.
package gallery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/blob"
	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/media/preview"
)

// ErrNone is the error of asking for what is not kept.
var ErrNone = errors.New("gallery: nothing is kept of this picture")

// Options of a gallery.
type Options struct {
	Rules     Rules
	Banks     func() *bank.Set // as they are
	Retention time.Duration    // since a picture was seen last
	Quota     int64            // bytes of blobs
	Now       func() int64     // nanoseconds since 1970
	Log       *slog.Logger
}

// Bounds.
const (
	maxPictures = 100_000
	maxAccounts = 1000 // of a picture that are remembered
	maxPolicies = 64   // likewise
	seenStep    = int64(time.Hour)
	settleTime  = 10 * time.Second
)

// Picture is what is known of a picture that was seen.
type Picture struct {
	Digest   string   `json:"digest"`
	Keep     Keep     `json:"keep"`
	Policies []string `json:"policies"` // sorted
	Accounts []string `json:"accounts"` // that posted it, the first thousand, sorted
	First    int64    `json:"first"`    // when it was seen first, in nanoseconds since 1970
	Last     int64    `json:"last"`     // and last, late by an hour at most
	Size     int64    `json:"size"`     // bytes that are kept

	PDQ   []hamming.Hash `json:"pdq,omitempty"`   // by which banks know it, beside the digest
	Parts int            `json:"parts,omitempty"` // how many of PDQ, the last ones, are of parts of it
	MD5   string         `json:"md5,omitempty"`
	SHA1  string         `json:"sha1,omitempty"`
}

// Sighting is a picture that somebody posted, and that offends policies.
type Sighting struct {
	Digest   string // SHA-256 of the file, in 64 lower-case hexadecimal digits
	Account  string
	Policies []string
	Hashes   bank.Picture // by which it was looked up; of no hash that is not here it is known later that a bank holds it
	File     []byte
	Picture  *picture.Picture // the file decoded
}

// Gallery keeps pictures in a store that nobody else writes below "pictures/". Its methods may be called from any goroutine; writing
// ones wait for one another.
type Gallery struct {
	store blob.Store
	opts  Options

	mu        sync.Mutex
	index     map[string]*Picture // by digest; what they point to does not change
	unsettled map[string]bool     // digests of those that the store does not have as the index does
	bytes     int64
	checked   *bank.Set // that everything was compared with
}

const prefix = "pictures/"

// What a picture has, as the last part of blobs' names.
const (
	aboutPart    = "about" // a Picture as JSON, written last and removed last
	previewPart  = "preview"
	originalPart = "original"
)

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

func name(digest, part string) string { return prefix + digest[:2] + "/" + digest + "/" + part }

// Open reads what the store keeps, and removes what the rules do not allow any more.
func Open(ctx context.Context, store blob.Store, opts Options) (*Gallery, error) {
	g := &Gallery{store: store, opts: opts, index: map[string]*Picture{}, unsettled: map[string]bool{}}
	blobs, err := store.List(ctx, prefix, "", 4*maxPictures)
	if err != nil {
		return nil, fmt.Errorf("gallery: %w", err)
	}
	for _, b := range blobs {
		digest := path.Base(path.Dir(b.Name))
		if path.Base(b.Name) != aboutPart || !digestPattern.MatchString(digest) {
			continue
		}
		data, err := store.Get(ctx, b.Name)
		if err != nil {
			return nil, fmt.Errorf("gallery: %w", err)
		}
		p := &Picture{}
		if err := json.Unmarshal(data, p); err != nil || p.Digest != digest {
			opts.Log.Warn("what is known of a kept picture cannot be read; the picture is removed", "name", b.Name, "error", err)
			continue
		}
		g.index[digest] = p
		g.bytes += p.Size
	}
	for _, b := range blobs { // that a crash or a failure left behind
		p := g.index[path.Base(path.Dir(b.Name))]
		switch part := path.Base(b.Name); {
		case p == nil:
			if err := store.Delete(ctx, b.Name); err != nil {
				return nil, fmt.Errorf("gallery: %w", err)
			}
		case part == originalPart && p.Keep < Original, part == previewPart && p.Keep < Preview:
			g.unsettled[p.Digest] = true
		}
	}
	for _, p := range g.sorted() {
		if err := g.restrict(ctx, p, nil); err != nil {
			return nil, err
		}
	}
	return g, g.Sweep(ctx)
}

// Keep takes note of a sighting, and keeps of the picture what the rules say.
func (g *Gallery) Keep(ctx context.Context, s Sighting) error {
	if !digestPattern.MatchString(s.Digest) || len(s.Policies) == 0 {
		return fmt.Errorf("gallery: a sighting of %.80q with %d policies", s.Digest, len(s.Policies))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.opts.Now()
	old, known := g.index[s.Digest]
	p := &Picture{Digest: s.Digest, First: now, Last: now, PDQ: slices.Clone(s.Hashes.PDQ), Parts: s.Hashes.Parts, MD5: s.Hashes.MD5, SHA1: s.Hashes.SHA1}
	if known {
		*p = *old
	}
	p.Policies = merged(p.Policies, maxPolicies, s.Policies...)
	p.Accounts = merged(p.Accounts, maxAccounts, s.Account)
	keep := g.opts.Rules.For(slices.Concat(s.Policies, p.Policies)) // for p has not all where there are many
	if !known {
		p.Keep = keep
		if err := g.put(ctx, p, &s); err != nil {
			return err
		}
		return g.sweep(ctx)
	}
	if len(p.Policies) == len(old.Policies) && len(p.Accounts) == len(old.Accounts) && now < old.Last+seenStep && !g.unsettled[p.Digest] {
		return nil
	}
	p.Last = max(now, old.Last)
	p.Keep = min(keep, old.Keep) // never more: what was not kept then is not here any more
	return g.settle(ctx, p)
}

// merged adds words to a sorted list, up to a number of them.
func merged(list []string, most int, words ...string) []string {
	list = slices.Clone(list)
	for _, w := range words {
		if at, there := slices.BinarySearch(list, w); !there && len(list) < most {
			list = slices.Insert(list, at, w)
		}
	}
	return list
}

// put stores what is kept of a new picture; where that fails, nothing. g.mu is held.
func (g *Gallery) put(ctx context.Context, p *Picture, s *Sighting) error {
	var blurred []byte
	if p.Keep != Nothing {
		var err error
		if blurred, err = preview.Blurred(s.Picture); err != nil {
			return err
		}
		err = g.store.Put(ctx, name(p.Digest, previewPart), blurred)
		if err == nil && p.Keep == Original {
			err = g.store.Put(ctx, name(p.Digest, originalPart), s.File)
		}
		if err != nil {
			none := *p
			none.Keep = Nothing
			return errors.Join(fmt.Errorf("gallery: %w", err), g.settle(ctx, &none))
		}
	}
	p.Size = int64(len(blurred))
	if p.Keep == Original {
		p.Size += int64(len(s.File))
	}
	return g.settle(ctx, p)
}

// settle makes p what is known of a picture, removes the parts above p.Keep from the store, and writes p there. At once nothing more is
// shown than p.Keep, also where the store fails; what it could not do is done with the next sighting or sweep, or when the gallery is opened. Not even a caller
// that is out of time leaves it half done. g.mu is held, or g is being made.
func (g *Gallery) settle(ctx context.Context, p *Picture) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if old := g.index[p.Digest]; old != nil {
		g.bytes -= old.Size
	}
	g.index[p.Digest], g.unsettled[p.Digest] = p, true
	g.bytes += p.Size
	var failed error
	if p.Keep < Original {
		failed = g.store.Delete(ctx, name(p.Digest, originalPart))
	}
	if p.Keep < Preview {
		failed = errors.Join(failed, g.store.Delete(ctx, name(p.Digest, previewPart)))
	}
	if failed == nil && p.Keep < Original && p.Size != 0 { // of the preview alone
		less := *p
		blurred, err := g.store.Get(ctx, name(p.Digest, previewPart))
		if less.Size = int64(len(blurred)); err != nil && !errors.Is(err, blob.ErrNone) {
			failed = err
		}
		g.bytes += less.Size - p.Size
		p, g.index[p.Digest] = &less, &less
	}
	data, err := json.Marshal(p)
	if err == nil {
		err = g.store.Put(ctx, name(p.Digest, aboutPart), data)
	}
	if failed = errors.Join(failed, err); failed != nil {
		return fmt.Errorf("gallery: %w", failed)
	}
	delete(g.unsettled, p.Digest)
	return nil
}

// restrict brings what is kept of a known picture down to what its policies and some more allow. g.mu is held, or g is being made.
func (g *Gallery) restrict(ctx context.Context, p *Picture, more []string) error {
	less := *p
	less.Policies = merged(p.Policies, maxPolicies, more...)
	less.Keep = min(p.Keep, g.opts.Rules.For(slices.Concat(more, p.Policies)))
	if less.Keep == p.Keep && len(less.Policies) == len(p.Policies) && !g.unsettled[p.Digest] {
		return nil
	}
	return g.settle(ctx, &less)
}

// offends gives the policies of the entries of banks that hold a picture.
func (g *Gallery) offends(banks *bank.Set, p *Picture) []string {
	if banks == nil || p.Keep == Nothing {
		return nil
	}
	at := bank.Occasion{Time: g.opts.Now()}
	if len(p.Accounts) > 0 {
		at.Actor = p.Accounts[0]
	}
	var reader bank.Reader
	found, _ := reader.LookAt(nil, banks, &bank.Picture{PDQ: p.PDQ, Parts: p.Parts, MD5: p.MD5, SHA1: p.SHA1, SHA256: p.Digest}, "", at)
	return Offended(found)
}

// remove forgets a picture. g.mu is held, or g is being made.
func (g *Gallery) remove(ctx context.Context, p *Picture) error {
	for _, part := range []string{originalPart, previewPart, aboutPart} {
		if err := g.store.Delete(ctx, name(p.Digest, part)); err != nil {
			return fmt.Errorf("gallery: %w", err)
		}
	}
	delete(g.index, p.Digest)
	delete(g.unsettled, p.Digest)
	g.bytes -= p.Size
	return nil
}

// sorted are all pictures, the longest unseen first.
func (g *Gallery) sorted() []*Picture {
	list := make([]*Picture, 0, len(g.index))
	for _, p := range g.index {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *Picture) int {
		if a.Last != b.Last {
			return int(min(max(a.Last-b.Last, -1), 1))
		}
		return strings.Compare(a.Digest, b.Digest)
	})
	return list
}

// Sweep removes what was kept long enough, and what the banks as they are do not allow. Call it from time to time. Where banks have changed since it was called
// last, each picture of which more than nothing is kept is looked up, for which nothing else waits.
func (g *Gallery) Sweep(ctx context.Context) error {
	if err := g.outdated(ctx); err != nil {
		return err
	}
	if err := g.recheck(ctx); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sweep(ctx)
}

// outdated removes what was kept long enough, and does what failed before.
func (g *Gallery) outdated(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for digest := range g.unsettled {
		if err := g.restrict(ctx, g.index[digest], nil); err != nil {
			return err
		}
	}
	oldest := g.opts.Now() - int64(g.opts.Retention)
	for _, p := range g.sorted() {
		if p.Last >= oldest {
			break
		}
		if err := g.remove(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// recheck brings down what is kept of pictures that the banks as they are know under stricter policies.
func (g *Gallery) recheck(ctx context.Context) error {
	banks := g.opts.Banks()
	g.mu.Lock()
	list := g.sorted()
	same := banks == g.checked
	g.mu.Unlock()
	if same {
		return nil
	}
	for _, p := range list {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		more := g.offends(banks, p)
		if len(more) == 0 {
			continue
		}
		g.mu.Lock()
		var err error
		if now := g.index[p.Digest]; now != nil {
			err = g.restrict(ctx, now, more)
		}
		g.mu.Unlock()
		if err != nil {
			return err
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.checked = banks
	return nil
}

// sweep removes what is too much, down to nine tenths, so that it is not needed for every picture. g.mu is held.
func (g *Gallery) sweep(ctx context.Context) error {
	if g.bytes <= g.opts.Quota && len(g.index) <= maxPictures {
		return nil
	}
	for _, p := range g.sorted() {
		if g.bytes <= g.opts.Quota/10*9 && len(g.index) <= maxPictures/10*9 {
			break
		}
		if err := g.remove(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// Erase forgets that an account posted what it posted, and the pictures that nobody else did. It says how many those were. Of a picture
// that more than a thousand accounts posted, the later ones are not known in the first place.
func (g *Gallery) Erase(ctx context.Context, account string) (pictures int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.sorted() {
		at, posted := slices.BinarySearch(p.Accounts, account)
		if !posted {
			continue
		}
		if len(p.Accounts) == 1 {
			err, pictures = g.remove(ctx, p), pictures+1
		} else {
			less := *p
			less.Accounts = slices.Delete(slices.Clone(p.Accounts), at, at+1)
			err = g.settle(ctx, &less)
		}
		if err != nil {
			return pictures, err
		}
	}
	return pictures, nil
}

// Find gives what is known of a picture, with what the banks as they are say of it.
func (g *Gallery) Find(digest string) (Picture, error) {
	g.mu.Lock()
	p, ok := g.index[digest]
	g.mu.Unlock()
	if !ok {
		return Picture{}, fmt.Errorf("%w: %.80q", ErrNone, digest)
	}
	now := *p
	more := g.offends(g.opts.Banks(), p)
	now.Keep = min(p.Keep, g.opts.Rules.For(slices.Concat(more, p.Policies)))
	now.Policies = merged(p.Policies, maxPolicies, more...)
	return now, nil
}

// Preview gives the blurred JPEG of a picture.
func (g *Gallery) Preview(ctx context.Context, digest string) ([]byte, error) {
	return g.read(ctx, digest, Preview, previewPart)
}

// Original gives a picture's file as it was uploaded, and its type as its first bytes have it. Whoever shows it must decode it as
// something hostile.
func (g *Gallery) Original(ctx context.Context, digest string) (file []byte, kind string, err error) {
	file, err = g.read(ctx, digest, Original, originalPart)
	return file, http.DetectContentType(file), err
}

func (g *Gallery) read(ctx context.Context, digest string, least Keep, part string) ([]byte, error) {
	p, err := g.Find(digest)
	if err != nil {
		return nil, err
	}
	if p.Keep < least {
		return nil, fmt.Errorf("%w: of a picture against %s it is not allowed", ErrNone, strings.Join(p.Policies, ", "))
	}
	data, err := g.store.Get(ctx, name(digest, part))
	if errors.Is(err, blob.ErrNone) { // it went meanwhile
		return nil, fmt.Errorf("%w: %.80q", ErrNone, digest)
	}
	return data, err
}

// Stats are how much is kept.
type Stats struct {
	Pictures int
	Bytes    int64
}

// Stats counts what is kept.
func (g *Gallery) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Stats{len(g.index), g.bytes}
}
