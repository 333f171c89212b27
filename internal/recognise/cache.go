package recognise

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Bounds of the cache.
const (
	freshFor   = 2 * time.Minute // in which a file is not asked for again
	cacheBytes = 32 << 20        // of files and addresses
	cacheFiles = 4096
)

// cache remembers the small files that were fetched of late, by address: where one picture goes round it is fetched once. It holds only what a
// guarded request brought, under the address that was asked for, and no failures. After freshFor the server is asked whether the file is still the
// same, if it gave an ETag. Its methods may be called from any goroutine.
type cache struct {
	mu    sync.Mutex
	files map[string]cached
	order []string                 // of addresses, the oldest first
	bytes int                      // of all
	asked map[string]chan struct{} // closed when an address is not being fetched any more
}

type cached struct {
	file  []byte
	etag  string
	until int64 // when it is fresh no more
}

func newCache() *cache { return &cache{files: map[string]cached{}, asked: map[string]chan struct{}{}} }

// hold waits until nobody else fetches an address, and keeps others from it until release is called.
func (c *cache) hold(ctx context.Context, url string) (release func(), err error) {
	for {
		c.mu.Lock()
		other, busy := c.asked[url]
		if !busy {
			done := make(chan struct{})
			c.asked[url] = done
			c.mu.Unlock()
			return func() {
				c.mu.Lock()
				delete(c.asked, url)
				c.mu.Unlock()
				close(done)
			}, nil
		}
		c.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *cache) get(url string) (cached, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	have, ok := c.files[url]
	return have, ok
}

// put remembers a file, unless its server forbids it. Whoever calls holds the address.
func (c *cache) put(url string, h http.Header, file []byte, now int64) {
	control := strings.ToLower(h.Get("Cache-Control"))
	if len(file) >= smallFile || strings.Contains(control, "no-store") || strings.Contains(control, "no-cache") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	old, had := c.files[url]
	if !had {
		c.order = append(c.order, url)
		c.bytes += len(url)
	}
	c.files[url] = cached{file, h.Get("ETag"), now + int64(freshFor)}
	c.bytes += len(file) - len(old.file)
	for c.bytes > cacheBytes || len(c.order) > cacheFiles {
		first := c.order[0]
		c.order = c.order[1:]
		c.bytes -= len(first) + len(c.files[first].file)
		delete(c.files, first)
	}
}
