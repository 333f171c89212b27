package lookup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ringfence/ringfence/media/pdq"
)

// ErrList is wrapped by the errors of [ReadList].
var ErrList = errors.New("lookup: not a list of hashes")

// ReadList reads a list of hashes, one a line: "hash" or "hash,id". A hash is of hexadecimal digits: 32 are an MD5, 40 a SHA-1, and 64 a PDQ
// hash or a SHA-256. Those cannot be told apart and need not be: they are looked up as both, and two 256-bit values that have
// nothing to do with one another are within 31 bits by chance once in 2^123. Lines with one id are one item; a hash without id is its own.
// Empty lines and those that begin with # are passed over. More than limit lines with hashes are refused.
func ReadList(r io.Reader, limit int) ([]Item, error) {
	var items []Item
	at := map[string]int{}
	in := bufio.NewScanner(r)
	in.Buffer(nil, MaxID+128)
	hashes := 0
	for number := 1; in.Scan(); number++ {
		line := strings.TrimSpace(strings.TrimPrefix(in.Text(), "\ufeff"))
		if line == "" || line[0] == '#' {
			continue
		}
		if hashes++; hashes > limit {
			return nil, fmt.Errorf("%w: line %d: it has more than %d hashes", ErrList, number, limit)
		}
		text, id, _ := strings.Cut(line, ",")
		text, id = strings.ToLower(strings.TrimSpace(text)), strings.TrimSpace(id)
		if id == "" {
			id = text
		}
		d, err := ParseDigest(text)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrList, number, err)
		}
		i, ok := at[id]
		if !ok {
			i = len(items)
			at[id] = i
			items = append(items, Item{ID: id})
		}
		it := &items[i]
		it.Digests = append(it.Digests, d)
		if d.Method() == SHA256 {
			it.Hashes = append(it.Hashes, Hash{Hash: pdq.Hash(d.bytes), Quality: 100})
		}
		if err := it.check(); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrList, number, err)
		}
	}
	if err := in.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("%w: a line has more than %d bytes", ErrList, MaxID+128)
	} else if err != nil {
		return nil, fmt.Errorf("lookup: reading a list: %w", err)
	}
	return items, nil
}
