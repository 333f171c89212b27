package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/media/hamming"
)

// BankPreview is what a PDQ hash would match.
type BankPreview struct {
	Ordinary int `json:"ordinary" doc:"So many of the ordinary pictures that it was compared with."`
	Sample   int `json:"sample" doc:"How many those were: a sample of the different pictures that came of late and that no bad bank holds."`
	Recent   int `json:"recent" doc:"So many events of late."`
	Hashes   int `json:"hashes" doc:"How many hashes of pictures of late it was compared with."`
}

// BankLookback is what the entries that a change added matched in earlier events.
type BankLookback struct {
	Version int      `json:"version" doc:"That the change made."`
	At      Time     `json:"at"`
	Entries int      `json:"entries" doc:"That it added."`
	Matched int      `json:"matched" doc:"Earlier events with a picture that one of them matches. Rules that read of pictures are evaluated on them anew."`
	Skipped int      `json:"skipped,omitzero" doc:"Of them, how many are not evaluated anew, since there are too many."`
	Events  []string `json:"events" nullable:"false" doc:"The ids of up to 100 of them."`
}

func (a *API) routeRecent() {
	tags := []string{"banks"}
	register(a, huma.Operation{
		OperationID: "preview-bank-entry", Method: http.MethodGet, Path: "/v1/preview", Tags: tags, Summary: "Say what a PDQ hash would match if it were banked",
		Description: "Among ordinary pictures, and among all of late.",
	}, a.previewEntry)
	register(a, huma.Operation{
		OperationID: "list-bank-lookbacks", Method: http.MethodGet, Path: "/v1/banks/{name}/lookbacks", Tags: tags, Summary: "List what added entries matched in earlier events",
		Description: "Since the start of the server, the latest first.", Errors: []int{http.StatusNotFound},
	}, a.listLookbacks)
}

func (a *API) previewEntry(_ context.Context, in *struct {
	Hash     string `query:"hash" required:"true" maxLength:"68" doc:"A PDQ hash: 64 hexadecimal digits."`
	Distance int    `query:"distance" minimum:"0" maximum:"50" default:"31" doc:"In how many bits a picture may differ."`
}) (*struct{ Body BankPreview }, error) {
	value, err := bank.NormalHash(in.Hash)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	h, err := hamming.Parse(value)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity("only PDQ hashes can be compared: 64 hexadecimal digits")
	}
	p := a.Recent.Preview(h, in.Distance)
	return &struct{ Body BankPreview }{BankPreview{Ordinary: p.Ordinary, Sample: p.Sample, Recent: p.Recent, Hashes: p.Of}}, nil
}

func (a *API) listLookbacks(ctx context.Context, in *BankName) (*struct {
	Body struct {
		Items []BankLookback `json:"items" nullable:"false"`
	}
}, error) {
	if _, err := a.Control.Bank(ctx, in.Name); err != nil {
		return nil, err
	}
	out := &struct {
		Body struct {
			Items []BankLookback `json:"items" nullable:"false"`
		}
	}{}
	out.Body.Items = []BankLookback{}
	for _, r := range a.Recent.Reports(in.Name) {
		events := r.Events
		if events == nil {
			events = []string{}
		}
		out.Body.Items = append(out.Body.Items, BankLookback{Version: r.Version, At: Time(r.At), Entries: r.Entries, Matched: r.Matched, Skipped: r.Skipped, Events: events})
	}
	return out, nil
}
