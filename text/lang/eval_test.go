package lang

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/learn"
)

// spoken is the language of each pool of ordinary posts.
var spoken = map[string]string{
	"arabic": "ar", "french": "fr", "german": "de", "hindi": "hi", "italian": "it", "portuguese": "pt", "spanish": "es", "russian": "ru",
	"ja": "ja", "ko": "ko", "th": "th", "vi": "vi", "id": "id", "mln_tr": "tr", "mln_sr": "sr", "mln_en": "en", "en_emoji": "en",
}

// TestTweets measures Detect on ordinary posts that are not part of this repository: the pools of clean posts of the obfuscation
// benchmark. No word of the lists and no constant comes from them.
func TestTweets(t *testing.T) {
	shared := os.Getenv("RINGFENCE_SHARED")
	if shared == "" {
		t.Skip("RINGFENCE_SHARED does not name the folder of development data")
	}
	f, err := os.Open(filepath.Join(shared, "data/text/obf-bench-dev/clean.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	right, all, wrong := map[string]int{}, map[string]int{}, map[string]map[string]int{}
	var scored []learn.Scored
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var post struct{ Pool, Text string }
		if err := json.Unmarshal(in.Bytes(), &post); err != nil {
			t.Fatal(err)
		}
		want := spoken[post.Pool]
		if want == "" {
			t.Fatalf("pool %q: which language?", post.Pool)
		}
		got := Detect(post.Text)
		all[post.Pool]++
		scored = append(scored, learn.Scored{Score: got.Confidence, Positive: got.Lang == want})
		if got.Lang == want {
			right[post.Pool]++
			continue
		}
		if wrong[post.Pool] == nil {
			wrong[post.Pool] = map[string]int{}
		}
		wrong[post.Pool][got.Lang]++
	}
	sum := 0.0
	for _, pool := range slices.Sorted(maps.Keys(all)) {
		accuracy := float64(right[pool]) / float64(all[pool])
		if pool != "en_emoji" {
			sum += accuracy
		}
		others := slices.SortedFunc(maps.Keys(wrong[pool]), func(a, b string) int { return wrong[pool][b] - wrong[pool][a] })
		t.Logf("%-10s %s of %d, else %s", pool, learn.RateOf(right[pool], all[pool]), all[pool], strings.Join(others[:min(4, len(others))], " "))
	}
	mean := sum / float64(len(all)-1)
	t.Logf("mean over 16 languages: %.3f; calibration error of the confidence: %.3f", mean, learn.CalibrationError(scored, 20))
	if mean < 0.92 {
		t.Errorf("mean accuracy %.3f, want at least .92", mean)
	}
}
