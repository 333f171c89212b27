package api

import (
	"context"
	"net/http"
	"regexp"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/gallery"
	"github.com/ringfence/ringfence/internal/record"
)

// KeptPicture is what is kept of a picture.
type KeptPicture struct {
	Digest   string   `json:"digest" doc:"SHA-256 of the file."`
	Keep     string   `json:"keep" enum:"nothing,preview,original" doc:"What there is to look at, by the policies that the picture offends."`
	Policies []string `json:"policies"`
	Accounts []string `json:"accounts" doc:"Who posted it, the first thousand."`
	First    Time     `json:"first" doc:"When it was seen first."`
	Last     Time     `json:"last" doc:"When it was seen last, late by an hour at most."`
}

type digestPath struct {
	Digest string `path:"digest" pattern:"^[0-9a-f]{64}$" doc:"SHA-256 of the picture's file, in lower-case hexadecimal digits."`
}

func (a *API) routeMedia() {
	tags := []string{"media"}
	digest := &huma.Param{Name: "digest", In: "path", Required: true, Description: "SHA-256 of the picture's file, in lower-case hexadecimal digits.",
		Schema: &huma.Schema{Type: huma.TypeString, Pattern: digestPattern.String()}}
	picture := func(description string) *huma.Response {
		return &huma.Response{Description: description, Content: map[string]*huma.MediaType{"image/*": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
	}
	none := errorResponse("Nothing is kept of the picture, or its policies do not allow it to be shown.")
	register(a, huma.Operation{
		OperationID: "get-media", Method: http.MethodGet, Path: "/v1/media/{digest}", Tags: tags, Summary: "What is kept of a known picture",
		Errors: []int{http.StatusNotFound},
	}, a.kept)
	a.handle(huma.Operation{
		OperationID: "preview-media", Method: http.MethodGet, Path: "/v1/media/{digest}/preview", Tags: tags, Summary: "Look at a known picture, blurred and grey",
		Parameters: []*huma.Param{digest},
		Responses:  map[string]*huma.Response{"200": picture("A small JPEG."), "404": none},
	}, a.preview)
	a.handle(huma.Operation{
		OperationID: "get-original-media", Method: http.MethodGet, Path: "/v1/media/{digest}/original", Tags: tags, Summary: "Look at a known picture as it was uploaded",
		Description: "The audit trail gets an entry before the picture is given out. The file is as a stranger made it: show it where it can do no harm.",
		Parameters: []*huma.Param{digest, {Name: "reason", In: "query", Required: true, Description: "Why it has to be seen, for the audit trail.",
			Schema: &huma.Schema{Type: huma.TypeString, MinLength: new(1), MaxLength: new(maxReason)}}},
		Responses: map[string]*huma.Response{"200": picture("The file."), "404": none, "422": errorResponse("No reason is given.")},
	}, a.original)
	register(a, huma.Operation{
		OperationID: "erase-media", Method: http.MethodPost, Path: "/v1/media/erase", Tags: tags, Summary: "Remove what is kept of an account's pictures",
		Description: "Those that nobody else posted are removed, and of the others that this account did.",
	}, a.eraseMedia)
}

const maxReason = 1000 // bytes

var digestPattern = regexp.MustCompile("^[0-9a-f]{64}$")

// pictures gives the gallery.
func (a *API) pictures() (Gallery, error) {
	if a.Gallery == nil {
		return nil, huma.Error404NotFound("no pictures are kept: set media.fetch in the configuration")
	}
	return a.Gallery, nil
}

func (a *API) kept(_ context.Context, in *digestPath) (*struct{ Body KeptPicture }, error) {
	g, err := a.pictures()
	if err != nil {
		return nil, err
	}
	p, err := g.Find(in.Digest)
	if err != nil {
		return nil, err
	}
	return &struct{ Body KeptPicture }{keptOf(&p)}, nil
}

func keptOf(p *gallery.Picture) KeptPicture {
	return KeptPicture{Digest: p.Digest, Keep: p.Keep.String(), Policies: p.Policies, Accounts: p.Accounts, First: Time(p.First), Last: Time(p.Last)}
}

func (a *API) preview(w http.ResponseWriter, r *http.Request) {
	g, err := a.pictures()
	var jpeg []byte
	if err == nil {
		jpeg, err = g.Preview(r.Context(), r.PathValue("digest"))
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.send(w, r, http.StatusOK, "image/jpeg", jpeg)
}

func (a *API) original(w http.ResponseWriter, r *http.Request) {
	digest, reason := r.PathValue("digest"), r.URL.Query().Get("reason")
	g, err := a.pictures()
	var file []byte
	var kind string
	switch {
	case err == nil && (reason == "" || len(reason) > maxReason):
		err = huma.Error422UnprocessableEntity("say in ?reason= why the original has to be seen, in 1 to 1000 bytes")
	case err == nil:
		file, kind, err = g.Original(r.Context(), digest)
	}
	if err == nil { // nobody sees what the trail does not say that they saw
		err = a.Store.PutAudit(r.Context(), record.AuditEntry{
			At: a.Now(), By: exchangeOf(r.Context()).principal.By, Action: "media.original", Subject: digest, Reason: reason,
		})
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+digest+`"`)
	a.send(w, r, http.StatusOK, kind, file)
}

// fail answers a plain route with what a typed one would answer.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	problem := a.problemOf(r.Context(), err)
	if told, ok := problem.(huma.StatusError); ok { //nolint:errorlint // problemOf made it
		status = told.GetStatus()
	}
	a.refuse(w, r, status, problem.Error())
}

func (a *API) eraseMedia(ctx context.Context, in *struct {
	Body struct {
		Account string `json:"account" minLength:"1" maxLength:"4096"`
		Reason  string `json:"reason" minLength:"1" maxLength:"1000"`
	}
}) (*struct{ Body Erased }, error) {
	g, err := a.pictures()
	if err != nil {
		return nil, err
	}
	n, err := g.Erase(ctx, in.Body.Account)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Erased }{Erased{n}}, a.Store.PutAudit(ctx, record.AuditEntry{
		At: a.Now(), By: exchangeOf(ctx).principal.By, Action: "media.erase", Subject: "account", Reason: in.Body.Reason,
	})
}

// Erased says what was removed.
type Erased struct {
	Pictures int `json:"pictures"`
}
