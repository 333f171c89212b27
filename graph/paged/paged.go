// Package paged keeps the tables of a structure in a store of keys and values, as images of one moment each, while the structure goes on.
//
// A [Book] has tables, which are slices. Before an item changes, or is added, its place is touched. Only blocks of items that were touched since the image
// before are written, a little at a time: those of the image that was begun by [Book.Mark] are written by [Book.Step], and one that is about to change first. So
// an image holds what was so at its Mark, whatever happens until it is written. Nothing is ever deleted: tables do not shrink, and what is free in them is an item
// like others.
//
//	table(1) block(4, big-endian) → how many items (1), the items
//	0xff                          → the head: what is not in tables
package paged

import (
	"encoding/binary"
	"errors"
)

// Sink takes what an image sets in the store, in order. It must not keep the slices.
type Sink interface{ Set(key, value []byte) }

// ErrDamaged is what Load and Loaded give for records that are not those of the book.
var ErrDamaged = errors.New("paged: a record is damaged")

// blockSize is how many items are written together. More of them take less room in the store, and more time to write one that changed.
const blockSize = 8

// MaxItems is how many items a table holds.
const MaxItems = 1 << 31

const headKey = 0xff

// Book is the tables of one structure and what of them is to be written. It is not safe for concurrent use. The zero book has no tables, and until the first Mark
// touching costs next to nothing.
type Book struct {
	head   func(*Coder)
	tables []table
	page   uint8
	image  Sink // of the image that was begun
	next   Sink
	loaded bool // the head was
	coder  Coder
	key    []byte
}

// table is a slice of any type.
type table interface {
	mark()
	step(n int) int
	load(block uint32, c *Coder) bool
}

// Head sets what codes that which is not in tables. It is written as a whole at each Mark, so it is to be small.
func (b *Book) Head(code func(*Coder)) { b.head = code }

// Table is a slice of the structure.
type Table[T any] struct {
	book          *Book
	number        uint8
	items         *[]T
	code          func(*T, *Coder)
	pages         []uint8 // of each block: in which of two images it is to be written; the one that is not the book's present one is marked
	dirty, marked []uint32
}

// Add adds a table of the items to a book. The order in which tables are added is part of the form of its records. Code codes an item.
func Add[T any](b *Book, items *[]T, code func(*T, *Coder)) *Table[T] {
	t := &Table[T]{book: b, number: uint8(len(b.tables)), items: items, code: code}
	b.tables = append(b.tables, t)
	return t
}

const pageMask = 3

// Touch is called before the item at a place is changed or added.
func (t *Table[T]) Touch(place uint32) {
	page := t.book.page
	if page == 0 {
		return
	}
	block := place / blockSize
	if int(block) < len(t.pages) && t.pages[block] == page {
		return
	}
	t.turn(block, page)
}

func (t *Table[T]) turn(block uint32, page uint8) {
	for int(block) >= len(t.pages) {
		t.pages = append(t.pages, 0)
	}
	if t.pages[block] != 0 {
		t.write(block) // it is marked
	}
	t.pages[block] = page
	t.dirty = append(t.dirty, block)
}

// write writes a marked block into the image that was begun.
func (t *Table[T]) write(block uint32) {
	b := t.book
	from := int(block) * blockSize
	items := (*t.items)[min(from, len(*t.items)):min(from+blockSize, len(*t.items))]
	b.coder = Coder{buf: append(b.coder.buf[:0], byte(len(items)))}
	for i := range items {
		t.code(&items[i], &b.coder)
	}
	b.key = binary.BigEndian.AppendUint32(append(b.key[:0], t.number), block)
	b.image.Set(b.key, b.coder.buf)
}

func (t *Table[T]) mark() { t.marked, t.dirty = t.dirty, t.marked[:0] }

func (t *Table[T]) step(n int) int {
	for ; n > 0 && len(t.marked) > 0; n-- {
		last := len(t.marked) - 1
		block := t.marked[last]
		if t.pages[block] != 0 && t.pages[block] != t.book.page { // else it was written as it was about to change
			t.write(block)
			t.pages[block] = 0
		}
		t.marked = t.marked[:last]
	}
	return n
}

func (t *Table[T]) load(block uint32, c *Coder) bool {
	from := int(block) * blockSize
	n := int(c.byte())
	if n > blockSize || from+n > MaxItems || from > len(*t.items) {
		return false // blocks come in order
	}
	for i := range n {
		if from+i == len(*t.items) {
			var zero T
			*t.items = append(*t.items, zero)
		}
		t.code(&(*t.items)[from+i], c)
	}
	return c.done()
}

// Mark begins an image of the structure as it is now, which goes to the sink given to the Mark before; the image after this one goes to next. The first Mark begins no
// image: from there on it is known what changed, so the structure is to be empty, or as it was loaded. Its cost does not grow with the tables.
func (b *Book) Mark(next Sink) {
	for b.Step(1<<20) == 0 {
	}
	b.image, b.next = b.next, next
	for _, t := range b.tables {
		t.mark()
	}
	if b.page = pageMask - b.page; b.page == pageMask {
		b.page = 1
	}
	if b.image != nil {
		b.coder = Coder{buf: b.coder.buf[:0]}
		b.head(&b.coder)
		b.image.Set([]byte{headKey}, b.coder.buf)
	}
}

// Step writes up to n blocks of the image that was begun, and gives how many of the n are left: none as long as there may be more to write.
func (b *Book) Step(n int) (left int) {
	for _, t := range b.tables {
		n = t.step(n)
	}
	return n
}

// Load takes in a record, as Sink got it. Records come in the order of their keys, to a structure that is empty but for its tables.
func (b *Book) Load(key, value []byte) error {
	c := &Coder{buf: value, reading: true}
	switch {
	case len(key) == 1 && key[0] == headKey:
		if b.head(c); c.done() {
			b.loaded = true
			return nil
		}
	case len(key) == 5 && int(key[0]) < len(b.tables):
		if b.tables[key[0]].load(binary.BigEndian.Uint32(key[1:]), c) {
			return nil
		}
	}
	return ErrDamaged
}

// Loaded says whether a whole image was loaded: ErrDamaged if its head was not.
func (b *Book) Loaded() error {
	if !b.loaded {
		return ErrDamaged
	}
	return nil
}
