package family_test

import (
	"fmt"

	"github.com/ringfence/ringfence/text/family"
)

func Example() {
	index := family.NewIndex(64 << 20)
	var sketcher family.Sketcher
	var sketch family.Sketch
	var id family.ID
	for i, post := range []struct{ account, text string }{
		{"ann", "Your parcel from Acme could not be delivered, pay the fee at https://a.example/1"},
		{"bob", "Yоur раrсеl frоm DHX соuld nоt bе dеlivеrеd, рау thе fее at https://b.example/2"},
		{"cy", "YOUR PARCEL from Fedo could not be delivered!!! Pay the fee at https://c.example/3"},
	} {
		sketcher.Into(&sketch, post.text)
		id = index.Assign(&sketch, post.account, int64(i))
	}
	found, _ := index.Family(id)
	template, _ := index.Template(id)
	fmt.Println(found.Accounts, "accounts:", template)
	for _, fill := range template.Parts[1].Fills {
		fmt.Println(fill.Text)
	}
	// Output:
	// 3 accounts: Your parcel from {…} could not be delivered, pay the fee at {link}
	// Acme
	// DHX
	// Fedo
}
