package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/record"
)

// banks is the banks as of the last change that was written, whether or not the journal has it yet: what the next edit is made for.
type banks struct {
	mu       sync.Mutex
	compiler *bank.Compiler
	read     bool // the changes were read
	head     *bank.Set
}

// partSize is how many bytes of entries one change carries, so that it fits a journal record many times.
const partSize = 1 << 20

// Bank is the bank of a name as people made it last; record.ErrNotFound if there is none.
func (c *Control) Bank(ctx context.Context, name string) (*bank.Bank, error) {
	c.banks.mu.Lock()
	defer c.banks.mu.Unlock()
	if err := c.readBanks(ctx); err != nil {
		return nil, err
	}
	b, ok := c.banks.head.Bank(name)
	if !ok {
		return nil, fmt.Errorf("bank %.64q: %w", name, record.ErrNotFound)
	}
	return b, nil
}

// Banks are all of them, by name, as people made them last.
func (c *Control) Banks(ctx context.Context) ([]*bank.Bank, error) {
	c.banks.mu.Lock()
	defer c.banks.mu.Unlock()
	err := c.readBanks(ctx)
	return c.banks.head.Banks(), err
}

// EditBank changes a bank that is there by an edit, whose version is not looked at, and returns the version that it made. Entries to
// remove that are not there are passed over. Feedback in it is the author's.
func (c *Control) EditBank(ctx context.Context, a Author, e bank.Edit) (int, error) {
	return c.editBank(ctx, a, e.Bank, request("edit", e), func(old *bank.Bank) (bank.Edit, error) {
		if old.Version == 0 {
			return e, fmt.Errorf("bank %.64q: %w", e.Bank, record.ErrNotFound)
		}
		if old.Header.Kind == bank.Hashes {
			e = normal(e)
		}
		e.Remove = slices.Clone(e.Remove)
		slices.Sort(e.Remove)
		e.Remove = slices.DeleteFunc(slices.Compact(e.Remove), func(value string) bool {
			_, there := old.Entry(value)
			return !there
		})
		e.Feedback = slices.Clone(e.Feedback)
		for i := range e.Feedback {
			e.Feedback[i].By = a.By
		}
		return e, nil
	}, c.store.PutChanges)
}

// normal gives an edit of a bank of hashes with its values as banks hold them. What is no hash is left for the check.
func normal(e bank.Edit) bank.Edit {
	write := func(value *string) {
		if v, err := bank.NormalHash(*value); err == nil {
			*value = v
		}
	}
	e.Add, e.Feedback = slices.Clone(e.Add), slices.Clone(e.Feedback)
	for i := range e.Add {
		write(&e.Add[i].Value)
	}
	for i := range e.Feedback {
		write(&e.Feedback[i].Value)
	}
	for _, values := range []*[]string{&e.Remove, &e.Quarantine, &e.Release} {
		*values = slices.Clone(*values)
		for i := range *values {
			write(&(*values)[i])
		}
	}
	return e
}

