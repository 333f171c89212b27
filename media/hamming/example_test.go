package hamming_test

import (
	"fmt"

	"github.com/ringfence/ringfence/media/hamming"
)

func Example() {
	known, err := hamming.Parse("d8f8f0cee0f4a84f0637022a078f67f0b36e2ed596623e1d33e6b39c4e9c9b22")
	if err != nil {
		panic(err)
	}
	index := hamming.Build([]hamming.Entry{{Hash: known, ID: 7}})

	recompressed := known
	recompressed[0] ^= 0b10001
	for _, m := range index.Search(nil, recompressed, 31) {
		fmt.Println("entry", m.ID, "at", m.Distance, "bits")
	}
	index.Remove(known, 7)
	fmt.Println("after its removal:", len(index.Search(nil, recompressed, 31)))
	// Output:
	// entry 7 at 2 bits
	// after its removal: 0
}
