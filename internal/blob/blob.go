// Package blob is the port of media bytes: what is kept of pictures, and what is known of known ones. It holds bytes under names and
// knows nothing of what they are. Package folder is the embedded driver, a directory; an S3-compatible bucket fits behind the same
// interface. Package blobtest is the contract that every driver passes.
package blob

import (
	"context"
	"errors"
	"regexp"
)

// ErrNone is the error of reading what is not there.
var ErrNone = errors.New("blob: there is nothing of that name")

// ErrName is the error of a name that no driver takes.
var ErrName = errors.New("blob: a name is of up to four parts of a-z, 0-9, - and . between slashes, each of at most 100 characters that begin with a letter or digit")

// MaxSize is how many bytes a blob has at most.
const MaxSize = 64 << 20

var pattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,99}(/[a-z0-9][a-z0-9.-]{0,99}){0,3}$`)

// CheckName says whether drivers take a name: one that is safe as a path and as a key.
func CheckName(name string) error {
	if !pattern.MatchString(name) {
		return ErrName
	}
	return nil
}

// Info is what a list says of a blob.
type Info struct {
	Name string
	Size int64 // in bytes
}

// Store keeps blobs. Its methods may be called from any goroutine.
type Store interface {
	// Put stores data under a name, in place of what is there. When it returns nil the data is durable; a reader sees it whole or not
	// at all. More than MaxSize bytes are refused.
	Put(ctx context.Context, name string, data []byte) error

	// Get reads what is under a name; ErrNone if there is nothing.
	Get(ctx context.Context, name string) ([]byte, error)

	// Delete removes what is under a name. It is no error if nothing is.
	Delete(ctx context.Context, name string) error

	// List gives up to max of the blobs whose names begin with prefix, a name up to and with a slash, or all if it is empty; those after a
	// name, in the order of names byte by byte.
	List(ctx context.Context, prefix, after string, max int) ([]Info, error)
}
