package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"github.com/ringfence/ringfence/internal/bank"
)

type banksPreviewCmd struct {
	reader
	Hash     string `arg:"" help:"A PDQ hash."`
	Distance int    `default:"31" help:"In how many bits a picture may differ, 0 to 50."`
}

func (banksPreviewCmd) Help() string {
	return `Compares a hash with a sample of the ordinary pictures that came of late, and with all of late.

Example:

	ringfence banks preview d8f8f0cee0f4a84f0637022a078f67f0b36e2ed596621e1d33e6339c4e9c9b22`
}

func (c banksPreviewCmd) Run(ctx context.Context) error {
	var answer json.RawMessage
	if err := c.send(ctx, http.MethodGet, previewPath(c.Hash, c.Distance), nil, &answer); err != nil {
		return err
	}
	fmt.Println(string(answer))
	return nil
}

func previewPath(hash string, distance int) string {
	return "/v1/preview?" + url.Values{"hash": {hash}, "distance": {strconv.Itoa(distance)}}.Encode()
}

// maxPreviewed is of how many hashes that are added it is said what they match.
const maxPreviewed = 20

// preview says on standard error what PDQ hashes that are about to be added would match. Other values say nothing.
func (c banksAddCmd) preview(ctx context.Context) error {
	shown := 0
	for _, value := range c.Values {
		hash, err := bank.NormalHash(value)
		if err != nil || len(hash) != 64 || shown == maxPreviewed {
			continue
		}
		shown++
		var p struct{ Ordinary, Sample, Recent int }
		if err := c.send(ctx, http.MethodGet, previewPath(hash, bank.MatchDistance), nil, &p); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s would match %d of %d ordinary pictures, and %d events of late\n", hash, p.Ordinary, p.Sample, p.Recent)
	}
	return nil
}

type banksLookbacksCmd struct {
	reader
	Name string `arg:"" help:"The bank."`
}

func (banksLookbacksCmd) Help() string {
	return `Prints a line for each change since the start of the server that added hashes, with the earlier events that they match.

Example:

	ringfence banks lookbacks known-gore`
}

func (c banksLookbacksCmd) Run(ctx context.Context) error {
	var list struct{ Items []json.RawMessage }
	if err := c.send(ctx, http.MethodGet, "/v1/banks/"+url.PathEscape(c.Name)+"/lookbacks", nil, &list); err != nil {
		return err
	}
	for _, l := range list.Items {
		fmt.Println(string(l))
	}
	return nil
}
