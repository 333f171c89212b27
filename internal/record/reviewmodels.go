package record

import "context"

// ReviewModels is the models by which cases are put in order. They decide nothing but that order, so they are not in the journal.
type ReviewModels interface {
	// PutReviewModel stores a model; one that is there changes nothing. Of the models that do not serve the last
	// MaxReviewModels are kept.
	PutReviewModel(ctx context.Context, m ReviewModel) error

	// ReviewModel gives a model.
	ReviewModel(ctx context.Context, id string) (ReviewModel, error)

	// ListReviewModels lists all models without their data, newest first.
	ListReviewModels(ctx context.Context) ([]ReviewModel, error)

	// ServeReviewModel makes a model the one that cases are put in order by; an empty id is the one that learns at each verdict. It
	// is audited.
	ServeReviewModel(ctx context.Context, id, by, reason string, at int64) error

	// ServingReviewModel is the id of the model that serves; empty for the one that learns at each verdict.
	ServingReviewModel(ctx context.Context) (string, error)
}

// ReviewModel is a version of a model.
type ReviewModel struct {
	ID      string // hash of the data
	Kind    string
	Data    []byte
	At      int64
	Trained []byte // JSON, opaque here: on what it was trained
}

// MaxReviewModels is how many models are kept beside the one that serves.
const MaxReviewModels = 20
