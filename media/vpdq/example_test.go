package vpdq_test

import (
	"fmt"
	"strings"

	"github.com/ringfence/ringfence/media/vpdq"
)

// A known video of three frames is found at the end of a longer one.
func ExampleCompare() {
	known, err := vpdq.Read(strings.NewReader(`0,100,d8f8f0cee0f4a84f0637022a078f67f0b36e2ed596621e1d33e6339c4e9c9b22,0.000
25,100,b0a10efd71cc3f429013d48d0ffffc52e34e0e17ada952a9d29685211ea9e5af,1.000
50,100,a5f4a457a48995e8c9065c275aaa5498b61ba4bdf8fcf80387c32f8b1bfc4f05,2.000
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	query, err := vpdq.Read(strings.NewReader(`0,100,adad5a64b5a142e75b5a09857da895ae63b847fc23794b766b319361bc93188d,0.000
30,100,d8f8f0cee0f4a84f0637022a078f67f0b36e2ed596621e1d33e6339c4e9c9b23,10.000
60,100,b0a10efd71cc3f429013d48d0ffffc52e34e0e17ada952a9d29685211ea9e5af,11.000
90,100,a5f4a457a48995e8c9065c275aaa5498b61ba4bdf8fcf80387c32f8b1bfc4f05,12.000
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	c := vpdq.Compare(query, known, vpdq.Options{})
	fmt.Printf("%.0f%% of the query, %.0f%% of the known video\n", c.QueryPercent, c.KnownPercent)
	for _, s := range c.Segments {
		fmt.Printf("%v to %v is %v to %v\n", s.QueryStart, s.QueryEnd, s.KnownStart, s.KnownEnd)
	}
	// Output:
	// 75% of the query, 100% of the known video
	// 10s to 12s is 0s to 2s
}
