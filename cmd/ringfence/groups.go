package main

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ringfence/ringfence/graph/coaction"
	"github.com/ringfence/ringfence/internal/source"
)

type groupsCmd struct {
	Edges groupsEdgesCmd `cmd:"" help:"Accounts that act on the same objects close in time, as known tools find them."`
	Find  groupsFindCmd  `cmd:"" help:"Groups of accounts that act together more than chance explains, and how likely each does harm."`
}

type groupsEdgesCmd struct {
	Preset string         `required:"" enum:"coortweet,coortweet-corrected,toolkit" help:"coortweet, coortweet-corrected (contents counted by account) or toolkit."`
	Window *time.Duration `placeholder:"DURATION" help:"Greatest distance in time, included. By default the tool's: 10s, for toolkit 1s."`

	MinParticipation int     `default:"2" help:"coortweet: rows that an account must have."`
	EdgeWeight       float64 `default:"0.5" help:"coortweet: the quantile of the weights above which an edge is marked, 0 to 1."`
	Subgraph         bool    `help:"coortweet: only edges that are marked."`
	Objects          bool    `help:"coortweet: list the objects of each edge."`

	Behaviour string `default:"co_retweet" enum:"co_link,co_retweet" help:"toolkit: co_link or co_retweet."`
	MinWeight int    `default:"2" help:"toolkit: least weight of an edge, by direction."`

	In       []string `required:"" placeholder:"CSV" sep:"none" help:"CSV table, .gz and .zst too, - for standard input. Given several times, coortweet searches each alone and joins the pairs."`
	Object   []string `placeholder:"COL[=PREFIX]" help:"Column of what is shared, and what to put before its ids. Several are searched alone like several tables. By default object_id; for toolkit repost_id or urls."`
	Account  string   `placeholder:"COL" help:"Column of the account. By default account_id; for toolkit user_id."`
	Content  *string  `placeholder:"COL" help:"Column of the post; empty: each row is one. By default content_id; for toolkit message_id."`
	Time     string   `placeholder:"COL" help:"Column of the time. By default timestamp_share; for toolkit timestamp."`
	Distinct bool     `help:"Drop rows that repeat object, account, content and time, as a table with several columns of objects has them."`

	Popular int    `default:"0" placeholder:"N" help:"Sample objects with more than N acts in a window, so that their pairs do not grow with the square; 0 takes all pairs."`
	Seed    uint64 `default:"1" help:"Of the choice of accounts on sampled objects."`
}

func (groupsEdgesCmd) Help() string {
	return `Example:

	ringfence groups edges --preset coortweet --window 60s --min-participation 2 --edge-weight 0.5 --in shares.csv
	ringfence groups edges --preset toolkit --behaviour co_link --window 60s --min-weight 1 --in messages.csv
	ringfence groups edges --preset coortweet --window 30s --distinct --object url_id=url_ --object phash_id=hash_ --account account_id --content post_id --time timestamp --in posts.csv.gz

The output is the tool's own table of edges, sorted by their ends. Times are seconds since 1970 or RFC 3339.`
}

// Validate is called by the command line's parser.
func (c groupsEdgesCmd) Validate() error {
	for _, path := range c.In {
		if path == "-" && len(c.Object) > 1 {
			return errors.New("several columns of objects need a file: standard input is read once")
		}
	}
	return nil
}

func (c groupsEdgesCmd) Run() error {
	shares, refused, err := c.read()
	if err != nil {
		return err
	}
	if c.Distinct {
		shares.Distinct()
	}
	w := bufio.NewWriterSize(os.Stdout, 1<<16)
	var line []byte
	edges := 0
	sampling := coaction.Sampling{Popular: c.Popular, Seed: c.Seed}
	if c.Preset == "toolkit" {
		toolkit := coaction.Toolkit{Lists: c.Behaviour == "co_link", Window: c.window(time.Second), MinWeight: c.MinWeight, Sampling: sampling}
		_, _ = w.WriteString("user_1,user_2,weight\r\n") // rows end as Python's module csv ends them
		err = toolkit.Edges(shares, func(a coaction.Arrow) error {
			edges++
			line = appendCell(append(appendCell(line[:0], a.From), ','), a.To)
			line = append(strconv.AppendInt(append(line, ','), int64(a.Weight), 10), "\r\n"...)
			_, err := w.Write(line)
			return err
		})
	} else {
		tweet := coaction.CooRTweet{Window: c.window(10 * time.Second), MinParticipation: c.MinParticipation, Threshold: c.EdgeWeight, Subgraph: c.Subgraph,
			Objects: c.Objects, Corrected: c.Preset == "coortweet-corrected", Sampling: sampling}
		header := "from,to,weight,avg_time_delta,n_content_id,n_content_id_y,edge_symmetry_score,weight_threshold\n"
		if c.Objects {
			header = strings.Replace(header, "weight_threshold", "object_ids,weight_threshold", 1)
		}
		_, _ = w.WriteString(header) // an error comes again at the end
		err = tweet.Edges(shares, func(e *coaction.Edge) error {
			edges++
			line = c.appendEdge(line[:0], e)
			_, err := w.Write(line)
			return err
		})
	}
	fmt.Fprintf(os.Stderr, "%d rows, %d refused: %d edges\n", shares.Len(), refused, edges)
	return errors.Join(err, w.Flush())
}

