package vpdq

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ringfence/ringfence/media/internal/program"
	"github.com/ringfence/ringfence/media/pdq"
)

// Errors that say why a file has no hashes; those returned wrap one of them, unless the context's end or the file system was the cause.
var (
	ErrNoFFmpeg  = errors.New("ffmpeg and ffprobe are not installed")
	ErrMalformed = errors.New("no video that can be decoded")
	ErrTooLarge  = errors.New("video over the limits")
)

// What a [Hasher] allows where its fields are 0.
const (
	DefaultMaxBytes  = 4 << 30
	DefaultMaxFrames = 10_000 // 2.7 hours at one a second, 5.5 minutes of every frame at 30 a second
	DefaultTimeout   = 5 * time.Minute
)

const (
	maxPixels = 8192 * 4320
	maxSide   = 1920 // frames with a longer side are reduced to it before they are hashed
	memory    = 3 << 30
	probeTime = 20 * time.Second
	maxRate   = 1000 // frames a second

	// A frame counts as a new scene when ffmpeg's score, the mean change of its pixels weighed against the change before it, is over sceneChange,
	// and no frame was taken for sceneApart seconds: a video that flickers gives four frames a second.
	sceneChange = 0.3
	sceneApart  = 0.25
)

// demuxers are those that may be used. ffmpeg knows hundreds, among them playlists and scripts that name further files.
const demuxers = "mov,matroska,webm,avi,flv,mpeg,mpegts,ogg,asf"

// Hasher takes frames from videos and hashes them. Once its fields are set it is safe for concurrent use.
//
// It runs ffmpeg (5.1 or later), which opens no other file and no network, uses one thread, at most 3 GiB of address space and Timeout, and writes
// nothing but what is read from it. Of the memory of this process a frame is held at a time.
type Hasher struct {
	FFmpeg string // the path of the program, with ffprobe in the same folder; empty if there is none. See [FindFFmpeg].

	PerSecond  float64 // frames to hash of each second, beside those at which the scene changes; 0 is 1
	EveryFrame bool    // hashes all, as the reference does by default

	MaxBytes  int           // of the file
	MaxFrames int           // that are hashed
	Timeout   time.Duration // of all the work on a file
}

// FindFFmpeg looks for ffmpeg on the PATH; empty if it or the ffprobe beside it is not there.
func FindFFmpeg() string {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return ""
	}
	if _, err := exec.LookPath(beside(path)); err != nil {
		return ""
	}
	return path
}

func beside(ffmpeg string) string { return filepath.Join(filepath.Dir(ffmpeg), "ffprobe") }

// Hash hashes the first video stream of a file. Where a limit or damage ends the work after some frames, they are returned, and [Video.Cut] says why;
// where there is none, that is an error.
//
// It costs what decoding costs: hundreds to a thousand frames of the video a second, and a few milliseconds more for each that is hashed.
func (h Hasher) Hash(ctx context.Context, path string) (*Video, error) {
	if h.FFmpeg == "" {
		return nil, fmt.Errorf("%w: install them (Debian: apt-get install ffmpeg)", ErrNoFFmpeg)
	}
	if !(h.PerSecond >= 0 && h.PerSecond <= maxRate) {
		return nil, fmt.Errorf("%v frames a second: want 0 to %d", h.PerSecond, maxRate)
	}
	if h.Timeout <= 0 {
		h.Timeout = DefaultTimeout
	}
	if h.MaxFrames <= 0 {
		h.MaxFrames = DefaultMaxFrames
	}
	path, err := filepath.Abs(path) // so that it is never taken for an option
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if most := int64(or(h.MaxBytes, DefaultMaxBytes)); info.Size() > most || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %d bytes: want a file of at most %d", ErrTooLarge, info.Size(), most)
	}
	limited, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	v, rate, err := h.probe(limited, path)
	if err == nil {
		err = h.frames(limited, v, rate, path)
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil && limited.Err() != nil:
		err = fmt.Errorf("%w: it takes longer than %v", ErrTooLarge, h.Timeout)
	}
	if err != nil && (v == nil || len(v.Frames) == 0) {
		return nil, err
	}
	if err != nil {
		v.Cut = err.Error()
	}
	return v, nil
}

