package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/known"
	"github.com/ringfence/ringfence/media/pdq"
)

// BankPicture is what became of a picture that was added to a bank.
type BankPicture struct {
	BankMade
	Value    string `json:"value" doc:"The entry: the picture's PDQ hash, or the SHA-256 of its file where that means nothing."`
	Quality  int    `json:"quality" doc:"Of the PDQ hash, 0 to 100; below 50 it means nothing."`
	Features string `json:"features" doc:"The name of its local features, as the entry has it."`
	Count    int    `json:"count" doc:"How many there are, up to 512."`
}

func (a *API) routeBankPictures() {
	register(a, huma.Operation{
		OperationID: "add-bank-picture", Method: http.MethodPost, Path: "/v1/banks/{name}/pictures", Tags: []string{"banks"}, Summary: "Add a picture to a bank of hashes",
		Description:  "The body is the picture's file. Its hash becomes an entry, which replaces one of the same hash; its local features are kept, by which it is found in pictures that show a part of it; the picture itself is not kept.",
		MaxBodyBytes: hmaFile, Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, a.addBankPicture)
}

func (a *API) addBankPicture(ctx context.Context, in *struct {
	Once
	BankName
	Reason   string `query:"reason" required:"true" minLength:"1" maxLength:"1000"`
	Policy   string `query:"policy" maxLength:"64" doc:"Of the entry, if not the bank's."`
	Severity int    `query:"severity" minimum:"0" maximum:"5" doc:"Likewise."`
	Note     string `query:"note" maxLength:"1000"`
	RawBody  []byte `contentType:"application/octet-stream"`
}) (*struct{ Body BankPicture }, error) {
	if a.Known == nil {
		return nil, huma.Error409Conflict("no pictures are looked at: set media.fetch in the configuration")
	}
	b, err := a.Control.Bank(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if b.Header.Kind != bank.Hashes {
		return nil, huma.Error422UnprocessableEntity("bank " + in.Name + " is of " + string(b.Header.Kind) + "; pictures go into a bank of hashes")
	}
	kept, err := a.keepFeatures(ctx, in.RawBody)
	if err != nil {
		return nil, err
	}
	value := kept.PDQ.String()
	if kept.Quality < pdq.MinQuality {
		sum := sha256.Sum256(in.RawBody)
		value = "sha256:" + hex.EncodeToString(sum[:])
	}
	author := in.author(ctx, in.Reason)
	version, err := a.Control.EditBank(ctx, author, bank.Edit{Bank: in.Name, Add: []bank.Entry{
		{Value: value, Features: kept.Features, Policy: in.Policy, Severity: in.Severity, Note: in.Note},
	}})
	if err != nil {
		return nil, err
	}
	return &struct{ Body BankPicture }{BankPicture{BankMade{version, author.ID}, value, kept.Quality, kept.Features, kept.Count}}, nil
}

// keepFeatures keeps the features of a picture.
func (a *API) keepFeatures(ctx context.Context, file []byte) (known.Kept, error) {
	limited, cancel := context.WithTimeout(ctx, hmaDecode)
	defer cancel()
	p, done, err := a.decode(limited, file)
	switch {
	case errors.Is(err, errBusy):
		return known.Kept{}, huma.Error503ServiceUnavailable(err.Error())
	case err != nil:
		return known.Kept{}, huma.Error422UnprocessableEntity(err.Error())
	}
	defer done()
	kept, err := a.Known.Keep(limited, p)
	if errors.Is(err, known.ErrFlat) {
		return known.Kept{}, huma.Error422UnprocessableEntity(err.Error())
	}
	return kept, err
}
