package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/control"
)

// Bank is what is said of a bank.
type Bank struct {
	Name     string `json:"name"`
	Kind     string `json:"kind" enum:"terms,links,devices,hashes"`
	Good     bool   `json:"good" doc:"Known-good: what it holds is not found by bad banks."`
	Policy   string `json:"policy,omitempty" doc:"Of entries that state none."`
	Severity int    `json:"severity,omitzero" doc:"Likewise."`
	Source   string `json:"source,omitempty"`
	Note     string `json:"note,omitempty"`
	Sharing  string `json:"sharing,omitempty" doc:"Likewise: with whom they may be shared."`
	Enabled  *int   `json:"enabled,omitempty" doc:"Likewise: percent of accounts on whose events they are found."`
	Flood    *int   `json:"flood,omitempty" doc:"Accounts an hour from which the matches of an entry may be a flood; 500 unless given."`
	Version  int    `json:"version" doc:"As people made it last. Events are read with it from the journal's record of that change on."`
	Active   int    `json:"active" doc:"The version that events are read with now; 0 before the first."`
	Entries  int    `json:"entries" doc:"How many there are."`
}

// BankEntry is one thing of a bank.
type BankEntry struct {
	Value       string     `json:"value" minLength:"1" maxLength:"4096" doc:"A term; a page (https://host/path) or a host with all below it; a device id; a hash of a picture: 64 hexadecimal digits for PDQ, 32 for MD5, 40 for SHA-1, sha256: and 64 for SHA-256, in lower case. It names the entry within the bank."`
	Policy      string     `json:"policy,omitempty" maxLength:"64"`
	Severity    int        `json:"severity,omitempty" minimum:"0" maximum:"5"`
	Source      string     `json:"source,omitempty" maxLength:"1000" doc:"Where it comes from."`
	Note        string     `json:"note,omitempty" maxLength:"1000"`
	Tags        []string   `json:"tags,omitempty" maxItems:"100" nullable:"false" doc:"What whoever lists it says of it."`
	Sharing     string     `json:"sharing,omitempty" enum:"red,amber,green,clear" doc:"With whom it may be shared, by the Traffic Light Protocol; with nobody unless given."`
	Enabled     *int       `json:"enabled,omitempty" minimum:"0" maximum:"100" doc:"Percent of accounts on whose events it is found, by hash; all unless given."`
	Expires     *time.Time `json:"expires,omitempty" doc:"Event time from which it is found no more."`
	Lang        string     `json:"lang,omitempty" maxLength:"16" doc:"Of a term. Only English ones are looked for with edits."`
	Boundary    string     `json:"boundary,omitempty" enum:"both,start,end,none" doc:"Of a term: where a word must begin and end; both unless given."`
	Inflections *[]string  `json:"inflections,omitempty" maxItems:"100" doc:"Endings that the term may have, in place of the usual ones."`
	Except      []string   `json:"except,omitempty" maxItems:"100" nullable:"false" doc:"Longer texts in which the term is not meant."`
	Near        []string   `json:"near,omitempty" maxItems:"100" nullable:"false" doc:"One of these must stand within 100 bytes."`
	Unless      []string   `json:"unless,omitempty" maxItems:"100" nullable:"false" doc:"None of these may."`
	MaxCost     *int       `json:"max_cost,omitempty" minimum:"0" doc:"The most that a disguise may cost, in hundredths; 0 finds the term only as it is listed."`
	Distance    *int       `json:"distance,omitempty" minimum:"0" maximum:"50" doc:"Of a PDQ hash: in how many bits a picture may differ; 31 unless given."`
	Features    string     `json:"features,omitempty" pattern:"^([0-9a-f]{64})?$" doc:"Of a hash: the name of the local features of its picture, which POST /v1/banks/{name}/pictures gives."`
}

// BankHeader is what is said of a bank as a whole. Its name is exported because huma passes over fields of an unexported type.
type BankHeader struct {
	Kind     string `json:"kind" enum:"terms,links,devices,hashes" doc:"What the entries are. It stays as it is."`
	Good     bool   `json:"good,omitempty" doc:"Known-good."`
	Policy   string `json:"policy,omitempty" maxLength:"64" doc:"Of entries that state none."`
	Severity int    `json:"severity,omitempty" minimum:"0" maximum:"5" doc:"Likewise."`
	Source   string `json:"source,omitempty" maxLength:"1000"`
	Note     string `json:"note,omitempty" maxLength:"1000"`
	Sharing  string `json:"sharing,omitempty" enum:"red,amber,green,clear" doc:"With whom entries that state nothing may be shared, by the Traffic Light Protocol; with nobody unless given."`
	Enabled  *int   `json:"enabled,omitempty" minimum:"0" maximum:"100" doc:"Percent of accounts on whose events entries that state nothing are found, by hash; all unless given."`
	Flood    *int   `json:"flood,omitempty" minimum:"0" maximum:"5000" doc:"Accounts an hour from which the matches of a bad entry may be a flood, which puts it into quarantine; 0 never, 500 unless given."`
}

