package family

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// stream makes posts of about a hundred letters: words that are as frequent as those of a language, and one in five a copy of an
// earlier post with a tenth of its words changed.
type stream struct {
	r     *rand.Rand
	zipf  *rand.Zipf
	posts []string // of which copies are made
}

func newStream(seed uint64) *stream {
	r := rand.New(rand.NewPCG(seed, 7))
	return &stream{r: r, zipf: rand.NewZipf(r, 1.1, 20, 40_000)}
}

// word is the n-th word of a language that nobody speaks.
func word(n uint64) string {
	var b strings.Builder
	for n += 3; n > 0; n /= 60 {
		b.WriteByte("bcdfghklmnprstvw"[n*7%15])
		b.WriteByte("aeiou"[n%60/12])
		if n%4 == 1 {
			b.WriteByte("nrslt"[n%5])
		}
	}
	return b.String()
}

func (s *stream) next() string {
	if n := len(s.posts); n > 0 && s.r.IntN(5) == 0 {
		words := strings.Fields(s.posts[s.r.IntN(n)])
		for i := range words {
			if s.r.IntN(10) == 0 {
				words[i] = word(s.zipf.Uint64())
			}
		}
		return strings.Join(words, " ")
	}
	var words []string
	for range 12 + s.r.IntN(10) {
		words = append(words, word(s.zipf.Uint64()))
	}
	post := strings.Join(words, " ")
	if len(s.posts) < 2000 {
		s.posts = append(s.posts, post)
	} else {
		s.posts[s.r.IntN(len(s.posts))] = post
	}
	return post
}

var posts = map[string]string{
	"ascii":    "URGENT! Your mobile number has been awarded a $2000 prize, guaranteed. Claim at https://ex.example/a1 or call 0906",
	"cyrillic": "Срочно! Ваш номер выиграл приз в 2000 рублей, гарантированно. Заберите на https://ex.example/a1 или звоните",
	"han":      "紧急通知！您的手机号码已经获得两千元大奖，请立即点击链接领取，或者拨打电话联系我们的客服人员，逾期作废，谢谢您的支持",
	"disguise": "UŔGЕNT! Υоur mоbilе numbеr hаs bееn аwаrdеd а 𝟐𝟎𝟎𝟎 рrizе, guаrаntееd. Ⅽlаim nоw оr саll 𝐮𝐬 аt оnсе рlеаsе mу friеnd",
}

func BenchmarkSketch(b *testing.B) {
	for _, name := range []string{"ascii", "cyrillic", "han", "disguise"} {
		b.Run(name, func(b *testing.B) {
			var k Sketcher
			var s Sketch
			b.ReportAllocs()
			b.SetBytes(int64(len(posts[name])))
			for b.Loop() {
				k.Into(&s, posts[name])
			}
		})
	}
	b.Run("100kB", func(b *testing.B) {
		var text strings.Builder
		for src := newStream(1); text.Len() < 100_000; {
			text.WriteString(src.next() + " ")
		}
		var k Sketcher
		var s Sketch
		b.SetBytes(int64(text.Len()))
		for b.Loop() {
			k.Into(&s, text.String())
		}
	})
}

func BenchmarkCompare(b *testing.B) {
	s := newStream(1)
	x, y := Of(s.next()), Of(s.next())
	for b.Loop() {
		compare(x.grams, y.grams)
	}
}

// BenchmarkAssign assigns texts to an index that holds so many already. Memory is what the index holds, live on the heap.
func BenchmarkAssign(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkAssign(b, n, newStream(1).next) })
	}
	b.Run("70000 tweets", func(b *testing.B) {
		var texts []string
		for _, file := range []string{"train", "test", "val"} {
			texts = append(texts, readLines(b, sharedFile(b, "tweeteval/datasets/emoji/"+file+"_text.txt"))...)
		}
		i := 0
		benchmarkAssign(b, 70_000, func() string {
			i++
			return texts[i%len(texts)]
		})
	})
}

func benchmarkAssign(b *testing.B, n int, next func() string) {
	var k Sketcher
	var s Sketch
	heap := heapInUse()
	x := NewIndex(8 << 30)
	for i := range n {
		k.Into(&s, next())
		x.Assign(&s, "a", int64(i))
	}
	held, counted, families := float64(heapInUse()-heap), float64(x.Bytes()), float64(len(x.queue))
	ahead := make([]Sketch, 1000)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if i%len(ahead) == 0 {
			b.StopTimer()
			for i := range ahead {
				k.Into(&ahead[i], next())
			}
			b.StartTimer()
		}
		x.Assign(&ahead[i%len(ahead)], "a", int64(n+i))
		i++
	}
	b.ReportMetric(held/float64(n), "heapB/text")
	b.ReportMetric(held/counted, "heap/counted")
	b.ReportMetric(families, "families")
	runtime.KeepAlive(x)
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func BenchmarkTemplate(b *testing.B) {
	texts := make([]string, maxSamples)
	words := slices.Repeat([]string{"a", "b", "c", "d"}, 128)
	for i := range texts {
		texts[i] = strings.Join(words, " ")[:maxText-2*i-1]
	}
	for b.Loop() {
		mine(texts)
	}
}

// BenchmarkImage writes the image of an index of many texts in the steps that the decide loop makes, and one more after each 10,000
// texts.
func BenchmarkImage(b *testing.B) {
	n := 100_000
	if os.Getenv("RINGFENCE_FULL") == "1" {
		n = 1_000_000
	}
	src := newStream(1)
	var k Sketcher
	var s Sketch
	x, at := NewIndex(8<<30), 0
	out := &counted{}
	x.Mark(out)
	assign := func(n int) {
		for range n {
			k.Into(&s, src.next())
			x.Assign(&s, "a", int64(at))
			at++
		}
	}
	image := func() (steps []time.Duration) {
		began := time.Now()
		x.Mark(out)
		steps = append(steps, time.Since(began))
		for more := true; more; {
			began := time.Now()
			more = x.Step(1024) == 0
			steps = append(steps, time.Since(began))
		}
		return steps
	}
	report := func(what string, texts int, steps []time.Duration) {
		slices.Sort(steps)
		b.ReportMetric(float64(steps[len(steps)/2].Microseconds()), "µs/step-"+what)
		b.ReportMetric(float64(steps[len(steps)*99/100].Microseconds()), "µs/step-p99-"+what)
		b.ReportMetric(float64(out.bytes)/float64(texts), "B/text-"+what)
		b.ReportMetric(float64(out.records)/float64(texts), "records/text-"+what)
	}
	assign(n)
	first, whole := image(), *out
	var steps []time.Duration
	*out = counted{}
	for b.Loop() {
		assign(10_000)
		steps = append(steps, image()...)
	}
	report("next", 10_000*b.N, steps)
	*out = whole
	report("first", n, first)
}

// counted counts what a store would hold.
type counted struct{ records, bytes int }

func (c *counted) Set(key, value []byte) { c.records++; c.bytes += len(key) + len(value) }
func (c *counted) Delete([]byte)         {}
