package main

import (
	"bufio"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/media/vpdq"
)

// framesFlags say which frames of a video are hashed.
type framesFlags struct {
	PerSecond  float64 `default:"1" help:"Frames of a video to hash each second, besides those at which the scene changes."`
	EveryFrame bool    `help:"Hash every frame of a video, as vPDQ does by default."`
}

func (f framesFlags) hasher() vpdq.Hasher {
	return vpdq.Hasher{FFmpeg: vpdq.FindFFmpeg(), PerSecond: f.PerSecond, EveryFrame: f.EveryFrame}
}

// isVideo tells by its first bytes whether a file is a video. Standard input is taken for a picture: ffmpeg has to move about in a file.
func isVideo(file string) bool {
	if file == "-" {
		return false
	}
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 200)
	n, _ := io.ReadFull(f, head)
	return vpdq.IsVideo(head[:n])
}

// videoHash is one video as it is printed.
type videoHash struct {
	File     string       `json:"file"`
	MD5      string       `json:"md5"`
	SHA256   string       `json:"sha256"`
	Width    int          `json:"width"`
	Height   int          `json:"height"`
	Duration float64      `json:"duration"`
	Frames   []videoFrame `json:"frames"`
	Cut      string       `json:"cut,omitempty"`
}

type videoFrame struct {
	T       float64  `json:"t"`
	PDQ     pdq.Hash `json:"pdq"`
	Quality int      `json:"quality"`
}

func hashVideo(ctx context.Context, hasher vpdq.Hasher, file string) (videoHash, error) {
	v, err := hasher.Hash(ctx, file)
	if err != nil {
		return videoHash{}, reason(err)
	}
	f, err := os.Open(file)
	if err != nil {
		return videoHash{}, reason(err)
	}
	defer f.Close()
	plain, strong := md5.New(), sha256.New()
	if _, err := io.Copy(io.MultiWriter(plain, strong), f); err != nil {
		return videoHash{}, reason(err)
	}
	out := videoHash{file, hex.EncodeToString(plain.Sum(nil)), hex.EncodeToString(strong.Sum(nil)), v.W, v.H, v.Duration.Seconds(), []videoFrame{}, v.Cut}
	for _, f := range v.Frames {
		out.Frames = append(out.Frames, videoFrame{f.Time.Seconds(), f.Hash, f.Quality})
	}
	return out, nil
}

type mediaFramesCmd struct {
	File string `arg:"" help:"A video, or a list of hashes to write anew (.txt as vPDQ writes it, .json as ThreatExchange and HMA exchange it)."`
	framesFlags
	Signal bool `help:"Write the JSON that ThreatExchange and HMA exchange, not lines."`
}

func (mediaFramesCmd) Help() string {
	return `Example:

	ringfence media frames --every-frame video.mp4

Prints a line frame,quality,hash,time for each frame, as vPDQ does. It needs ffmpeg and ffprobe.`
}

func (c mediaFramesCmd) Run(ctx context.Context) error {
	v, err := readVideo(ctx, c.hasher(), c.File)
	if err != nil {
		return err
	}
	if v.Cut != "" {
		fmt.Fprintf(os.Stderr, "%s: not to its end: %s\n", c.File, v.Cut)
	}
	if c.Signal {
		_, err = fmt.Printf("%s\n", vpdq.Signal(v.Frames))
		return err
	}
	return vpdq.Write(os.Stdout, v.Frames)
}

// readVideo hashes a video, or reads hashes of one from a list.
func readVideo(ctx context.Context, hasher vpdq.Hasher, file string) (*vpdq.Video, error) {
	var read func(io.Reader) ([]vpdq.Frame, error)
	switch filepath.Ext(file) {
	case ".txt":
		read = vpdq.Read
	case ".json":
		read = func(r io.Reader) ([]vpdq.Frame, error) {
			data, err := io.ReadAll(io.LimitReader(r, 1<<28))
			if err != nil {
				return nil, err
			}
			return vpdq.ReadSignal(data)
		}
	default:
		v, err := hasher.Hash(ctx, file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, reason(err))
		}
		return v, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	frames, err := read(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &vpdq.Video{Frames: frames}, nil
}

type mediaCompareCmd struct {
	Query string `arg:"" help:"A video, or a list of its hashes (.txt, .json)."`
	Known string `arg:"" help:"The video to look for in it, or a list of its hashes."`
	framesFlags
	Distance int           `default:"31" help:"Bits by which equal frames may differ."`
	Quality  int           `default:"50" help:"Frames of less quality are left out."`
	Gap      time.Duration `default:"10s" help:"How long a stretch without equal frames may be within a segment."`
}

func (mediaCompareCmd) Help() string {
	return `Example:

	ringfence media compare upload.mp4 known.txt

Prints the percentages by which vPDQ decides (of frames of each that are in the other) and which seconds of the query are which seconds of the known
video. A query that is a video is compared in all eight ways in which it can be turned and mirrored; "as" says which of them fits best.`
}

// segment is a stretch of two videos as it is printed.
type segment struct {
	Query    [2]float64 `json:"query"`
	Known    [2]float64 `json:"known"`
	Speed    float64    `json:"speed"`
	Frames   int        `json:"frames"`
	Of       int        `json:"of"`
	Distinct int        `json:"distinct"`
	Distance float64    `json:"distance"`
}

func (c mediaCompareCmd) Run(ctx context.Context) error {
	if c.Distance < 1 || c.Distance > 256 || c.Quality < 1 || c.Quality > 100 || c.Gap <= 0 {
		return fmt.Errorf("distance %d, quality %d, gap %v: want 1 to 256, 1 to 100 and over 0", c.Distance, c.Quality, c.Gap)
	}
	query, err := readVideo(ctx, c.hasher(), c.Query)
	if err != nil {
		return err
	}
	known, err := readVideo(ctx, c.hasher(), c.Known)
	if err != nil {
		return err
	}
	o := vpdq.Options{Distance: c.Distance, Quality: c.Quality, Gap: c.Gap}
	best, as := vpdq.Compare(query.Frames, known.Frames, o), pdq.Original
	for d := pdq.Rotate90; d <= pdq.FlipMinus1; d++ {
		if frames, ok := query.Turned(d); ok {
			if turned := vpdq.Compare(frames, known.Frames, o); turned.QueryPercent > best.QueryPercent {
				best, as = turned, d
			}
		}
	}
	segments := []segment{}
	for _, s := range best.Segments {
		segments = append(segments, segment{[2]float64{s.QueryStart.Seconds(), s.QueryEnd.Seconds()}, [2]float64{s.KnownStart.Seconds(), s.KnownEnd.Seconds()},
			thousandths(s.Speed), s.Frames, s.Of, s.Distinct, thousandths(s.Distance)})
	}
	out := newLines()
	if err := out.json(struct {
		Query        string    `json:"query"`
		Known        string    `json:"known"`
		As           string    `json:"as"`
		QueryPercent float64   `json:"query_percent"`
		KnownPercent float64   `json:"known_percent"`
		Segments     []segment `json:"segments"`
	}{c.Query, c.Known, as.String(), thousandths(best.QueryPercent), thousandths(best.KnownPercent), segments}); err != nil {
		return err
	}
	return out.w.Flush()
}

// thousandths rounds a number for people.
func thousandths(x float64) float64 { return math.Round(x*1000) / 1000 }
