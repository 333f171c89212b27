package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ringfence/ringfence/text/fold"
)

type textCmd struct {
	Fold textFoldCmd `cmd:"" help:"The canonical form of texts: two texts that look alike fold alike."`
}

type textFoldCmd struct {
	In string `required:"" help:"File of {\"id\",\"text\"} lines, - for standard input."`
}

func (textFoldCmd) Help() string {
	return `Example:

	echo '{"id":"1","text":"Ｆｒｅｅ  Money"}' | ringfence text fold --in -`
}

func (c textFoldCmd) Run() error {
	in := os.Stdin
	if c.In != "-" {
		f, err := os.Open(c.In)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	dec := json.NewDecoder(bufio.NewReaderSize(in, 1<<16))
	w := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for n := 1; ; n++ {
		var text struct {
			ID   string `json:"id"`
			Text string `json:"text"`
		}
		if err := dec.Decode(&text); errors.Is(err, io.EOF) {
			return w.Flush()
		} else if err != nil {
			return errors.Join(fmt.Errorf("%s: text %d: %w", c.In, n, err), w.Flush())
		}
		if err := out.Encode(struct {
			ID   string `json:"id"`
			Fold string `json:"fold"`
		}{text.ID, fold.String(text.Text)}); err != nil {
			return err
		}
	}
}
