package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/ringfence/ringfence/internal/bank"
)

type banksCmd struct {
	Check    banksCheckCmd    `cmd:"" help:"Check bank files."`
	List     banksListCmd     `cmd:"" help:"List the banks of a server."`
	Put      banksPutCmd      `cmd:"" help:"Make banks of a server what files say."`
	Export   banksExportCmd   `cmd:"" help:"Write a bank of a server as a file that put takes."`
	Add      banksAddCmd      `cmd:"" help:"Add entries to a bank."`
	Remove   banksRemoveCmd   `cmd:"" help:"Remove entries from a bank."`
	Drop     banksDropCmd     `cmd:"" help:"Remove a bank."`
	Rollback banksRollbackCmd `cmd:"" help:"Make a bank what it was at an earlier version."`

	Confirm     banksConfirmCmd     `cmd:"" help:"Say that a match of an entry was right."`
	Dispute     banksDisputeCmd     `cmd:"" help:"Say that a match of an entry was wrong."`
	Quarantine  banksQuarantineCmd  `cmd:"" help:"Keep entries from being found."`
	Quarantined banksQuarantinedCmd `cmd:"" help:"List the entries of a bank that are in quarantine."`
	Release     banksReleaseCmd     `cmd:"" help:"Let entries in quarantine be found again."`
	Preview     banksPreviewCmd     `cmd:"" help:"Say what a PDQ hash would match if it were added."`
	Lookbacks   banksLookbacksCmd   `cmd:"" help:"List what added hashes matched in earlier events."`
}

type banksCheckCmd struct {
	Files []string `arg:"" help:"Bank files: .yaml, .ndjson, .txt (terms, one a line), .json (ThreatExchange descriptors) or .csv (hashes of pictures, hash[,id] a line, or descriptors)."`
}

func (banksCheckCmd) Help() string {
	return `Example:

	ringfence banks check banks/scam-words.txt banks/phishing-hosts.yaml`
}

func (c banksCheckCmd) Run() error {
	var failed error
	for _, path := range c.Files {
		f, err := readBankFile(path)
		if err == nil {
			if _, err = bank.NewSet(&bank.Compiler{}, []bank.Stored{f.Stored()}); err != nil {
				err = fmt.Errorf("%s: %w", path, err)
			}
		}
		if err != nil {
			failed = errors.New("not all files are banks")
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: bank %s, %d %s\n", path, f.Name, len(f.Entries), f.Kind)
		if f.Left > 0 {
			fmt.Fprintf(os.Stderr, "%s: %d descriptors are left out: no hashes, or not of the kind of bank\n", path, f.Left)
		}
	}
	return failed
}

func readBankFile(path string) (*bank.File, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return bank.ReadFile(in, path)
}

type banksListCmd struct{ reader }

func (banksListCmd) Help() string {
	return `Example:

	ringfence banks list`
}

func (c banksListCmd) Run(ctx context.Context) error {
	var banks struct{ Items []json.RawMessage }
	if err := c.send(ctx, http.MethodGet, "/v1/banks", nil, &banks); err != nil {
		return err
	}
	for _, b := range banks.Items {
		fmt.Println(string(b))
	}
	return nil
}

type banksPutCmd struct {
	server
	Files []string `arg:"" help:"Bank files: .yaml, .ndjson, .txt (terms, one a line), .json (ThreatExchange descriptors) or .csv (hashes of pictures, hash[,id] a line, or descriptors). The bank is named by the file, or within it."`
}

func (banksPutCmd) Help() string {
	return `Replaces all that a bank holds, and writes only what differs. The key needs the scope rules.

Example:

	ringfence banks put --reason "list of the week" banks/scam-words.txt`
}

func (c banksPutCmd) Run(ctx context.Context) error {
	for _, path := range c.Files {
		f, err := readBankFile(path)
		if err != nil {
			return err
		}
		if f.Entries == nil {
			f.Entries = []bank.Entry{}
		}
		body := struct {
			bank.Header
			Entries []bank.Entry `json:"entries"`
			Reason  string       `json:"reason"`
		}{f.Header, f.Entries, c.Reason}
		if err := c.edit(ctx, http.MethodPut, f.Name, "", body); err != nil {
			return err
		}
	}
	return nil
}

// edit sends a change of a bank and says which version it made.
func (s server) edit(ctx context.Context, method, name, what string, body any) error {
	var made struct{ Version int }
	if err := s.send(ctx, method, "/v1/banks/"+url.PathEscape(name)+what, body, &made); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "bank %s is at version %d\n", name, made.Version)
	return nil
}

type banksExportCmd struct {
	reader
	Name   string `arg:"" help:"The bank."`
	Format string `enum:"ndjson,threatexchange-json,threatexchange-csv,hashes" default:"ndjson" help:"ndjson is the whole bank, for banks put; the others are lists of hashes for others, of entries that may be shared."`
	With   string `enum:"amber,green,clear" default:"green" help:"Of lists for others: who gets them, by the Traffic Light Protocol. Entries with a stricter word, or none, are left out."`
}

func (banksExportCmd) Help() string {
	return `Writes JSON lines: what is said of the bank, then its entries. Of lists for others it says on standard error how many entries it left out.

Example:

	ringfence banks export scam-words > scam-words.ndjson
	ringfence banks export known-gore --format threatexchange-json --with green > list.json`
}