func (h *BankHeader) header() bank.Header {
	return bank.Header{Kind: bank.Kind(h.Kind), Good: h.Good, Policy: h.Policy, Severity: h.Severity, Source: h.Source, Note: h.Note,
		Sharing: h.Sharing, Enabled: h.Enabled, Flood: h.Flood}
}

type bankBody struct {
	BankHeader
	Entries []BankEntry `json:"entries" maxItems:"1000000" nullable:"false" doc:"All that the bank is to hold."`
	Reason  string      `json:"reason" minLength:"1" maxLength:"1000"`
}

type bankEditBody struct {
	Add    []BankEntry `json:"add,omitempty" maxItems:"100000" nullable:"false" doc:"Entries of the same value are replaced."`
	Remove []string    `json:"remove,omitempty" maxItems:"100000" nullable:"false" doc:"Values. What is not there is passed over."`
	Reason string      `json:"reason" minLength:"1" maxLength:"1000"`
}

type bankRollbackBody struct {
	Version int    `json:"version" minimum:"1"`
	Reason  string `json:"reason" minLength:"1" maxLength:"1000"`
}

type bankDropBody struct {
	Reason string `json:"reason" minLength:"1" maxLength:"1000"`
}

// BankMade is what became of a change of a bank.
type BankMade struct {
	Version int    `json:"version"`
	Change  string `json:"change" doc:"The id under which /v1/changes lists it."`
}

type bankMadeOutput struct{ Body BankMade }

// BankVersion is one change of a bank.
type BankVersion struct {
	Version int    `json:"version"`
	By      string `json:"by"`
	At      Time   `json:"at"`
	Reason  string `json:"reason"`
	Added   int    `json:"added" doc:"Entries; of a change that came in parts, those of its last."`
	Removed int    `json:"removed"`
	Dropped bool   `json:"dropped,omitzero"`
}

// BankName is which bank a request is about. Its name is exported because huma passes over fields of an unexported type.
type BankName struct {
	Name string `path:"name" maxLength:"64" pattern:"^[a-z0-9][a-z0-9-]*$"`
}

// maxBankBody bounds a whole bank as it is sent.
const maxBankBody = 64 << 20

