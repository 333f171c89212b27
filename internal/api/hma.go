package api

import (
	"cmp"
	"context"
	"crypto/md5"  //nolint:gosec // MD5 and SHA-1 are what lists of known files hold
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
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
	hmaFiles   = 8 // in memory at a time; others are refused
)

type hmaSignal struct {
	name, prefix string
	digits       int
}

// hmaSignals are the kinds of hashes, by their names there, with what our banks write before them and how many digits they have.
var hmaSignals = []hmaSignal{{"pdq", "", 64}, {"md5", "", 32}, {"sha1", "", 40}, {"sha256", "sha256:", 64}}

func (a *API) routeHMA() {
	a.hashing, a.files = make(chan struct{}, hmaHashers), make(chan struct{}, hmaFiles)
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
			late := time.AfterFunc(a.Limits.Stall, func() { cut(http.NewResponseController(w).SetReadDeadline) }) // bodies of these calls are small
			defer late.Stop()
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
		for _, name := range []string{"signal", "signal_type", "banks", "seed", "include_distance"} {
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

// hmaHashOf looks a hash up that a client names.
func (a *API) hmaHashOf(req *http.Request, kind, value string) ([]rule.Found, error) {
	p, entry, err := hmaPicture(kind, value)
	if err != nil {
		return nil, err
	}
	return a.hmaFind(req, &p, entry)
}

// hmaFind looks a picture up in the banks that events are read with now, of the named ones if any are. Known-good banks take away what they hold, by
// whichever hash. seed stands for the account where the client names none: HMA throws a die; the same hash gets the same answer here.
func (a *API) hmaFind(req *http.Request, p *bank.Picture, seed string) ([]rule.Found, error) {
	query := req.URL.Query()
	at := bank.Occasion{Actor: cmp.Or(query.Get("seed"), seed), Time: a.Now()}
	var reader bank.Reader
	found, _ := reader.LookAt(nil, a.Engine.Status().Banks, p, "", at)
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
	found, err := a.hmaHashOf(req, query.Get("signal_type"), query.Get("signal"))
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

func (a *API) hmaLookup(req *http.Request) (int, any, error) {
	query := req.URL.Query()
	if query.Get("url") != "" {
		return 0, nil, hmaBad("addresses are not fetched here: send the file, or its hash")
	}
	if query.Get("signal") == "" || query.Get("signal_type") == "" {
		return 0, nil, hmaBad("Either url or both signal and signal_type are required")
	}
	found, err := a.hmaHashOf(req, query.Get("signal_type"), query.Get("signal"))
	out := map[string][]hmaMatch{}
	for _, f := range found {
		out[f.Bank] = append(out[f.Bank], hmaMatch{contentID(f.Bank, f.Entry), strconv.Itoa(f.Distance)})
	}
	return http.StatusOK, out, err
}

func (a *API) hmaLookupFile(req *http.Request) (int, any, error) {
	hashes, kinds, err := a.hmaHashes(req)
	if err != nil {
		return 0, nil, err
	}
	p := bank.Picture{MD5: hashes["md5"], SHA1: hashes["sha1"], SHA256: hashes["sha256"]}
	if hashes["pdq"] != "" {
		h, err := hamming.Parse(hashes["pdq"])
		if err != nil {
			return 0, nil, err
		}
		p.PDQ = []hamming.Hash{h}
	}
	found, err := a.hmaFind(req, &p, p.SHA256)
	if err != nil {
		return 0, nil, err
	}
	out := map[string]map[string][]hmaMatch{}
	for _, kind := range kinds {
		out[kind] = map[string][]hmaMatch{}
	}
	for _, f := range found {
		if of := out[bank.HashKind(f.Entry)]; of != nil {
			of[f.Bank] = append(of[f.Bank], hmaMatch{contentID(f.Bank, f.Entry), strconv.Itoa(f.Distance)})
		}
	}
	return http.StatusOK, out, nil
}

func (a *API) hmaHash(req *http.Request) (int, any, error) {
	hashes, kinds, err := a.hmaHashes(req)
	maps.DeleteFunc(hashes, func(kind, _ string) bool { return !slices.Contains(kinds, kind) })
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

// hmaKinds are the kinds of hashes that a request asks for, all if it names none.
func hmaKinds(req *http.Request) (kinds []string, err error) {
	asked := req.URL.Query().Get("types")
	for _, s := range hmaSignals {
		kinds = append(kinds, s.name)
	}
	if asked == "" {
		return kinds, nil
	}
	var only []string
	for kind := range strings.SplitSeq(asked, ",") {
		if kind = strings.TrimSpace(kind); !slices.Contains(kinds, kind) {
			return nil, hmaBad("signal type '%.40s' doesn't exist or is disabled", kind)
		}
		only = append(only, kind)
	}
	return only, nil
}

// hmaHashes hashes the one file of a form, and says which of its hashes are asked for. A picture too flat for PDQ has an empty one, as there. Where as many files
// are in memory as may be, it says so before it reads.
func (a *API) hmaHashes(req *http.Request) (hashes map[string]string, kinds []string, err error) {
	if kinds, err = hmaKinds(req); err != nil {
		return nil, nil, err
	}
	select {
	case a.files <- struct{}{}:
		defer func() { <-a.files }()
	default:
		return nil, nil, hmaProblem{http.StatusServiceUnavailable, errBusy.Error()}
	}
	file, err := hmaUpload(req)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(req.Context(), hmaDecode)
	defer cancel()
	p, done, err := a.decode(ctx, file)
	switch {
	case errors.Is(err, errBusy):
		return nil, nil, hmaProblem{http.StatusServiceUnavailable, err.Error()}
	case err != nil:
		return nil, nil, hmaBad("%v", err)
	}
	defer done()
	m, s1, s256 := md5.Sum(file), sha1.Sum(file), sha256.Sum256(file) //nolint:gosec // as above
	hashes = map[string]string{"md5": hex.EncodeToString(m[:]), "sha1": hex.EncodeToString(s1[:]), "sha256": hex.EncodeToString(s256[:]), "pdq": ""}
	if s := pdq.NewHasher().Full(p.Pix, p.W, p.H); s.Quality >= pdq.MinQuality {
		hashes["pdq"] = s.Hash().String()
	}
	return hashes, kinds, nil
}

// hmaUpload reads the one file of a form.
func hmaUpload(req *http.Request) ([]byte, error) {
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
	return file, nil
}
