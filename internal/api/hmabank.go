package api

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/ringfence/ringfence/internal/bank"
)

type hmaBankConfig struct {
	Name  string  `json:"name"`
	Ratio float64 `json:"matching_enabled_ratio"`
}

func hmaBankOf(b *bank.Bank) hmaBankConfig {
	c := hmaBankConfig{Name: b.Name, Ratio: 1}
	if b.Header.Enabled != nil {
		c.Ratio = float64(*b.Header.Enabled) / 100
	}
	return c
}

// hmaName is our name of a bank.
func hmaName(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

func (a *API) hmaIndexStatus(req *http.Request) (int, any, error) {
	type status struct {
		Built   int64 `json:"built_to"`
		Present bool  `json:"present"`
		Size    int   `json:"size"`
	}
	only := req.URL.Query().Get("signal_type")
	out := map[string]*status{}
	for _, s := range hmaSignals {
		if only == "" || only == s.name {
			out[s.name] = &status{Built: a.Now() / 1e9, Present: true} // there is no index to be built later
		}
	}
	if len(out) == 0 {
		return 0, nil, hmaBad("No such signal type '%.40s'", only)
	}
	for _, b := range a.Engine.Status().Banks.Banks() {
		if b.Header.Kind != bank.Hashes {
			continue
		}
		for kind, n := range b.HashKinds() {
			if s := out[kind]; s != nil {
				s.Size += n
			}
		}
	}
	return http.StatusOK, out, nil
}

func (a *API) hmaBanks(*http.Request) (int, any, error) {
	list := []hmaBankConfig{}
	for _, b := range a.Engine.Status().Banks.Banks() {
		if b.Header.Kind == bank.Hashes {
			list = append(list, hmaBankOf(b))
		}
	}
	return http.StatusOK, list, nil
}

// bankOf is the bank of hashes that a path names.
func (a *API) bankOf(req *http.Request) (*bank.Bank, error) {
	name := req.PathValue("name")
	b, ok := a.Engine.Status().Banks.Bank(hmaName(name))
	if !ok || b.Header.Kind != bank.Hashes {
		return nil, hmaProblem{http.StatusNotFound, fmt.Sprintf("bank '%.64s' not found", name)}
	}
	return b, nil
}

func (a *API) hmaBank(req *http.Request) (int, any, error) {
	b, err := a.bankOf(req)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, hmaBankOf(b), nil
}

func (a *API) hmaContent(req *http.Request) (int, any, error) {
	b, err := a.bankOf(req)
	if err != nil {
		return 0, nil, err
	}
	id := req.PathValue("id")
	for _, e := range b.Entries() {
		if strconv.FormatInt(contentID(b.Name, e.Value), 10) != id {
			continue
		}
		until := int64(1) // HMA's word for enabled
		if s, _ := b.Standing(e.Value); s.Quarantined != "" {
			until = math.MaxInt32
		}
		out := map[string]any{"id": contentID(b.Name, e.Value), "disable_until_ts": until, "collab_metadata": map[string]any{}, "original_media_uri": nil, "bank": hmaBankOf(b)}
		if with, _ := strconv.ParseBool(req.URL.Query().Get("include_signals")); with {
			out["signals"] = map[string]string{bank.HashKind(e.Value): e.Value[strings.IndexByte(e.Value, ':')+1:]}
		}
		return http.StatusOK, out, nil
	}
	return 0, nil, hmaProblem{http.StatusNotFound, fmt.Sprintf("content '%.40s' not found", id)}
}

func (a *API) hmaAddSignal(req *http.Request) (int, any, error) {
	b, err := a.bankOf(req)
	if err != nil {
		return 0, nil, err
	}
	if b, err = a.Control.Bank(req.Context(), b.Name); err != nil { // with what was added just now
		return 0, nil, err
	}
	var signals map[string]string
	if err := json.NewDecoder(io.LimitReader(req.Body, 64<<10)).Decode(&signals); err != nil || len(signals) == 0 {
		return 0, nil, hmaBad("No signals given")
	}
	e := bank.Edit{Bank: b.Name}
	id := int64(0)
	for _, s := range hmaSignals { // in this order
		value, given := signals[s.name]
		if !given {
			continue
		}
		_, entry, err := hmaPicture(s.name, value)
		if err != nil {
			return 0, nil, err
		}
		if id == 0 {
			id = contentID(b.Name, entry)
		}
		if _, there := b.Entry(entry); !there {
			e.Add = append(e.Add, bank.Entry{Value: entry})
		}
		signals[s.name] = strings.TrimPrefix(entry, s.prefix)
	}
	for kind := range signals {
		if !slices.ContainsFunc(hmaSignals, func(s hmaSignal) bool { return s.name == kind }) {
			return 0, nil, hmaBad("No such signal type %.40s", kind)
		}
	}
	if len(e.Add) > 0 {
		if _, err := a.Control.EditBank(req.Context(), Once{}.author(req.Context(), "added by a client of HMA's calls"), e); err != nil {
			return 0, nil, err
		}
	}
	return http.StatusOK, map[string]any{"id": id, "signals": signals}, nil
}

func (a *API) hmaSignalTypes(*http.Request) (int, any, error) {
	type config struct {
		Name  string  `json:"name"`
		Ratio float64 `json:"enabled_ratio"`
	}
	list := []config{}
	for _, s := range hmaSignals {
		list = append(list, config{s.name, 1})
	}
	return http.StatusOK, list, nil
}
