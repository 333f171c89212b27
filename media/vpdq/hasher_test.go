package vpdq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/media/pdq"
)

// ffmpeg is the program; without it a test of what it does is skipped.
func ffmpeg(t *testing.T) string {
	t.Helper()
	path := FindFFmpeg()
	if path == "" {
		t.Skip("ffmpeg and ffprobe are not on the PATH: taking frames from videos is not tested")
	}
	return path
}

const side = 96 // of the test videos

// scene draws a picture that is another one for each seed: blots of light and dark.
func scene(seed uint64, w, h int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var grid [24][24]float64
	for y := range grid {
		for x := range grid[y] {
			grid[y][x] = 20 + 215*r.Float64()
		}
	}
	pix := make([]byte, 0, 3*w*h)
	for y := range h {
		for x := range w {
			fx, fy := float64(x)*22.99/float64(w), float64(y)*22.99/float64(h)
			i, j := int(fx), int(fy)
			fx, fy = fx-float64(i), fy-float64(j)
			v := (grid[j][i]*(1-fx)+grid[j][i+1]*fx)*(1-fy) + (grid[j+1][i]*(1-fx)+grid[j+1][i+1]*fx)*fy
			pix = append(pix, byte(v), byte(v), byte(v/2))
		}
	}
	return pix
}

// video writes a file of scenes at 25 frames a second, each as many frames long as shots says, with what ffmpeg is told besides.
func video(t *testing.T, name string, shots []int, args ...string) string {
	t.Helper()
	var raw bytes.Buffer
	for i, frames := range shots {
		raw.Write(bytes.Repeat(scene(uint64(i), side, side), frames))
	}
	path := filepath.Join(t.TempDir(), name)
	run(t, &raw, append(append([]string{"-f", "rawvideo", "-pix_fmt", "rgb24", "-s", fmt.Sprintf("%dx%d", side, side), "-r", "25", "-i", "pipe:0"},
		args...), "-c:v", "mpeg4", "-q:v", "3", path)...)
	return path
}

