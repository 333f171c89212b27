package pipeline

import (
	"context"

	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/state"
)

// image is the hot state as of a position, on its way to the disk.
type image struct {
	through journal.Position
	image   *state.Image
}

// TakeImage asks for an image at the next chance. Its owner calls it every so often: the more time passes between images, the
// longer a restart replays.
func (e *Engine) TakeImage() {
	e.imageDue.Store(true)
	e.pokes.poke()
}

// Saved is the position of the last image on disk: a restart decides everything behind it again, so the journal has to keep it.
func (e *Engine) Saved() journal.Position { return journal.Position(e.saved.Load()) }

// tryImage takes the token of images, if the one before is written.
func (e *Engine) tryImage() bool {
	select {
	case <-e.imageFree:
		e.imageDue.Store(false)
		return true
	default:
		return false
	}
}

// send hands a finished image to the goroutine that writes it.
func (e *Engine) send(images chan<- image, through journal.Position) {
	images <- image{through: through, image: e.state.FinishImage()}
}

// commit writes images. An image may be written only after all effects of positions up to its own are in the outbox, or a
// crash would lose them.
func (e *Engine) commit(ctx context.Context, images <-chan image) {
	for i := range images {
		e.commitOne(ctx, i)
		e.imageFree <- struct{}{}
	}
}

func (e *Engine) commitOne(ctx context.Context, i image) {
	if e.progress.waitDelivered(ctx, i.through) != nil {
		return // the outbox failed: the next start replays from the image before
	}
	if err := i.image.Commit(); err != nil {
		e.opts.Log.Error("the hot state's image cannot be written; a restart would replay from the one before",
			"position", i.through, "error", err)
		e.setImageError(err)
		return
	}
	e.saved.Store(uint64(i.through))
	e.setImageError(nil)
}

func (e *Engine) setImageError(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.imageErr = err
}
