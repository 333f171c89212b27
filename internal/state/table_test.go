package state

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExpiryOrder: entries expire in the order of (expiry, table, key) as it is in the end, however it was reached.
func TestExpiryOrder(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	tables := map[string]*Table[string]{}
	for _, name := range []string{"b", "a"} {
		tables[name] = NewTable(s, name, words)
		tables[name].OnExpire(func(key, v string) { got = append(got, fmt.Sprint(name, " ", key, " ", v)) })
	}
	put := func(table, key string, expires int64) { tables[table].Put(key, fmt.Sprint(expires), expires) }
	s.Advance(10)
	put("b", "put off", 50)
	put("b", "put off", 80)
	put("b", "same time", 60)
	put("a", "same time", 60)
	put("a", "before it", 60)
	put("a", "brought forward", 90)
	put("a", "brought forward", 20)
	put("a", "kept", 15)
	put("a", "kept", 0)
	put("a", "deleted", 30)
	tables["a"].Delete("deleted")
	put("a", "later", 101)
	s.Advance(100)
	want := []string{"a brought forward 20", "a before it 60", "a same time 60", "b same time 60", "b put off 80"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := tables["a"].Len(); got != 2 {
		t.Errorf("entries left in a: got %d, want 2", got)
	}
}

// TestExpiryThatPutsExpired: an OnExpire that puts back what is due does not hang the loop; the entry goes at the next Advance.
func TestExpiryThatPutsExpired(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	table := NewTable(s, "t", words)
	n := 0
	table.OnExpire(func(key, v string) {
		n++
		table.Put(key, v, 5)
	})
	table.Put("k", "v", 5)
	for i := range int64(3) {
		s.Advance(10 + i)
		if n != int(i)+1 {
			t.Fatalf("expiries after %d advances: got %d", i+1, n)
		}
	}
}

// TestExpiryHeapIsBounded: putting the same entry again and again does not grow the heap.
func TestExpiryHeapIsBounded(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	table := NewTable(s, "t", words)
	for i := range int64(100_000) {
		table.Put("k", "v", 1_000_000-i)
	}
	if len(s.due) > 1100 {
		t.Errorf("the heap has %d items for one entry", len(s.due))
	}
	s.Advance(900_001)
	if table.Len() != 0 {
		t.Error("the entry did not expire")
	}
}

func TestAllIsSorted(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	table := NewTable(s, "t", words)
	for _, key := range []string{"c", "a", "b", "d"} {
		table.Put(key, key, 0)
	}
	var got []string
	for key := range table.All() {
		if key == "b" {
			table.Delete("c")
		}
		got = append(got, key)
	}
	if diff := cmp.Diff([]string{"a", "b", "d"}, got); diff != "" {
		t.Error(diff)
	}
}