// run runs ffmpeg.
func run(t *testing.T, stdin *bytes.Buffer, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), ffmpeg(t), append([]string{"-v", "error", "-y"}, args...)...)
	if stdin != nil {
		cmd.Stdin = stdin
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

func times(frames []Frame) (out []time.Duration) {
	for _, f := range frames {
		out = append(out, f.Time)
	}
	return out
}

// checkHashes compares frames with the pictures that the video was made of at their times.
func checkHashes(t *testing.T, frames []Frame, seed func(time.Duration) uint64) {
	t.Helper()
	hasher, drawn := pdq.NewHasher(), make(map[uint64]pdq.Hash)
	for _, f := range frames {
		of := seed(f.Time)
		if _, ok := drawn[of]; !ok {
			s := hasher.Full(scene(of, side, side), side, side)
			drawn[of] = s.Hash()
		}
		if d := f.Hash.Distance(drawn[of]); d > 16 {
			t.Errorf("the frame at %v is %d bits from the picture that was drawn", f.Time, d)
			return
		}
	}
}

const ms = time.Millisecond

func TestFramesAtARateAndAtNewScenes(t *testing.T) {
	path := video(t, "a.mp4", []int{40, 30, 30, 25}) // scenes at 0, 1.6, 2.8 and 4 s
	seed := func(at time.Duration) uint64 {
		switch {
		case at < 1600*ms:
			return 0
		case at < 2800*ms:
			return 1
		case at < 4000*ms:
			return 2
		}
		return 3
	}
	v, err := Hasher{FFmpeg: ffmpeg(t)}.Hash(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	want := []time.Duration{0, 1000 * ms, 1600 * ms, 2000 * ms, 2800 * ms, 3000 * ms, 4000 * ms}
	if diff := cmp.Diff(want, times(v.Frames)); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
	checkHashes(t, v.Frames, seed)
	if v.W != side || v.H != side || v.Duration != 5*time.Second || v.Cut != "" {
		t.Errorf("got %d x %d, %v, cut %q: want %d x %d, 5s", v.W, v.H, v.Duration, v.Cut, side, side)
	}
	if got := v.Frames[2].Number; got != 40 {
		t.Errorf("the frame at 1.6 s has number %d, want 40", got)
	}

	v, err = Hasher{FFmpeg: ffmpeg(t), EveryFrame: true}.Hash(t.Context(), path)
	if err != nil || len(v.Frames) != 125 || v.Frames[124].Number != 124 || v.Frames[124].Time != 4960*ms {
		t.Fatalf("every frame: got %d frames, %v: want 125 to 4.96 s", len(v.Frames), err)
	}
	checkHashes(t, v.Frames, seed)

	v, err = Hasher{FFmpeg: ffmpeg(t), PerSecond: 0.5}.Hash(t.Context(), path)
	if diff := cmp.Diff([]time.Duration{0, 1600 * ms, 2000 * ms, 2800 * ms, 4000 * ms}, times(v.Frames)); err != nil || diff != "" {
		t.Errorf("one in two seconds (-want +got), %v:\n%s", err, diff)
	}
}

func TestContainers(t *testing.T) {
	for _, name := range []string{"a.avi", "a.ts", "a.mpg", "sound.mkv", "sound.mp4"} {
		var args []string
		if strings.HasPrefix(name, "sound") {
			args = []string{"-f", "lavfi", "-i", "sine=duration=2", "-map", "0", "-map", "1", "-c:a", "aac"}
		}
		if name == "a.mpg" {
			args = []string{"-f", "vob"}
		}
		path := video(t, name, []int{50}, args...)
		head, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !IsVideo(head[:200]) {
			t.Errorf("%s: not told to be a video: % x", name, head[:16])
		}
		v, err := Hasher{FFmpeg: ffmpeg(t)}.Hash(t.Context(), path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(v.Frames) != 2 || v.Cut != "" {
			t.Errorf("%s: got frames at %v, cut %q: want 2", name, times(v.Frames), v.Cut)
		}
		checkHashes(t, v.Frames, func(time.Duration) uint64 { return 0 })
	}
}

func TestTurned(t *testing.T) {
	plain := video(t, "plain.mp4", []int{25})
	mirrored := video(t, "mirrored.mp4", []int{25}, "-vf", "hflip")
	h := Hasher{FFmpeg: ffmpeg(t)}
	a, err := h.Hash(t.Context(), plain)
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.Hash(t.Context(), mirrored)
	if err != nil {
		t.Fatal(err)
	}
	if c := Compare(b.Frames, a.Frames, Options{}); c.QueryPercent != 0 {
		t.Errorf("the mirrored video matches as it is: %+v", c)
	}
	frames, ok := b.Turned(pdq.FlipY)
	if c := Compare(frames, a.Frames, Options{}); !ok || c.QueryPercent != 100 {
		t.Errorf("the mirrored video, mirrored, does not match: %+v", c)
	}
}

// TestRotation: a phone stores a film lying down and says how to turn it.
func TestRotation(t *testing.T) {
	upright := filepath.Join(t.TempDir(), "upright.mp4")
	raw := bytes.NewBuffer(bytes.Repeat(scene(5, 128, 64), 10))
	run(t, raw, "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "128x64", "-r", "10", "-i", "pipe:0", "-c:v", "mpeg4", "-q:v", "3", upright)
	turned := filepath.Join(t.TempDir(), "turned.mp4")
	run(t, nil, "-i", upright, "-metadata:s:v", "rotate=90", "-c", "copy", turned)
	h := Hasher{FFmpeg: ffmpeg(t)}
	a, err := h.Hash(t.Context(), upright)
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.Hash(t.Context(), turned)
	if err != nil {
		t.Fatal(err)
	}
	if b.W != 64 || b.H != 128 {
		t.Skipf("this ffmpeg did not store the turn: got %d x %d", b.W, b.H)
	}
	nearest := 256
	for _, d := range []pdq.Dihedral{pdq.Rotate90, pdq.Rotate270} {
		frames, _ := a.Turned(d)
		nearest = min(nearest, b.Frames[0].Hash.Distance(frames[0].Hash))
	}
	if nearest > 24 || b.Frames[0].Hash.Distance(a.Frames[0].Hash) < 60 {
		t.Errorf("the turned video is %d bits from the turned hash", nearest)
	}
}

// TestSidesThatChange: a stream may change its sides at any moment; frames are still of one size.
func TestSidesThatChange(t *testing.T) {
	var joined bytes.Buffer
	for i, size := range []string{"96x96", "320x64", "96x96"} {
		path := video(t, fmt.Sprintf("%d.ts", i), []int{25}, "-vf", "scale="+strings.Replace(size, "x", ":", 1))
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		joined.Write(data)
	}
	path := filepath.Join(t.TempDir(), "joined.ts")
	if err := os.WriteFile(path, joined.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := Hasher{FFmpeg: ffmpeg(t), EveryFrame: true}.Hash(t.Context(), path)
	if err != nil || len(v.Frames) < 60 {
		t.Fatalf("got %v, %v: want about 75 frames", v, err)
	}
	checkHashes(t, v.Frames, func(time.Duration) uint64 { return 0 })
}

func TestLimitsOnVideos(t *testing.T) {
	path := video(t, "a.mp4", []int{75})
	h := Hasher{FFmpeg: ffmpeg(t), EveryFrame: true, MaxFrames: 10}
	v, err := h.Hash(t.Context(), path)
	if err != nil || len(v.Frames) != 10 || !strings.Contains(v.Cut, "more than 10 frames") {
		t.Errorf("over the frames: got %+v, %v: want 10 and why it was cut", v, err)
	}
	h.MaxFrames = 75
	if v, err = h.Hash(t.Context(), path); err != nil || len(v.Frames) != 75 || v.Cut != "" {
		t.Errorf("exactly the frames: got %d, cut %q, %v: want 75", len(v.Frames), v.Cut, err)
	}
	if _, err := (Hasher{FFmpeg: ffmpeg(t), MaxBytes: 1000}).Hash(t.Context(), path); !errors.Is(err, ErrTooLarge) {
		t.Errorf("over the bytes: got error %v, want ErrTooLarge", err)
	}
	if _, err := (Hasher{FFmpeg: ffmpeg(t), Timeout: 1}).Hash(t.Context(), path); !errors.Is(err, ErrTooLarge) {
		t.Errorf("over the time: got error %v, want ErrTooLarge", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Hasher{FFmpeg: ffmpeg(t)}).Hash(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got error %v, want Canceled", err)
	}
}

func TestRefusedVideos(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret.ts")
	if data, err := os.ReadFile(video(t, "secret.ts", []int{25})); err != nil || os.WriteFile(secret, data, 0o600) != nil {
		t.Fatal("no video to hide")
	}
	whole, err := os.ReadFile(video(t, "whole.mp4", []int{25}))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty":    nil,
		"text":     []byte("no video\n"),
		"noise":    bytes.Repeat([]byte{0x47, 0x1f, 0xff, 0x90}, 5000),
		"playlist": []byte("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:1,\nfile:" + secret + "\n#EXT-X-ENDLIST\n"),
		"script":   []byte("ffconcat version 1.0\nfile " + secret + "\n"),
		"session":  []byte("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"),
		"no index": whole[:len(whole)/2],
		"picture":  []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"),
	} {
		path := filepath.Join(t.TempDir(), "upload.mp4")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := (Hasher{FFmpeg: ffmpeg(t)}).Hash(t.Context(), path); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %+v, %v: want ErrMalformed", name, v, err)
		}
	}
	if _, err := (Hasher{FFmpeg: ffmpeg(t)}).Hash(t.Context(), filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: got error %v, want ErrNotExist", err)
	}
	if _, err := (Hasher{FFmpeg: ffmpeg(t)}).Hash(t.Context(), t.TempDir()); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a folder: got error %v, want it refused", err)
	}
	for _, rate := range []float64{-1, 1e6} {
		if _, err := (Hasher{FFmpeg: ffmpeg(t), PerSecond: rate}).Hash(t.Context(), secret); err == nil {
			t.Errorf("%v frames a second were accepted", rate)
		}
	}
}

// TestDamage: what comes before the damage is hashed, whatever the bytes are.
func TestDamage(t *testing.T) {
	data, err := os.ReadFile(video(t, "a.mkv", []int{25, 25, 25, 25}))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	path := filepath.Join(t.TempDir(), "damaged.mkv")
	hashed := 0
	for range 4 {
		damaged := bytes.Clone(data)
		for range 1 + r.IntN(40) {
			damaged[r.IntN(len(damaged))] = byte(r.Uint32())
		}
		damaged = damaged[:len(damaged)/2+r.IntN(len(damaged)/2)]
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := Hasher{FFmpeg: ffmpeg(t)}.Hash(t.Context(), path)
		switch {
		case err == nil && len(v.Frames) > 0:
			hashed++
		case !errors.Is(err, ErrMalformed):
			t.Errorf("got %+v, %v: want frames or ErrMalformed", v, err)
		}
	}
	if hashed == 0 {
		t.Error("no damaged video gave frames")
	}
}

func TestWithoutFFmpeg(t *testing.T) {
	_, err := Hasher{}.Hash(t.Context(), "any.mp4")
	if !errors.Is(err, ErrNoFFmpeg) || !strings.Contains(err.Error(), "apt-get install ffmpeg") {
		t.Errorf("got error %v, want ErrNoFFmpeg and what to do", err)
	}
}

func TestReduced(t *testing.T) {
	for _, tc := range [][4]int{{1280, 720, 1280, 720}, {1920, 1080, 1920, 1080}, {3840, 2160, 1920, 1080}, {2160, 3840, 1080, 1920}, {8000, 1, 1920, 1}} {
		if w, h := reduced(tc[0], tc[1]); w != tc[2] || h != tc[3] {
			t.Errorf("%d x %d: got %d x %d, want %d x %d", tc[0], tc[1], w, h, tc[2], tc[3])
		}
	}
}
