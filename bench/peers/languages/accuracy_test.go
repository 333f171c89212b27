package languages

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/abadojack/whatlanggo"
	"github.com/pemistahl/lingua-go"

	"github.com/ringfence/ringfence/text/lang"
)

// spoken is the language of each pool of posts. Romanised Hindi and Serbian in Latin letters are among them, which the peers do not
// know; the mean of those that all know leaves the two out.
var spoken = map[string]string{
	"arabic": "ar", "french": "fr", "german": "de", "hindi": "hi", "italian": "it", "portuguese": "pt", "spanish": "es", "russian": "ru",
	"ja": "ja", "ko": "ko", "th": "th", "vi": "vi", "id": "id", "mln_tr": "tr", "mln_sr": "sr", "mln_en": "en",
}

var unknownToPeers = []string{"hindi", "mln_sr"}

// candidates are the languages of the pools and what they are mistaken for. Lingua gets no others, which is in its favour.
var candidates = []lingua.Language{
	lingua.Arabic, lingua.French, lingua.German, lingua.Hindi, lingua.Italian, lingua.Portuguese, lingua.Spanish, lingua.Russian, lingua.Japanese,
	lingua.Korean, lingua.Thai, lingua.Vietnamese, lingua.Indonesian, lingua.Turkish, lingua.Serbian, lingua.English, lingua.Croatian, lingua.Bosnian,
}

type post struct{ Pool, Text string }

func TestAccuracy(t *testing.T) {
	shared := os.Getenv("RINGFENCE_SHARED")
	if shared == "" {
		t.Skip("RINGFENCE_SHARED does not name the folder of development data")
	}
	posts := read(t, filepath.Join(shared, "data/text/obf-bench-dev/clean.jsonl"))
	detector := lingua.NewLanguageDetectorBuilder().FromLanguages(candidates...).WithLowAccuracyMode().WithPreloadedLanguageModels().Build()
	for _, engine := range []struct {
		name   string
		detect func(string) string
	}{
		{"text/lang", func(s string) string { return lang.Detect(s).Lang }},
		{"whatlanggo", func(s string) string { return whatlanggo.DetectLang(s).Iso6391() }},
		{"lingua, low accuracy", func(s string) string {
			l, _ := detector.DetectLanguageOf(s)
			return strings.ToLower(l.IsoCode639_1().String())
		}},
	} {
		engine.detect(posts[0].Text) // whatever is built at first use
		right, all, start := map[string]int{}, map[string]int{}, processor(t)
		for _, p := range posts {
			all[p.Pool]++
			if engine.detect(p.Text) == spoken[p.Pool] {
				right[p.Pool]++
			}
		}
		speed := float64(len(posts)) / (processor(t) - start)
		sum, known := 0.0, 0
		for _, pool := range slices.Sorted(maps.Keys(all)) {
			accuracy := float64(right[pool]) / float64(all[pool])
			t.Logf("%-22s %-10s %.3f", engine.name, pool, accuracy)
			if !slices.Contains(unknownToPeers, pool) {
				sum, known = sum+accuracy, known+1
			}
		}
		t.Logf("%-22s mean of %d %.3f, %.0f posts a second of processor time", engine.name, known, sum/float64(known), speed)
	}
}

func read(t *testing.T, path string) []post {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var posts []post
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var p post
		if err := json.Unmarshal(in.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if spoken[p.Pool] != "" {
			posts = append(posts, p)
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return posts
}

// processor is the seconds of processor time that this process has had.
func processor(t *testing.T) float64 {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
