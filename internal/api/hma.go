package api

import (
	"context"
	"crypto/md5" //nolint:gosec // MD5 is what lists of known files hold
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/rule"
)

// The calls of Hasher-Matcher-Actioner 2 (facebook/ThreatExchange, hasher-matcher-actioner/src/OpenMediaMatch/blueprints) that its clients make to
// hash pictures and look hashes up, on our banks of hashes and with our keys. Banks go by our names, also where a client writes them in its way: MY_BANK
// is my-bank. A content id is a hash of bank and entry, below 2^53.

// Bounds of these calls.
const (
	hmaFile    = 16 << 20
	hmaPixels  = 20_000_000
	hmaDecode  = 20 * time.Second
	hmaHashers = 2 // files that are decoded at a time; others wait
)

type hmaSignal struct {
	name, prefix string
	digits       int
}

// hmaSignals are the kinds of hashes, by their names there, with what our banks write before them and how many digits they have.
var hmaSignals = []hmaSignal{{"pdq", "", 64}, {"md5", "", 32}, {"sha1", "", 40}, {"sha256", "sha256:", 64}}

func (a *API) routeHMA() {
	a.hashing = make(chan struct{}, hmaHashers)
	for _, r := range []struct {
		method, path, id, summary string
		serve                     func(*http.Request) (int, any, error)
	}{
		{"POST", "/h/hash", "hma-hash", "Hash a picture, as HMA does", a.hmaHash},
		{"GET", "/m/raw_lookup", "hma-raw-lookup", "Look up a hash, as HMA does: content ids", a.hmaRawLookup},
		{"GET", "/m/lookup", "hma-lookup", "Look up a hash, as HMA does: by bank", a.hmaLookup},
		{"POST", "/m/lookup", "hma-lookup-file", "Look up a picture, as HMA does: by kind of hash and bank", a.hmaLookupFile},
		{"GET", "/m/index/status", "hma-index-status", "Say how many hashes there are, as HMA does", a.hmaIndexStatus},
		{"GET", "/c/banks", "hma-banks", "List the banks of hashes, as HMA does", a.hmaBanks},
		{"GET", "/c/bank/{name}", "hma-bank", "Show a bank of hashes, as HMA does", a.hmaBank},
		{"GET", "/c/bank/{name}/content/{id}", "hma-content", "Show an entry, as HMA does", a.hmaContent},
		{"POST", "/c/bank/{name}/signal", "hma-add-signal", "Add hashes to a bank, as HMA does", a.hmaAddSignal},
		{"GET", "/c/signal_type", "hma-signal-types", "List the kinds of hashes, as HMA does", a.hmaSignalTypes},
	} {
		a.handle(huma.Operation{
			OperationID: r.id, Method: r.method, Path: r.path, Tags: []string{"hma"}, Summary: r.summary,
			Description: "For clients of Hasher-Matcher-Actioner; see docs/banks.md.", Parameters: hmaParameters(r.path),
			Responses: map[string]*huma.Response{"200": {Description: "As HMA answers."}},
		}, func(w http.ResponseWriter, req *http.Request) {
			status, answer, err := r.serve(req)
			if err != nil {
				var p hmaProblem
				if !errors.As(err, &p) {
					p = hmaProblem{http.StatusInternalServerError, "internal error"}
					if errors.Is(err, record.ErrNotFound) || errors.Is(err, record.ErrInvalid) {
						p = hmaProblem{http.StatusBadRequest, err.Error()}
					}
					if errors.Is(err, record.ErrNotFound) {
						p.status = http.StatusNotFound
					}
				}
				status, answer = p.status, map[string]any{"code": p.status, "name": http.StatusText(p.status), "description": p.text, "message": p.text}
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(answer) // a client that is gone
		})
	}
}

// hmaParameters are those of a path.
func hmaParameters(path string) (list []*huma.Param) {
	text := &huma.Schema{Type: huma.TypeString}
	for _, name := range []string{"name", "id"} {
		if strings.Contains(path, "{"+name+"}") {
			list = append(list, &huma.Param{Name: name, In: "path", Required: true, Schema: text})
		}
	}
	if strings.HasSuffix(path, "lookup") {
		for _, name := range []string{"signal", "signal_type", "banks", "seed", "include_distance", "bypass_coinflip"} {
			list = append(list, &huma.Param{Name: name, In: "query", Schema: text})
		}
	}
	return list
}

// hmaProblem is an answer that says no.
type hmaProblem struct {
	status int
	text   string
}

func (p hmaProblem) Error() string { return p.text }

func hmaBad(format string, args ...any) error {
	return hmaProblem{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// hmaMatch is a match as HMA writes it: the distance is a text there.
type hmaMatch struct {
	ID       int64  `json:"bank_content_id"`
	Distance string `json:"distance"`
}

// contentID stands for an entry. Two of a hundred thousand are the same once in two million.
func contentID(bank, value string) int64 {
	return int64(xxh3.HashString(bank+"\x00"+value) >> 11)
}

// hmaPicture is what to look up for a hash of a kind, as clients name it.
func hmaPicture(kind, value string) (p bank.Picture, entry string, err error) {
	for _, s := range hmaSignals {
		if s.name != kind {
			continue
		}
		entry, err = bank.NormalHash(s.prefix + strings.ToLower(strings.TrimSpace(value)))
		digits := strings.TrimPrefix(entry, s.prefix)
		if err != nil || len(digits) != s.digits {
			return p, "", hmaBad("invalid signal: %.80q is no %s", value, kind)
		}
		switch kind {
		case "md5":
			p.MD5 = digits
		case "sha1":
			p.SHA1 = digits
		case "sha256":
			p.SHA256 = digits
		default:
			h, err := hamming.Parse(digits)
			if err != nil {
				return p, "", hmaBad("invalid signal: %v", err)
			}
			p.PDQ = []hamming.Hash{h}
		}
		return p, entry, nil
	}
	return p, "", hmaBad("No such SignalType '%.40s'", kind)
}

// hmaFind looks a hash up in the banks that events are read with now, of the named ones if any are. Known-good banks take away what they hold.
func (a *API) hmaFind(req *http.Request, kind, value string) ([]rule.Found, error) {
	p, entry, err := hmaPicture(kind, value)
	if err != nil {
		return nil, err
	}
	query := req.URL.Query()
	at := bank.Occasion{Actor: query.Get("seed"), Time: a.Now()}
	if at.Actor == "" {
		at.Actor = entry // HMA throws a die; the same hash gets the same answer here
	}
	var reader bank.Reader
	found := reader.LookAt(nil, a.Engine.Status().Banks, &p, "", at)
	floods, err := a.Engine.Quarantines(req.Context())
	if err != nil {
		return nil, err
	}
	var only []string
	if names := query.Get("banks"); names != "" {
		for name := range strings.SplitSeq(names, ",") {
			only = append(only, hmaName(strings.TrimSpace(name)))
		}
	}
	return slices.DeleteFunc(found, func(f rule.Found) bool {
		for _, q := range floods {
			if q.Bank == f.Bank && q.Value == f.Entry {
				return true
			}
		}
		return f.Good || only != nil && !slices.Contains(only, f.Bank)
	}), nil
}

func (a *API) hmaRawLookup(req *http.Request) (int, any, error) {
	query := req.URL.Query()
	found, err := a.hmaFind(req, query.Get("signal_type"), query.Get("signal"))
	if err != nil {
		return 0, nil, err
	}
	if with, _ := strconv.ParseBool(query.Get("include_distance")); with {
		matches := []hmaMatch{}
		for _, f := range found {
			matches = append(matches, hmaMatch{contentID(f.Bank, f.Entry), strconv.Itoa(f.Distance)})
		}
		return http.StatusOK, map[string]any{"matches": matches}, nil
	}
	ids := []int64{}
	for _, f := range found {
		ids = append(ids, contentID(f.Bank, f.Entry))
	}
	return http.StatusOK, map[string]any{"matches": ids}, nil
}

func (a *API) byBank(req *http.Request, kind, value string) (map[string][]hmaMatch, error) {
	found, err := a.hmaFind(req, kind, value)
	out := map[string][]hmaMatch{}
	for _, f := range found {
		out[f.Bank] = append(out[f.Bank], hmaMatch{contentID(f.Bank, f.Entry), strconv.Itoa(f.Distance)})
	}
	return out, err
}

func (a *API) hmaLookup(req *http.Request) (int, any, error) {
	query := req.URL.Query()
	if query.Get("url") != "" {
		return 0, nil, hmaBad("addresses are not fetched here: send the file, or its hash")
	}
	if query.Get("signal") == "" || query.Get("signal_type") == "" {
		return 0, nil, hmaBad("Either url or both signal and signal_type are required")
	}
	out, err := a.byBank(req, query.Get("signal_type"), query.Get("signal"))
	return http.StatusOK, out, err
}

func (a *API) hmaLookupFile(req *http.Request) (int, any, error) {
	hashes, err := a.hmaHashes(req)
	if err != nil {
		return 0, nil, err
	}
	out := map[string]map[string][]hmaMatch{}
	for kind, value := range hashes {
		if value == "" {
			out[kind] = map[string][]hmaMatch{}
		} else if out[kind], err = a.byBank(req, kind, value); err != nil {
			return 0, nil, err
		}
	}
	return http.StatusOK, out, nil
}

func (a *API) hmaHash(req *http.Request) (int, any, error) {
	hashes, err := a.hmaHashes(req)
	return http.StatusOK, hashes, err
}

// errBusy is the error of a picture for which there was no room.
var errBusy = errors.New("too many files are being hashed; try again")

// decode decodes a picture that a caller sent, few at a time. The caller calls done when it needs it no more.
func (a *API) decode(ctx context.Context, file []byte) (p *picture.Picture, done func(), err error) {
	select {
	case a.hashing <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, errBusy
	}
	done = func() { <-a.hashing }
	if p, err = (picture.Decoder{MaxBytes: hmaFile, MaxPixels: hmaPixels, HEIF: picture.FindHEIF()}).Decode(ctx, file); err != nil {
		done()
		return nil, nil, fmt.Errorf("the picture cannot be decoded: %w", err)
	}
	return p, done, nil
}

// hmaHashes hashes the one file of a form. A picture too flat for PDQ has an empty one, as there.
func (a *API) hmaHashes(req *http.Request) (map[string]string, error) {
	form, err := req.MultipartReader()
	if err != nil {
		return nil, hmaBad("Missing multipart/form-data file upload")
	}
	part, err := form.NextPart()
	if err != nil || part.FileName() == "" {
		return nil, hmaBad("Missing multipart/form-data file upload")
	}
	if part.FormName() != "photo" {
		return nil, hmaBad("no such content_type: '%.40s'; there is photo", part.FormName())
	}
	file, err := io.ReadAll(io.LimitReader(part, hmaFile+1))
	switch {
	case err != nil:
		return nil, hmaBad("the upload was cut off")
	case len(file) > hmaFile:
		return nil, hmaProblem{http.StatusRequestEntityTooLarge, fmt.Sprintf("a file of more than %d MB", hmaFile>>20)}
	}
	if _, err := form.NextPart(); !errors.Is(err, io.EOF) {
		return nil, hmaBad("Only one file allowed per request")
	}
	ctx, cancel := context.WithTimeout(req.Context(), hmaDecode)
	defer cancel()
	p, done, err := a.decode(ctx, file)
	switch {
	case errors.Is(err, errBusy):
		return nil, hmaProblem{http.StatusServiceUnavailable, err.Error()}
	case err != nil:
		return nil, hmaBad("%v", err)
	}
	defer done()
	digest := md5.Sum(file) //nolint:gosec // as above
	out := map[string]string{"md5": hex.EncodeToString(digest[:]), "pdq": ""}
	if s := pdq.NewHasher().Full(p.Pix, p.W, p.H); s.Quality >= pdq.MinQuality {
		out["pdq"] = s.Hash().String()
	}
	kinds := req.URL.Query().Get("types")
	for kind := range strings.SplitSeq(kinds, ",") {
		if _, known := out[strings.TrimSpace(kind)]; kinds != "" && !known {
			return nil, hmaBad("signal type '%.40s' doesn't exist or is disabled", kind)
		}
	}
	for kind := range out {
		if kinds != "" && !slices.ContainsFunc(strings.Split(kinds, ","), func(k string) bool { return strings.TrimSpace(k) == kind }) {
			delete(out, kind)
		}
	}
	return out, nil
}
