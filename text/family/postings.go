package family

import "slices"

// postings say in which texts a fingerprint is. A list holds the latest maxPosted at most: what is in more texts than that tells
// little, and no fingerprint costs more than that to look up. A list of one is in the map itself; longer ones are in a cell of the
// next power of two.
type postings struct {
	lists map[uint32]list
	cells []uint32
	free  [classes][]uint32 // where cells begin that are not in use, by size
}

// list is where a list is and how long it is; a list of one is its element.
type list struct {
	at  uint32
	len uint32
}

const (
	maxPosted = 16
	classes   = 5 // cells of 1 (not used), 2, 4, 8 and 16
)

// class is that of the cell for a list of n.
func class(n uint32) (c int) {
	for 1<<c < n {
		c++
	}
	return c
}

// of is the list of a key, oldest first, good until the next change. one is the memory for a list of one.
func (p *postings) of(key uint32, one *[1]uint32) []uint32 {
	l := p.lists[key]
	switch l.len {
	case 0:
		return nil
	case 1:
		one[0] = l.at
		return one[:]
	}
	return p.cells[l.at : l.at+l.len]
}

// add puts a text at the end of a key's list. If that is full, then its oldest text goes, and is given.
func (p *postings) add(key, text uint32) (oldest uint32, full bool) {
	l := p.lists[key]
	switch {
	case l.len == 0:
		l.at = text
	case l.len == maxPosted:
		cell := p.cells[l.at : l.at+maxPosted]
		oldest = cell[0]
		copy(cell, cell[1:])
		cell[maxPosted-1] = text
		return oldest, true
	default:
		l.at = p.resize(l, l.len+1)
		p.cells[l.at+l.len] = text
	}
	l.len++
	p.lists[key] = l
	return 0, false
}

// has tells whether a text is in a key's list.
func (p *postings) has(key, text uint32) bool {
	var one [1]uint32
	return slices.Contains(p.of(key, &one), text)
}

// remove takes a text out of a key's list, if it is still there.
func (p *postings) remove(key, text uint32) {
	if !p.has(key, text) {
		return
	}
	l := p.lists[key]
	if l.len == 1 {
		delete(p.lists, key)
		return
	}
	cell := p.cells[l.at : l.at+l.len]
	i := slices.Index(cell, text)
	copy(cell[i:], cell[i+1:])
	if l.len == 2 {
		p.release(l)
		l.at = cell[0]
	} else {
		l.at = p.resize(l, l.len-1)
	}
	l.len--
	p.lists[key] = l
}

// resize gives where a list is that has place for n. What fits is copied.
func (p *postings) resize(l list, n uint32) (at uint32) {
	was, is := class(l.len), class(n)
	if was == is {
		return l.at
	}
	if free := p.free[is]; len(free) > 0 {
		at, p.free[is] = free[len(free)-1], free[:len(free)-1]
	} else {
		at = uint32(len(p.cells))
		p.cells = append(p.cells, make([]uint32, 1<<is)...)
	}
	if l.len == 1 {
		p.cells[at] = l.at
		return at
	}
	copy(p.cells[at:at+1<<is], p.cells[l.at:l.at+l.len])
	p.release(l)
	return at
}

// release frees the cell of a list of two or more.
func (p *postings) release(l list) {
	c := class(l.len)
	p.free[c] = append(p.free[c], l.at)
}