// input are the options before the name of a file that keep ffmpeg and ffprobe to it.
func input(path string) []string {
	return []string{"-v", "error", "-protocol_whitelist", "file", "-format_whitelist", demuxers, "-max_pixels", strconv.Itoa(maxPixels),
		"-threads", "1", "-i", "file:" + path}
}

// probe reads the sides, the length and the rate of frames, which is 0 if the file does not tell.
func (h Hasher) probe(ctx context.Context, path string) (v *Video, rate float64, err error) {
	args := append([]string{"-select_streams", "v:0", "-show_entries", "stream=width,height,avg_frame_rate:format=duration:stream_side_data=rotation", "-of", "json"},
		input(path)...)
	cmd := program.Command(ctx, program.Limits{Memory: memory, CPU: probeTime}, beside(h.FFmpeg), args...)
	said, out := &program.Said{}, &program.Output{Most: 1 << 16}
	cmd.Stdout, cmd.Stderr = out, said
	if err := cmd.Run(); err != nil {
		return nil, 0, fmt.Errorf("%w: ffprobe: %w: %s", ErrMalformed, err, said)
	}
	var found struct {
		Streams []struct {
			Width, Height int
			AvgFrameRate  string `json:"avg_frame_rate"`
			SideData      []struct {
				Rotation float64
			} `json:"side_data_list"`
		}
		Format struct{ Duration string }
	}
	if err := json.Unmarshal(out.Data, &found); err != nil {
		return nil, 0, fmt.Errorf("%w: ffprobe: %w", ErrMalformed, err)
	}
	if len(found.Streams) == 0 || found.Streams[0].Width < 1 || found.Streams[0].Height < 1 {
		return nil, 0, fmt.Errorf("%w: it has no pictures: %s", ErrMalformed, said)
	}
	s := found.Streams[0]
	v = &Video{W: s.Width, H: s.Height}
	if v.W > maxPixels/v.H {
		return nil, 0, fmt.Errorf("%w: %d x %d pixels: at most %d are allowed", ErrTooLarge, v.W, v.H, maxPixels)
	}
	for _, d := range s.SideData {
		if quarter := math.Abs(math.Mod(d.Rotation, 180)); quarter > 45 && quarter < 135 {
			v.W, v.H = v.H, v.W
		}
	}
	if d, err := strconv.ParseFloat(found.Format.Duration, 64); err == nil && d > 0 && d <= 1e9 {
		v.Duration = time.Duration(d * float64(time.Second))
	}
	over, under, _ := strings.Cut(s.AvgFrameRate, "/")
	n, err1 := strconv.ParseFloat(over, 64)
	d, err2 := strconv.ParseFloat(under, 64)
	if err1 == nil && err2 == nil && n > 0 && d > 0 {
		rate = n / d
	}
	return v, rate, nil
}