func (a *API) routeBanks() {
	tags := []string{"banks"}
	register(a, huma.Operation{
		OperationID: "list-banks", Method: http.MethodGet, Path: "/v1/banks", Tags: tags, Summary: "List the banks",
		Description: "Banks hold what is known to be bad, or good. Rules read what of them an event holds: `matched(\"name\")`, `text.terms`, `text.disguise`.",
	}, a.listBanks)
	register(a, huma.Operation{
		OperationID: "put-bank", Method: http.MethodPut, Path: "/v1/banks/{name}", Tags: tags, Summary: "Make a bank, or replace all that it holds",
		Description:  "Only what differs is written. Events are read with it from the journal's record of the change on.",
		MaxBodyBytes: maxBankBody, Errors: []int{http.StatusConflict},
	}, a.putBank)
	register(a, huma.Operation{
		OperationID: "edit-bank", Method: http.MethodPatch, Path: "/v1/banks/{name}", Tags: tags, Summary: "Add entries to a bank, and remove some",
		MaxBodyBytes: maxBankBody, Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.editBank)
	register(a, huma.Operation{
		OperationID: "drop-bank", Method: http.MethodPost, Path: "/v1/banks/{name}/drop", Tags: tags, Summary: "Remove a bank",
		Description: "Rules that ask for it are not evaluable from then on. A rollback brings it back.", Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.dropBank)
	register(a, huma.Operation{
		OperationID: "roll-back-bank", Method: http.MethodPost, Path: "/v1/banks/{name}/rollback", Tags: tags, Summary: "Make a bank what it was at an earlier version",
		Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.rollBackBank)
	register(a, huma.Operation{
		OperationID: "list-bank-entries", Method: http.MethodGet, Path: "/v1/banks/{name}/entries", Tags: tags, Summary: "List what a bank holds, by value",
		Errors: []int{http.StatusNotFound},
	}, a.listBankEntries)
	register(a, huma.Operation{
		OperationID: "list-bank-versions", Method: http.MethodGet, Path: "/v1/banks/{name}/versions", Tags: tags, Summary: "List the changes of a bank, newest first",
		Description: "The last 500.",
	}, a.listBankVersions)
}

func (a *API) listBanks(ctx context.Context, _ *struct{}) (*struct {
	Body struct {
		Items []Bank `json:"items" nullable:"false"`
	}
}, error) {
	banks, err := a.Control.Banks(ctx)
	if err != nil {
		return nil, err
	}
	out := &struct {
		Body struct {
			Items []Bank `json:"items" nullable:"false"`
		}
	}{}
	out.Body.Items = []Bank{}
	active := a.Engine.Status().Banks
	for _, b := range banks {
		h := b.Header
		out.Body.Items = append(out.Body.Items, Bank{Name: b.Name, Kind: string(h.Kind), Good: h.Good, Policy: h.Policy, Severity: h.Severity,
			Source: h.Source, Note: h.Note, Sharing: h.Sharing, Enabled: h.Enabled, Flood: h.Flood, Version: b.Version, Active: active.Version(b.Name), Entries: b.Len()})
	}
	return out, nil
}

func entriesOf(list []BankEntry) []bank.Entry {
	out := make([]bank.Entry, len(list))
	for i, e := range list {
		out[i] = bank.Entry(e)
	}
	return out
}

func bankMade(author control.Author, version int, err error) (*bankMadeOutput, error) {
	if err != nil {
		return nil, err
	}
	return &bankMadeOutput{Body: BankMade{Version: version, Change: author.ID}}, nil
}

func (a *API) putBank(ctx context.Context, in *struct {
	Once
	BankName
	Body bankBody
}) (*bankMadeOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	version, err := a.Control.PutBank(ctx, author, &bank.File{Name: in.Name, Header: in.Body.header(), Entries: entriesOf(in.Body.Entries)})
	return bankMade(author, version, err)
}

func (a *API) editBank(ctx context.Context, in *struct {
	Once
	BankName
	Body bankEditBody
}) (*bankMadeOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	version, err := a.Control.EditBank(ctx, author, bank.Edit{Bank: in.Name, Add: entriesOf(in.Body.Add), Remove: in.Body.Remove})
	return bankMade(author, version, err)
}

func (a *API) dropBank(ctx context.Context, in *struct {
	Once
	BankName
	Body bankDropBody
}) (*bankMadeOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	version, err := a.Control.EditBank(ctx, author, bank.Edit{Bank: in.Name, Drop: true})
	return bankMade(author, version, err)
}

func (a *API) rollBackBank(ctx context.Context, in *struct {
	Once
	BankName
	Body bankRollbackBody
}) (*bankMadeOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	version, err := a.Control.RollbackBank(ctx, author, in.Name, in.Body.Version)
	return bankMade(author, version, err)
}

func (a *API) listBankEntries(ctx context.Context, in *struct {
	BankName
	After string `query:"after" maxLength:"4096" doc:"Only values after this one; take it from the last answer's next."`
	Limit int    `query:"limit" minimum:"1" maximum:"10000" default:"1000" doc:"How many at most."`
}) (*struct {
	Body struct {
		Items []BankEntry `json:"items" nullable:"false"`
		Next  string      `json:"next,omitempty" doc:"Give it as after for the next part. Absent at the end."`
	}
}, error) {
	b, err := a.Control.Bank(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	out := &struct {
		Body struct {
			Items []BankEntry `json:"items" nullable:"false"`
			Next  string      `json:"next,omitempty" doc:"Give it as after for the next part. Absent at the end."`
		}
	}{}
	out.Body.Items = []BankEntry{}
	for _, e := range b.Entries() {
		if in.After != "" && e.Value <= in.After {
			continue
		}
		if len(out.Body.Items) == in.Limit {
			out.Body.Next = out.Body.Items[in.Limit-1].Value
			break
		}
		out.Body.Items = append(out.Body.Items, BankEntry(e))
	}
	return out, nil
}

func (a *API) listBankVersions(ctx context.Context, in *BankName) (*struct {
	Body struct {
		Items []BankVersion `json:"items" nullable:"false"`
	}
}, error) {
	versions, err := a.Control.BankVersions(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	out := &struct {
		Body struct {
			Items []BankVersion `json:"items" nullable:"false"`
		}
	}{}
	out.Body.Items = make([]BankVersion, len(versions))
	for i, v := range versions {
		out.Body.Items[i] = BankVersion{Version: v.Version, By: v.By, At: Time(v.At), Reason: v.Reason, Added: v.Added, Removed: v.Removed, Dropped: v.Dropped}
	}
	return out, nil
}
