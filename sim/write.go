package sim

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"

	"github.com/ringfence/ringfence/event"
)

// Names of the files that Write makes.
const (
	EventsFile = "events.ndjson.gz" // native events in time order
	TruthFile  = "truth.ndjson"     // a Truth a line
)

// Write generates into a directory, which is made if it is not there: EventsFile and TruthFile. Existing files are replaced.
func Write(dir string, seed uint64, scale Scale) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	truth, err := writeEvents(filepath.Join(dir, EventsFile), seed, scale)
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	if err := writeTruth(filepath.Join(dir, TruthFile), truth); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	return nil
}

func writeEvents(path string, seed uint64, scale Scale) (truth []Truth, err error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := file.Close(); err == nil {
			err = closed
		}
	}()
	zip := gzip.NewWriter(file)
	var line []byte
	truth, err = Generate(seed, scale, func(e *event.Event) error {
		line = append(e.AppendNative(line[:0]), '\n')
		_, err := zip.Write(line)
		return err
	})
	if err != nil {
		return nil, err
	}
	return truth, zip.Close()
}

func writeTruth(path string, truth []Truth) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closed := file.Close(); err == nil {
			err = closed
		}
	}()
	w := bufio.NewWriter(file)
	lines := json.NewEncoder(w)
	for i := range truth {
		if err := lines.Encode(&truth[i]); err != nil {
			return err
		}
	}
	return w.Flush()
}