// frames hashes the frames that are chosen into v.
func (h Hasher) frames(ctx context.Context, v *Video, rate float64, path string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, height := reduced(v.W, v.H)
	args := append([]string{"-nostdin", "-reinit_filter", "0"}, input(path)...)
	args = append(args, "-map", "0:v:0", "-filter_threads", "1", "-vf", h.filters(w, height), "-fps_mode", "passthrough",
		"-frames:v", strconv.Itoa(h.MaxFrames+1), "-f", "rawvideo", "-threads", "1", "pipe:1")
	cmd := program.Command(ctx, program.Limits{Memory: memory, CPU: h.Timeout}, h.FFmpeg, args...)
	said := &program.Said{}
	cmd.Stderr = said
	pixels, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	told, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer told.Close()
	cmd.ExtraFiles = []*os.File{tell} // its descriptor 3
	err = cmd.Start()
	tell.Close()
	if err != nil {
		return err
	}
	times := make(chan []time.Duration, 1)
	go func() { times <- readTimes(told, h.MaxFrames) }()
	more := h.hashAll(pixels, v, w, height)
	if more {
		cancel()
	}
	_, _ = io.Copy(io.Discard, pixels)
	ended := cmd.Wait()
	at := <-times
	v.Frames, v.turned = v.Frames[:min(len(at), len(v.Frames))], v.turned[:min(len(at), len(v.turned))]
	for i := range v.Frames {
		v.Frames[i].Time, v.Frames[i].Number = at[i], i
		if !h.EveryFrame {
			v.Frames[i].Number = int(at[i].Seconds()*min(rate, maxRate) + 0.5)
		}
	}
	switch {
	case more:
		return fmt.Errorf("%w: more than %d frames to hash", ErrTooLarge, h.MaxFrames)
	case ended != nil:
		return fmt.Errorf("%w: ffmpeg: %w: %s", ErrMalformed, ended, said)
	case len(v.Frames) == 0:
		return fmt.Errorf("%w: it has no frames: %s", ErrMalformed, said)
	}
	return nil
}

// hashAll hashes frames of w by height as they come, at most MaxFrames, and says whether there was one more.
func (h Hasher) hashAll(pixels io.Reader, v *Video, w, height int) (more bool) {
	hasher := pdq.NewHasher()
	in := bufio.NewReaderSize(pixels, 1<<16)
	pix := make([]byte, 3*w*height)
	for {
		if _, err := io.ReadFull(in, pix); err != nil {
			return false
		}
		if len(v.Frames) == h.MaxFrames {
			return true
		}
		s := hasher.Full(pix, w, height)
		v.Frames = append(v.Frames, Frame{Quality: s.Quality, Hash: s.Hash()})
		v.turned = append(v.turned, s.Dihedral())
	}
}

// filters is the chain of ffmpeg's filters that chooses frames, tells their times on descriptor 3 and makes them RGB. The scene's score is
// always asked for, since only frames that have some metadata are told of.
func (h Hasher) filters(w, height int) string {
	choice := "gte(scene,0)"
	if !h.EveryFrame {
		rate := h.PerSecond
		if rate == 0 {
			rate = 1
		}
		// The grid of times begins at the first frame, whatever its time is; the millionth is for times that are stored rounded.
		second := func(t string) string { return fmt.Sprintf("floor((%s-start_t)*%g+0.000001)", t, rate) }
		choice = fmt.Sprintf("isnan(prev_t)+gt(%s,%s)+gt(scene,%g)*gte(t-prev_selected_t,%g)", second("t"), second("prev_t"), sceneChange, sceneApart)
	}
	return fmt.Sprintf(`select='%s',metadata=mode=print:direct=1:file='pipe\:3',scale=%d:%d:flags=area,format=rgb24`, choice, w, height)
}

// readTimes reads the times of at most n frames, and all of the rest, so that who writes it is never blocked.
func readTimes(r io.Reader, n int) []time.Duration {
	var out []time.Duration
	lines := bufio.NewScanner(r)
	for lines.Scan() && len(out) < n {
		_, seconds, found := strings.Cut(lines.Text(), "pts_time:")
		if !found {
			continue
		}
		s, err := strconv.ParseFloat(strings.TrimSpace(seconds), 64)
		if err != nil || !(s <= MaxTime.Seconds()) {
			break
		}
		out = append(out, time.Duration(max(s, 0)*1000+0.5)*time.Millisecond)
	}
	_, _ = io.Copy(io.Discard, r)
	return out
}

// reduced are the sides at which a frame is hashed.
func reduced(w, h int) (int, int) {
	long := max(w, h)
	if long <= maxSide {
		return w, h
	}
	return max(1, w*maxSide/long), max(1, h*maxSide/long)
}

func or(n, fallback int) int {
	if n <= 0 {
		return fallback
	}
	return n
}
