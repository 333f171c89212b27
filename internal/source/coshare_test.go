package source

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/ringfence/ringfence/event"
)

// TestCoShareTables reads the public CooRTweet data sets, of which the numbers are known.
func TestCoShareTables(t *testing.T) {
	shared := os.Getenv("RINGFENCE_SHARED")
	if shared == "" {
		t.Skip("RINGFENCE_SHARED does not name the folder with the development data")
	}
	for _, tc := range []struct {
		file, preset                              string
		rows, distinct, actors, contents, objects int
	}{
		{"russian_coord_tweets.csv.gz", "coshare", 35_125, 35_124, 9_509, 35_085, 7_285},
		{"german_elections.csv.gz", "coshare-multi", 218_971, 194_794, 58_317, 194_323, 0},
	} {
		t.Run(tc.preset, func(t *testing.T) {
			m, err := event.ParseMapping(tc.preset)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Open(filepath.Join(shared, "data/network/cooRTweet", tc.file), Options{Mapping: m, Limits: event.DefaultLimits()})
			if err != nil {
				t.Fatal(err)
			}
			if r, err = Sorted(t.Context(), []Reader{r}, SortOptions{Memory: 4 << 20, Dir: t.TempDir()}); err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			ids, actors, contents, objects := set{}, set{}, set{}, set{}
			var e event.Event
			rows, last := 0, int64(0)
			for ; ; rows++ {
				err := r.Next(&e)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if e.Time < last {
					t.Fatalf("%s is before the event ahead of it", e.ID)
				}
				last = e.Time
				c := e.Clone()
				ids.add(c.ID)
				actors.add(c.Actor)
				contents.add(c.Content)
				objects.add(c.Object)
			}
			delete(objects, "")
			delete(contents, "") // three rows have none
			if rows != tc.rows || len(ids) != tc.distinct || len(actors) != tc.actors || len(contents) != tc.contents || len(objects) != tc.objects {
				t.Errorf("got %d rows, %d ids, %d actors, %d contents, %d objects, want %+v", rows, len(ids), len(actors), len(contents), len(objects), tc)
			}
		})
	}
}

type set map[string]struct{}

func (s set) add(v string) { s[v] = struct{}{} }