func (c groupsEdgesCmd) window(preset time.Duration) int64 {
	if c.Window != nil {
		preset = *c.Window
	}
	return preset.Microseconds()
}

// read reads the tables, once for each column of objects, and says how many rows were refused.
func (c groupsEdgesCmd) read() (*coaction.Shares, int, error) {
	columns := coaction.Columns{Object: "object_id", Account: "account_id", Content: "content_id", Time: "timestamp_share"}
	if c.Preset == "toolkit" {
		columns = coaction.Columns{Object: "repost_id", Account: "user_id", Content: "message_id", Time: "timestamp"}
		if c.Behaviour == "co_link" {
			columns.Object, columns.Split, columns.Unless = "urls", true, "repost_id"
		}
	}
	if c.Account != "" {
		columns.Account = c.Account
	}
	if c.Content != nil {
		columns.Content = *c.Content
	}
	if c.Time != "" {
		columns.Time = c.Time
	}
	objects := c.Object
	if len(objects) == 0 {
		objects = []string{columns.Object}
	}
	var (
		shares  coaction.Shares
		refused refusals
	)
	for i, path := range c.In {
		for k, object := range objects {
			if i+k > 0 {
				shares.NextInput()
			}
			columns.Object, columns.Prefix, _ = strings.Cut(object, "=")
			in, err := source.OpenPlain(path, os.Stdin)
			if err != nil {
				return nil, 0, err
			}
			err = shares.ReadCSV(in, columns, func(e *coaction.RowError) error {
				refused.add(fmt.Errorf("%s: %w", path, e))
				return nil
			})
			in.Close()
			if err != nil {
				return nil, 0, fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return &shares, refused.n, refused.fault(int64(shares.Len()))
}

// appendEdge appends an edge as CooRTweet's table has it.
func (c groupsEdgesCmd) appendEdge(b []byte, e *coaction.Edge) []byte {
	b = appendCell(append(appendCell(b, e.From), ','), e.To)
	b = strconv.AppendInt(append(b, ','), int64(e.Weight), 10)
	b = appendNumber(append(b, ','), float64(e.Apart)/(coaction.Second*float64(e.Weight)))
	b = strconv.AppendInt(append(b, ','), int64(e.Contents), 10)
	b = strconv.AppendInt(append(b, ','), int64(e.ContentsTo), 10)
	b = appendNumber(append(b, ','), e.Symmetry())
	if c.Objects {
		b = appendCell(append(b, ','), strings.Join(e.Objects, ","))
	}
	if e.Above {
		return append(b, ",1\n"...)
	}
	return append(b, ",0\n"...)
}

// appendNumber appends a number of 0 or more in 15 digits as CooRTweet's tables have them: data.table scales a number to 16 digits in floating
// point, cuts it there, and rounds the last digit away, so that its 15th is at times not the nearest one.
func appendNumber(b []byte, f float64) []byte {
	if whole := int64(f); float64(whole) == f && whole < 1e15 {
		return strconv.AppendInt(b, whole, 10)
	}
	fraction, two := math.Frexp(f) // f is fraction · 2^two, and 2^two is scale · 10^ten
	ten := int(math.Floor(float64(two-1) * math.Log10(2)))
	if ten < -22 || ten > 22 { // beyond, powers of ten are not exact
		return strconv.AppendFloat(b, f, 'g', 15, 64)
	}
	scale := math.Ldexp(1, two-1)
	if ten >= 0 {
		scale /= math.Pow10(ten)
	} else {
		scale *= math.Pow10(-ten)
	}
	y := 2 * fraction * scale
	if y >= 9.99999999999999 {
		y /= 10
		ten++
	}
	digits := strconv.AppendUint(nil, (uint64(y*1e15)+5)/10, 10)
	near, _ := strconv.ParseFloat(string(strconv.AppendInt(append(digits, 'e'), int64(ten-14), 10)), 64) // it is made of digits
	return strconv.AppendFloat(b, near, 'g', 15, 64)
}

// appendCell appends a cell, in quotes where it needs them.
func appendCell(b []byte, s string) []byte {
	quoted := false
	for i := range len(s) { // a set of bytes, made anew for each cell, would take longer than the cell
		switch s[i] {
		case ',', '"', '\r', '\n':
			quoted = true
		}
	}
	if !quoted {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}