func (c banksExportCmd) Run(ctx context.Context) error {
	var banks struct {
		Items []struct {
			Name string
			bank.Header
		}
	}
	if err := c.send(ctx, http.MethodGet, "/v1/banks", nil, &banks); err != nil {
		return err
	}
	f := &bank.File{Name: c.Name}
	for _, b := range banks.Items {
		if b.Name == c.Name {
			f.Header = b.Header
		}
	}
	for after, more := "", true; more; more = after != "" {
		var part struct {
			Items []bank.Entry
			Next  string
		}
		query := url.Values{"limit": {"10000"}, "after": {after}}
		if err := c.send(ctx, http.MethodGet, "/v1/banks/"+url.PathEscape(c.Name)+"/entries?"+query.Encode(), nil, &part); err != nil {
			return err
		}
		f.Entries = append(f.Entries, part.Items...)
		after = part.Next
	}
	out := bufio.NewWriter(os.Stdout)
	if c.Format == "ndjson" {
		return errors.Join(f.Write(out), out.Flush())
	}
	left, err := f.Share(out, c.Format, c.With)
	if err = errors.Join(err, out.Flush()); err == nil && left > 0 {
		fmt.Fprintf(os.Stderr, "%d entries are left out: they may not be shared with %s\n", left, c.With)
	}
	return err
}

type banksAddCmd struct {
	server
	Name     string   `arg:"" help:"The bank."`
	Values   []string `arg:"" optional:"" help:"What to add: terms, links or hosts, device ids, hashes."`
	Picture  []string `placeholder:"FILE" help:"Pictures to add to a bank of hashes, by their hashes and their features; the server does not keep the pictures."`
	Policy   string   `help:"Policy of the entries, if not the bank's."`
	Severity int      `help:"Severity of the entries, 1 to 5, if not the bank's."`
}

func (banksAddCmd) Help() string {
	return `Of PDQ hashes it is said first what they match among ordinary pictures.

Example:

	ringfence banks add scam-words "free crypto" --reason "wave of today"
	ringfence banks add known-gore --picture scene.jpg --reason "case 81"`
}

func (c banksAddCmd) Run(ctx context.Context) error {
	if len(c.Values)+len(c.Picture) == 0 {
		return errors.New("say what to add: values, or --picture FILE")
	}
	for _, path := range c.Picture {
		if err := c.addPicture(ctx, path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if len(c.Values) == 0 {
		return nil
	}
	if err := c.preview(ctx); err != nil {
		return err
	}
	body := struct {
		Add    []bank.Entry `json:"add"`
		Reason string       `json:"reason"`
	}{Reason: c.Reason}
	for _, v := range c.Values {
		body.Add = append(body.Add, bank.Entry{Value: v, Policy: c.Policy, Severity: c.Severity})
	}
	return c.edit(ctx, http.MethodPatch, c.Name, "", body)
}

// addPicture adds a picture by its file.
func (c banksAddCmd) addPicture(ctx context.Context, path string) error {
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	query := url.Values{"reason": {c.Reason}, "policy": {c.Policy}, "severity": {strconv.Itoa(c.Severity)}, "note": {filepath.Base(path)}}
	var made struct {
		Version, Quality, Count int
		Value                   string
	}
	if err := c.sendBytes(ctx, http.MethodPost, "/v1/banks/"+url.PathEscape(c.Name)+"/pictures?"+query.Encode(), "application/octet-stream", file, &made); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s: entry %s, quality %d, %d features; bank %s is at version %d\n", path, made.Value, made.Quality, made.Count, c.Name, made.Version)
	return nil
}

type banksRemoveCmd struct {
	server
	Name   string   `arg:"" help:"The bank."`
	Values []string `arg:"" help:"What to remove."`
}

func (banksRemoveCmd) Help() string {
	return `Example:

	ringfence banks remove scam-words "free crypto" --reason "it means something else here"`
}

func (c banksRemoveCmd) Run(ctx context.Context) error {
	body := struct {
		Remove []string `json:"remove"`
		Reason string   `json:"reason"`
	}{c.Values, c.Reason}
	return c.edit(ctx, http.MethodPatch, c.Name, "", body)
}

type banksDropCmd struct {
	server
	Name string `arg:"" help:"The bank."`
}

func (banksDropCmd) Help() string {
	return `Rules that ask for the bank are not evaluable from then on. A rollback brings it back.

Example:

	ringfence banks drop scam-words --reason "replaced by scam-phrases"`
}

func (c banksDropCmd) Run(ctx context.Context) error {
	return c.edit(ctx, http.MethodPost, c.Name, "/drop", struct {
		Reason string `json:"reason"`
	}{c.Reason})
}

type banksRollbackCmd struct {
	server
	Name    string `arg:"" help:"The bank."`
	Version int    `arg:"" help:"The version whose content it is to have."`
}

func (banksRollbackCmd) Help() string {
	return `GET /v1/banks/NAME/versions lists the versions.

Example:

	ringfence banks rollback scam-words 3 --reason "the last import was wrong"`
}

func (c banksRollbackCmd) Run(ctx context.Context) error {
	return c.edit(ctx, http.MethodPost, c.Name, "/rollback", struct {
		Version int    `json:"version"`
		Reason  string `json:"reason"`
	}{c.Version, c.Reason})
}
