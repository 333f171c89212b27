package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// lookalikes lists, a line each, what is written for something Korean that looks like it: the letters or syllables that are meant,
// a tab, and what is written for them, parted by spaces. Rotated words are not among them: package match turns them itself.
func lookalikes(folder string) ([]byte, error) {
	data, err := os.ReadFile(folder + "/iconic_dictionary.json")
	if err != nil {
		return nil, err
	}
	var lists map[string]map[string][]string
	if err := json.Unmarshal(data, &lists); err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	var b strings.Builder
	for _, name := range []string{"consonant_dict", "vowel_dict", "yamin_dict"} {
		for _, meant := range slices.Sorted(maps.Keys(lists[name])) {
			fmt.Fprintf(&b, "%s\t%s\n", meant, strings.Join(lists[name][meant], " "))
		}
	}
	return []byte(b.String()), nil
}
