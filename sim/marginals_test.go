package sim_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/sim"
)

// shared is an act of passing an object on.
type shared struct {
	object, account string
	at              int64 // seconds
}

// marginals are what a set of shares is compared by.
type marginals struct {
	sizes []float64 // shares by object
	gaps  []float64 // seconds from a share of an object to the next
	rates []float64 // shares by account
}

func marginalsOf(all []shared) (m marginals) {
	times, by := map[string][]int64{}, map[string]int{}
	for _, s := range all {
		times[s.object] = append(times[s.object], s.at)
		by[s.account]++
	}
	for _, at := range times {
		m.sizes = append(m.sizes, float64(len(at)))
		slices.Sort(at)
		for i := 1; i < len(at); i++ {
			m.gaps = append(m.gaps, float64(at[i]-at[i-1]))
		}
	}
	for _, n := range by {
		m.rates = append(m.rates, float64(n))
	}
	for _, list := range [][]float64{m.sizes, m.gaps, m.rates} {
		slices.Sort(list)
	}
	return m
}

// distance is the Kolmogorov–Smirnov distance of two sorted samples: the largest difference of their distribution functions.
func distance(a, b []float64) float64 {
	worst := 0.0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		x := min(a[i], b[j])
		for i < len(a) && a[i] == x {
			i++
		}
		for j < len(b) && b[j] == x {
			j++
		}
		worst = max(worst, float64(i)/float64(len(a))-float64(j)/float64(len(b)), float64(j)/float64(len(b))-float64(i)/float64(len(a)))
	}
	return worst
}

// topic is the shares of some of the objects, so many that an account that has any has as many on average as in a data set: these were collected by topic.
func topic(all []shared, mean float64) []shared {
	const parts = 200
	in := make([][]shared, parts)
	for _, s := range all {
		h := fnv.New64a()
		h.Write([]byte(s.object))
		k := h.Sum64() >> 20 % parts
		in[k] = append(in[k], s)
	}
	var some []shared
	accounts := map[string]bool{}
	for _, part := range in {
		some = append(some, part...)
		for _, s := range part {
			accounts[s.account] = true
		}
		if float64(len(some)) >= mean*float64(len(accounts)) {
			break
		}
	}
	return some
}

// table reads columns of a file of comma-separated values.
func table(t *testing.T, path string, object, account, content, at string) []shared {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	var all []shared
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		key := row[column(object)] + " " + row[column(account)] + " " + row[column(content)] + " " + row[column(at)]
		if row[column(object)] == "" || seen[key] {
			continue
		}
		seen[key] = true
		whole, _, _ := strings.Cut(row[column(at)], ".")
		when, err := strconv.ParseInt(whole, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, shared{row[column(object)], row[column(account)], when})
	}
	return all
}

// TestMarginals compares ordinary people with two published data sets: reposts with those of russian_coord_tweets, posts with links with those of
// german_elections. docs/simulation.md has the distances.
func TestMarginals(t *testing.T) {
	dir := os.Getenv("RINGFENCE_SHARED")
	if dir == "" {
		t.Skip("RINGFENCE_SHARED names no folder with the data sets")
	}
	dir = filepath.Join(dir, "data/network/cooRTweet")
	scale, err := sim.ScaleOf("S")
	if err != nil {
		t.Fatal(err)
	}
	var reposts, links []shared
	truth, err := sim.Generate(1, scale, func(e *event.Event) error {
		switch {
		case e.Kind == "repost":
			reposts = append(reposts, shared{e.Object, e.Actor, e.Time / 1_000_000_000})
		case e.Kind == "post" && len(e.URLs) > 0:
			links = append(links, shared{e.URLs[0], e.Actor, e.Time / 1_000_000_000})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	organic := map[string]bool{}
	for _, tr := range truth {
		organic[tr.Account] = tr.Class == "organic"
	}
	ordinary := func(all []shared) []shared {
		return slices.DeleteFunc(all, func(s shared) bool { return !organic[s.account] })
	}
	for _, c := range []struct {
		name   string
		ours   []shared
		theirs []shared
		most   [3]float64
	}{
		{"reposts, russian_coord_tweets", ordinary(reposts), table(t, dir+"/russian_coord_tweets.csv.gz", "object_id", "account_id", "content_id", "timestamp_share"), [3]float64{.1, .15, .15}},
		{"links, german_elections", ordinary(links), table(t, dir+"/german_elections.csv.gz", "url_id", "account_id", "post_id", "timestamp"), [3]float64{.15, .2, .2}},
	} {
		theirs := marginalsOf(c.theirs)
		mean := float64(len(c.theirs)) / float64(len(theirs.rates))
		ours, some := marginalsOf(c.ours), marginalsOf(topic(c.ours, mean))
		got := [3]float64{distance(ours.sizes, theirs.sizes), distance(ours.gaps, theirs.gaps), distance(some.rates, theirs.rates)}
		t.Logf("%s: sizes %.3f, gaps %.3f, rates %.3f", c.name, got[0], got[1], got[2])
		for i, what := range []string{"sizes of objects", "times between shares", "shares by account"} {
			if got[i] > c.most[i] {
				t.Errorf("%s: distance of %s is %.3f, want at most %.2f", c.name, what, got[i], c.most[i])
			}
		}
	}
}
