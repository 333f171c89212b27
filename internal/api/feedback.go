package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/bank"
)

type bankFeedbackBody struct {
	Value    string `json:"value" minLength:"1" maxLength:"4096" doc:"The entry that was matched."`
	Verdict  string `json:"verdict" enum:"confirm,dispute" doc:"Whether the match was right."`
	Event    string `json:"event,omitempty" maxLength:"1024" doc:"The id of the event that matched. A person has one word on each; the last counts."`
	Distance *int   `json:"distance,omitempty" minimum:"0" maximum:"1000000" doc:"How far the match was from the entry: bits of a PDQ hash, hundredths of a term's disguise. A dispute that says so makes the entry stricter."`
	Reason   string `json:"reason" minLength:"1" maxLength:"1000"`
}

type bankValuesBody struct {
	Values []string `json:"values" minItems:"1" maxItems:"10000" nullable:"false" doc:"Of entries."`
	Reason string   `json:"reason" minLength:"1" maxLength:"1000"`
}

// BankQuarantined is an entry that is found in nothing for now.
type BankQuarantined struct {
	Value     string `json:"value"`
	Why       string `json:"why" enum:"disputed,flood" doc:"Whether people put it there, by disputes or at once, or a flood of matches did."`
	Because   string `json:"because,omitempty" doc:"In words."`
	Since     Time   `json:"since,omitzero" doc:"Of a flood: event time."`
	Accounts  int64  `json:"accounts,omitzero" doc:"Of a flood: about so many matched it within the hour."`
	Mean      int64  `json:"mean,omitzero" doc:"Of a flood: about so many in the mean hour before."`
	Confirmed int    `json:"confirmed" doc:"Of the last 64 words on its matches, how many confirm one."`
	Disputed  int    `json:"disputed" doc:"How many dispute one."`
	Limit     *int   `json:"limit,omitempty" doc:"What disputes left of its threshold."`
}

type bankQuarantineOutput struct {
	Body struct {
		Items []BankQuarantined `json:"items" nullable:"false"`
	}
}

func (a *API) routeFeedback() {
	tags := []string{"banks"}
	errors := []int{http.StatusNotFound, http.StatusConflict}
	register(a, huma.Operation{
		OperationID: "judge-bank-match", Method: http.MethodPost, Path: "/v1/banks/{name}/feedback", Tags: tags, Summary: "Confirm or dispute a match of an entry",
		Description: "A dispute makes the entry stricter than the match was; three of them, and more than there are confirmations, put it into quarantine.", Errors: errors,
	}, a.judgeBankMatch)
	register(a, huma.Operation{
		OperationID: "quarantine-bank-entries", Method: http.MethodPost, Path: "/v1/banks/{name}/quarantine", Tags: tags, Summary: "Put entries into quarantine",
		Description: "They stay in the bank and are found in nothing until they are released.", Errors: errors,
	}, a.quarantineBankEntries)
	register(a, huma.Operation{
		OperationID: "release-bank-entries", Method: http.MethodPost, Path: "/v1/banks/{name}/release", Tags: tags, Summary: "Release entries from quarantine",
		Description: "No flood puts them there again for a week. What disputes left of their thresholds stays; an edit that states a threshold changes that.", Errors: errors,
	}, a.releaseBankEntries)
	register(a, huma.Operation{
		OperationID: "list-bank-quarantine", Method: http.MethodGet, Path: "/v1/banks/{name}/quarantine", Tags: tags, Summary: "List the entries in quarantine",
		Errors: []int{http.StatusNotFound},
	}, a.listBankQuarantine)
}

func (a *API) judgeBankMatch(ctx context.Context, in *struct {
	Once
	BankName
	Body bankFeedbackBody
}) (*bankMadeOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	version, err := a.Control.EditBank(ctx, author, bank.Edit{Bank: in.Name, Feedback: []bank.Feedback{
		{Value: in.Body.Value, Dispute: in.Body.Verdict == "dispute", Event: in.Body.Event, Far: in.Body.Distance},
	}})
	return bankMade(author, version, err)
}

func (a *API) quarantineBankEntries(ctx context.Context, in *struct {
	Once
	BankName
	Body bankValuesBody
}) (*bankMadeOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	version, err := a.Control.EditBank(ctx, author, bank.Edit{Bank: in.Name, Quarantine: in.Body.Values})
	return bankMade(author, version, err)
}

func (a *API) releaseBankEntries(ctx context.Context, in *struct {
	Once
	BankName
	Body bankValuesBody
}) (*bankMadeOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	version, err := a.Control.EditBank(ctx, author, bank.Edit{Bank: in.Name, Release: in.Body.Values})
	return bankMade(author, version, err)
}

func (a *API) listBankQuarantine(ctx context.Context, in *BankName) (*bankQuarantineOutput, error) {
	b, err := a.Control.Bank(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	floods, err := a.Engine.Quarantines(ctx)
	if err != nil {
		return nil, err
	}
	out := &bankQuarantineOutput{}
	out.Body.Items = []BankQuarantined{}
	add := func(q BankQuarantined, s bank.Standing) {
		q.Confirmed, q.Disputed = s.Counts()
		q.Limit = s.Limit
		out.Body.Items = append(out.Body.Items, q)
	}
	for _, s := range b.Standings() {
		if s.Quarantined != "" {
			add(BankQuarantined{Value: s.Value, Why: "disputed", Because: s.Quarantined}, s)
		}
	}
	for _, q := range floods {
		if q.Bank == in.Name {
			s, _ := b.Standing(q.Value)
			add(BankQuarantined{Value: q.Value, Why: "flood", Since: Time(q.Since), Accounts: q.Accounts, Mean: q.Mean}, s)
		}
	}
	return out, nil
}
