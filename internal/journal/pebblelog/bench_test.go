package pebblelog

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/journal"
)

// benchRecords makes records of about 500 bytes, the size of a usual event.
func benchRecords(n int) []journal.Record {
	random := rand.New(rand.NewPCG(1, 2))
	recs := make([]journal.Record, n)
	for i := range recs {
		body := make([]byte, 440)
		for j := range body {
			body[j] = 'a' + byte(random.IntN(26))
		}
		recs[i] = journal.Record{
			Kind: journal.Event, Received: int64(i), Time: int64(i), Source: "http",
			ID: "event-" + strconv.Itoa(i), Actor: "account-" + strconv.Itoa(random.IntN(100_000)), Body: body,
		}
	}
	return recs
}

func benchLog(b *testing.B) *Log {
	store, err := OpenStore(b.TempDir(), vfs.Default, StoreOptions{Logger: quiet()})
	if err != nil {
		b.Fatal(err)
	}
	l := mustNew(b, store, Options{})
	b.Cleanup(func() {
		l.Close()
		store.Close()
	})
	return l
}

// BenchmarkAppend is the rate of events that are fsynced before they are acknowledged.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct{ callers, batch int }{{1, 1}, {64, 1}, {1, 256}, {4, 256}} {
		b.Run(strconv.Itoa(c.callers)+"x"+strconv.Itoa(c.batch), func(b *testing.B) {
			l := benchLog(b)
			recs := benchRecords(4096)
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for caller := range c.callers {
				n := b.N / c.callers
				if caller == 0 {
					n = b.N - n*(c.callers-1)
				}
				wg.Go(func() {
					for done := 0; done < n; done += c.batch {
						at := (caller*c.batch + done) % (len(recs) - c.batch)
						if _, err := l.Append(context.Background(), 0, recs[at:at+c.batch]); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkRead is the rate of a scan in chunks of 1024, from the store and from memory.
func BenchmarkRead(b *testing.B) {
	const count = 200_000
	for _, c := range []struct {
		name string
		tail int
	}{{"store", 1}, {"memory", 1 << 18}} {
		b.Run(c.name, func(b *testing.B) {
			store := mustOpenStore(b, b.TempDir(), vfs.Default)
			l := mustNew(b, store, Options{TailRecords: c.tail, TailBytes: 1 << 30})
			recs := benchRecords(4096)
			for appended := 0; appended < count; appended += 1000 {
				if _, err := l.Append(context.Background(), 0, recs[:1000]); err != nil {
					b.Fatal(err)
				}
			}
			var buf []journal.Record
			from := journal.Position(1)
			b.ReportAllocs()
			b.ResetTimer()
			for done := 0; done < b.N; {
				var err error
				buf, err = l.Read(context.Background(), 0, from, 1024, buf[:0])
				if err != nil {
					b.Fatal(err)
				}
				done += len(buf)
				if from += journal.Position(len(buf)); from > count {
					from = 1
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.StopTimer()
			l.Close()
			store.Close()
		})
	}
}

func BenchmarkTimeline(b *testing.B) {
	store := mustOpenStore(b, b.TempDir(), vfs.Default)
	l := mustNew(b, store, Options{TailRecords: 1})
	recs := benchRecords(100_000)
	for i := range recs {
		recs[i].Actor = "account-" + strconv.Itoa(i%1000)
	}
	for len(recs) > 0 {
		if _, err := l.Append(context.Background(), 0, recs[:1000]); err != nil {
			b.Fatal(err)
		}
		recs = recs[1000:]
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		got, err := l.Timeline(0, "account-"+strconv.Itoa(i%1000), 50, nil)
		if err != nil || len(got) != 50 {
			b.Fatal(len(got), err)
		}
		i++
	}
	b.StopTimer()
	l.Close()
	store.Close()
}