// request is a hash of what was asked for.
func request(what string, of any) string {
	h := sha256.New()
	h.Write([]byte(what))
	if err := json.NewEncoder(h).Encode(of); err != nil {
		panic(err) // edits, files and versions are plain data
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// PutBank makes a bank what a file says, whatever was in it, and returns the version that it made.
func (c *Control) PutBank(ctx context.Context, a Author, f *bank.File) (int, error) {
	if err := f.Check(); err != nil {
		return 0, fmt.Errorf("%w: %w", record.ErrInvalid, err)
	}
	return c.editBank(ctx, a, f.Name, request("put", f), func(old *bank.Bank) (bank.Edit, error) {
		if f.Kind == bank.Hashes {
			as := *f
			as.Entries = normal(bank.Edit{Add: f.Entries}).Add
			return old.Difference(&as), nil
		}
		return old.Difference(f), nil
	}, c.store.PutChanges)
}

// RollbackBank makes a bank what it was at an earlier version, and returns the version that it made.
func (c *Control) RollbackBank(ctx context.Context, a Author, name string, version int) (int, error) {
	return c.editBank(ctx, a, name, request("rollback", version), func(old *bank.Bank) (bank.Edit, error) {
		was, err := c.replayBanks(ctx, func(e *bank.Edit) bool { return e.Bank == name && e.Version <= version })
		if err != nil {
			return bank.Edit{}, err
		}
		b, ok := was.Bank(name)
		if !ok || b.Version != version || len(was.Stored(name).Pending) > 0 {
			return bank.Edit{}, fmt.Errorf("bank %s, version %d: %w", name, version, record.ErrNotFound)
		}
		return old.Difference(b.AsFile()), nil
	}, c.store.PutChanges)
}

// editBank writes what make says of the bank as it is (an empty one if it is not there), in as many parts as it takes, which put
// stores in one transaction.
func (c *Control) editBank(ctx context.Context, a Author, name, asked string, make func(old *bank.Bank) (bank.Edit, error),
	put func(context.Context, ...record.Change) error,
) (int, error) {
	c.banks.mu.Lock()
	defer c.banks.mu.Unlock()
	if err := c.readBanks(ctx); err != nil {
		return 0, err
	}
	if a.ID == "" {
		a.ID = NewID()
	}
	switch had, err := c.store.Change(ctx, a.ID); {
	case err == nil: // a repeated request
		ch, err := change.Decode(had.Body)
		if err != nil || ch.Bank == nil || ch.Bank.Bank != name || ch.Bank.Request != asked || ch.By != a.By || ch.Reason != a.Reason {
			return 0, fmt.Errorf("change %.64q: %w", a.ID, record.ErrConflict)
		}
		return ch.Bank.Version, nil
	case !errors.Is(err, record.ErrNotFound):
		return 0, err
	}
	old, ok := c.banks.head.Bank(name)
	if !ok {
		old = &bank.Bank{Name: name}
	}
	whole, err := make(old)
	if err != nil {
		return 0, err
	}
	next, version := c.banks.head, c.banks.head.Version(name)
	var rows []record.Change
	parts := whole.Parts(partSize)
	for i := range parts {
		version++
		e := &parts[i]
		e.Bank, e.Version = name, version
		if !e.More {
			e.Request = asked
		}
		if next, err = next.Apply(e); err != nil {
			return 0, fmt.Errorf("%w: %w", record.ErrInvalid, err)
		}
		author := a
		if e.More {
			author.ID += "/" + strconv.Itoa(i+1)
		}
		row, err := c.make(author, func(ch *change.Change) { ch.Bank = e })
		if err != nil {
			return 0, err
		}
		rows = append(rows, row)
	}
	if err := put(ctx, rows...); err != nil {
		return 0, err
	}
	c.banks.head = next
	c.Wake()
	return version, nil
}

// readBanks reads the changes of banks, once.
func (c *Control) readBanks(ctx context.Context) error {
	if c.banks.read {
		return nil
	}
	head, err := c.replayBanks(ctx, func(*bank.Edit) bool { return true })
	if err != nil {
		return err
	}
	c.banks.head, c.banks.read = head, true
	return nil
}

// replayBanks is the set that the edits that are wanted make.
func (c *Control) replayBanks(ctx context.Context, wanted func(*bank.Edit) bool) (*bank.Set, error) {
	var edits []*bank.Edit // newest first
	for page := (record.Page{Limit: 100}); ; {
		rows, err := c.store.ListChanges(ctx, "bank", page)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			page.Before = row.Seq
			ch, err := change.Decode(row.Body)
			if err != nil {
				return nil, fmt.Errorf("change %s: %w", row.ID, err)
			}
			if wanted(ch.Bank) {
				edits = append(edits, ch.Bank)
			}
		}
	}
	slices.Reverse(edits)
	return bank.Replay(c.banks.compiler, edits)
}

// BankVersions are the edits of a bank without their entries, newest first, up to 500.
func (c *Control) BankVersions(ctx context.Context, name string) ([]BankVersion, error) {
	versions := []BankVersion{}
	for page := (record.Page{Limit: 100}); len(versions) < 500; {
		rows, err := c.store.ListChanges(ctx, "bank", page)
		if err == nil && len(rows) == 0 && len(versions) == 0 {
			err = fmt.Errorf("bank %.64q: %w", name, record.ErrNotFound)
		}
		if err != nil || len(rows) == 0 {
			return versions, err
		}
		for _, row := range rows {
			page.Before = row.Seq
			ch, err := change.Decode(row.Body)
			if err != nil {
				return nil, fmt.Errorf("change %s: %w", row.ID, err)
			}
			if e := ch.Bank; e.Bank == name && !e.More {
				versions = append(versions, BankVersion{Version: e.Version, By: row.By, At: row.At, Reason: row.Reason, Added: len(e.Add), Removed: len(e.Remove), Dropped: e.Drop})
			}
		}
	}
	return versions, nil
}

// BankVersion is one change of a bank. Of a change in parts, Added and Removed are those of the last.
type BankVersion struct {
	Version        int
	By             string
	At             int64
	Reason         string
	Added, Removed int
	Dropped        bool
}
