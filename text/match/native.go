package match

import "github.com/ringfence/ringfence/text/fold"

type native struct{}

func (*native) add([]fold.Symbol, int) {}

type words struct{}

func (*words) add([]uint8, int) {}
func (*words) finish()          {}

type fuzzy struct{}

func (*fuzzy) find(*Bank, *lattice, *walker, *[]Match) {}
