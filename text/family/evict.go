package family

// What a part of a family counts for the budget, in bytes: its own, and its places in the maps and lists of the index.
const (
	familyBytes   = 150
	exemplarBytes = 120
	gramBytes     = 8 // with the keys, of which there is hardly one to two grams
	sampleBytes   = 32
	accountBytes  = 8
)

// size is what a family counts for the budget. It follows from its content alone.
func (f *family) size() int {
	n := familyBytes + accountBytes*len(f.accounts)
	for _, e := range f.exemplars {
		n += e.size()
	}
	for _, s := range f.samples {
		n += sampleBytes + len(s.text)
	}
	return n
}

func (e *exemplar) size() int {
	return exemplarBytes + gramBytes*int(e.grams)
}

// Bytes is what the families count for the budget.
func (x *Index) Bytes() int { return x.bytes }

// Stats is what an index holds.
type Stats struct {
	Families  int
	Bytes     int // that the families count for the budget
	Forgotten int // families dropped for the budget since the index was made or loaded
}

// Stats counts in constant time.
func (x *Index) Stats() Stats {
	return Stats{Families: len(x.queue), Bytes: x.bytes, Forgotten: x.forgotten}
}

// SetBudget changes the budget, as of NewIndex, and forgets what is above it.
func (x *Index) SetBudget(bytes int) {
	x.budget = bytes
	x.forget()
}

// forget drops families until the index is within its budget: those whose latest text is oldest first, and of equal ones the one
// with the smallest id.
func (x *Index) forget() {
	for x.bytes > x.budget && len(x.queue) > 0 {
		d := x.queue[0]
		if d.last < d.family.last {
			x.queue[0].last = d.family.last
			x.queue.down(0)
			continue
		}
		x.queue.pop()
		x.forgotten++
		x.drop(d.family)
	}
}

// drop forgets a family.
func (x *Index) drop(f *family) {
	x.unkeep(f)
	x.bytes -= f.size()
	for i := range f.exemplars {
		e := &f.exemplars[i]
		for i, key := range e.keys() {
			if !e.isDisplaced(i) {
				x.postings.remove(key, e.slot)
			}
		}
		delete(x.byText, e.exact)
		x.slots[e.slot] = slot{}
		x.free = append(x.free, e.slot)
	}
	*f = family{id: f.id} // it may be in a list of what changed for some time
}

// queue is a heap of all families by the time of their latest text. That time may have grown since an entry was made; since it
// never shrinks, an entry at the top which is up to date is the smallest.
type queue []due

type due struct {
	last   int64
	family *family
}

func (q queue) less(i, j int) bool {
	if q[i].last != q[j].last {
		return q[i].last < q[j].last
	}
	return q[i].family.id < q[j].family.id
}

func (q *queue) push(d due) {
	*q = append(*q, d)
	for i := len(*q) - 1; i > 0; {
		parent := (i - 1) / 2
		if !q.less(i, parent) {
			break
		}
		(*q)[i], (*q)[parent] = (*q)[parent], (*q)[i]
		i = parent
	}
}

// pop takes the first away.
func (q *queue) pop() {
	last := len(*q) - 1
	(*q)[0] = (*q)[last]
	(*q)[last] = due{}
	*q = (*q)[:last]
	q.down(0)
}

// down moves an entry to its place after it grew.
func (q queue) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(q); child++ {
			if q.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		q[i], q[least] = q[least], q[i]
		i = least
	}
}
