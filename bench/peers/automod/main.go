// Command automod measures Bluesky's automod engine on the comparison's input: five rules, engine and stores in memory.
//
// It reads posts, one JSON object a line, from the file that is named or from standard input, and prints one line of JSON:
// {"events","cpu_seconds","wall_seconds","fires":{…}}. Reading the input is not measured; decoding it is, since an engine that
// takes events has to. What the engine's records cannot carry, address and account age, is passed beside them.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"syscall"
	"time"

	appbsky "github.com/bluesky-social/indigo/api/bsky"
	"github.com/bluesky-social/indigo/atproto/identity"
	"github.com/bluesky-social/indigo/atproto/syntax"
	"github.com/bluesky-social/indigo/automod"
	"github.com/bluesky-social/indigo/automod/cachestore"
	"github.com/bluesky-social/indigo/automod/countstore"
	"github.com/bluesky-social/indigo/automod/flagstore"
	"github.com/bluesky-social/indigo/automod/setstore"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "automod:", err)
		os.Exit(1)
	}
}

// result is what is printed.
type result struct {
	Events      int            `json:"events"`
	CPUSeconds  float64        `json:"cpu_seconds"`
	WallSeconds float64        `json:"wall_seconds"`
	Fires       map[string]int `json:"fires"`
}

func run(args []string, stdin io.Reader, stdout io.Writer) error {
	in := stdin
	switch {
	case len(args) > 1:
		return errors.New("usage: automod [FILE]")
	case len(args) == 1 && args[0] != "-":
		file, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	lines, err := readLines(in)
	if err != nil {
		return err
	}
	m, err := newMeter(lines)
	if err != nil {
		return err
	}
	cpu, start := cpuSeconds(), time.Now()
	for i, line := range lines {
		if err := m.process(line); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return json.NewEncoder(stdout).Encode(result{
		Events: len(lines), CPUSeconds: cpuSeconds() - cpu, WallSeconds: time.Since(start).Seconds(), Fires: m.rules.fires,
	})
}

func readLines(in io.Reader) ([][]byte, error) {
	var lines [][]byte
	scan := bufio.NewScanner(in)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		lines = append(lines, bytes.Clone(scan.Bytes()))
	}
	return lines, scan.Err()
}

// post is one event of the input.
type post struct {
	ID   int   `json:"id"`
	TS   int64 `json:"ts"` // milliseconds since 1970
	Data struct {
		UserID  string `json:"user_id"`
		IP      string `json:"ip"`
		Message string `json:"message"`
		Age     int    `json:"account_age_s"`
		HasLink bool   `json:"has_link"`
	} `json:"data"`
}

// meter is the engine with its rules.
type meter struct {
	engine automod.Engine
	rules  *rules
}

// newMeter makes an engine that knows the accounts of the input, with nothing logged and no account looked up elsewhere.
func newMeter(lines [][]byte) (*meter, error) {
	directory := identity.NewMockDirectory()
	known := map[string]bool{}
	for i, line := range lines {
		var p post
		if err := json.Unmarshal(line, &p); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		if !known[p.Data.UserID] {
			known[p.Data.UserID] = true
			directory.Insert(identity.Identity{DID: syntax.DID(p.Data.UserID), Handle: "h.example.com"})
		}
	}
	r := &rules{fires: map[string]int{}}
	return &meter{
		rules: r,
		engine: automod.Engine{
			Logger:    slog.New(slog.DiscardHandler),
			Directory: directory,
			Counters:  countstore.NewMemCountStore(),
			Sets:      setstore.NewMemSetStore(),
			Flags:     flagstore.NewMemFlagStore(),
			Cache:     cachestore.NewMemCacheStore(100_000, time.Hour),
			Rules: automod.RuleSet{PostRules: []automod.PostRuleFunc{
				r.keyword, r.velocity, r.sameTextManyUsers, r.ipRate, r.newAccountLinks,
			}},
			Config: automod.EngineConfig{SkipAccountMeta: true},
		},
	}, nil
}

// recordCID is the content id of every record; the rules do not look at it.
const recordCID = syntax.CID("bafyreih22okgdungwln2lwqt2kd4dd2ynzx3fyy3yefh5koocpizlngqfq")

// process decodes a line, makes the record that the engine takes and runs the rules on it.
func (m *meter) process(line []byte) error {
	var p post
	if err := json.Unmarshal(line, &p); err != nil {
		return err
	}
	record := appbsky.FeedPost{
		LexiconTypeID: "app.bsky.feed.post",
		Text:          p.Data.Message,
		CreatedAt:     time.UnixMilli(p.TS).UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	var body bytes.Buffer
	if err := record.MarshalCBOR(&body); err != nil {
		return err
	}
	cid := recordCID
	m.rules.post = &p
	return m.engine.ProcessRecordOp(context.Background(), automod.RecordOp{
		Action:     automod.CreateOp,
		DID:        syntax.DID(p.Data.UserID),
		Collection: "app.bsky.feed.post",
		RecordKey:  syntax.RecordKey(fmt.Sprintf("k%d", p.ID)),
		CID:        &cid,
		RecordCBOR: body.Bytes(),
	})
}

// cpuSeconds is the user and system time of this process.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
