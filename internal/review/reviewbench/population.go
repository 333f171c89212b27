package reviewbench

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
)

// Account is what a profile shows.
type Account struct {
	Followings, Followers, Posts float64
	NameLen, BioLen              float64
}

// Population draws accounts of either kind.
type Population interface {
	// Draw is an account as they were before the simulated time: half of a table is for training.
	Draw(rng *rand.Rand, violating, training bool) Account
}

// quantiles of a column at these shares, and between them a line.
var shares = [...]float64{0, .01, .05, .1, .25, .5, .75, .9, .95, .99, 1}

// fitted is a Gaussian copula over five columns, of which the first three are ln(1+count).
type fitted struct {
	columns     [5][len(shares)]float64
	correlation [5][5]float64 // of normal scores
}

// fits are fitted to the accounts of Lee, Eoff and Caverlee (ICWSM 2011): legitimate ones, and content polluters.
var fits = [2]fitted{{
	columns: [5][len(shares)]float64{
		{0, 0, 1.61, 2.48, 3.53, 4.43, 5.29, 6.27, 6.98, 8.19, 11.19},
		{0, 0, 1.61, 2.4, 3.43, 4.47, 5.49, 6.6, 7.27, 8.73, 13.36},
		{0, 1.1, 2.89, 3.87, 5.38, 6.73, 7.86, 8.77, 9.23, 10.11, 12.77},
		{3, 4, 6, 7, 8, 10, 12, 14, 15, 15, 15},
		{0, 0, 0, 0, 0, 34, 78, 127, 149, 160, 160},
	},
	correlation: [5][5]float64{{1, .77, .53, .02, .37}, {.77, 1, .74, .02, .41}, {.53, .74, 1, -.06, .35}, {.02, .02, -.06, 1, .05}, {.37, .41, .35, .05, 1}},
}, {
	columns: [5][len(shares)]float64{
		{0, 2.3, 4.19, 4.84, 5.79, 6.77, 7.54, 8.35, 9.06, 10.25, 11.6},
		{0, 0, 1.39, 2.4, 4.19, 5.69, 7.11, 8.36, 9.08, 10.26, 15.28},
		{0, 0, 0, 1.1, 2.83, 4.74, 6.46, 7.78, 8.49, 9.75, 11.91},
		{2, 5, 7, 8, 9, 11, 13, 15, 15, 15, 15},
		{0, 0, 0, 0, 0, 54, 104, 143, 155, 160, 474},
	},
	correlation: [5][5]float64{{1, .9, .53, .01, .35}, {.9, 1, .66, -.02, .39}, {.53, .66, 1, -.03, .31}, {.01, -.02, -.03, 1, .04}, {.35, .39, .31, .04, 1}},
}}

// Generated is a population that the program makes up: see TestDistanceToRealTables for how far from real it is.
type Generated struct{ roots [2][5][5]float64 }

// NewGenerated is the fitted population.
func NewGenerated() *Generated {
	g := new(Generated)
	for kind, f := range fits {
		g.roots[kind] = cholesky(f.correlation)
	}
	return g
}

// Draw is an account; there are as many for training as one wants.
func (g *Generated) Draw(rng *rand.Rand, violating, _ bool) Account {
	kind := 0
	if violating {
		kind = 1
	}
	var z, v [5]float64
	for i := range z {
		z[i] = rng.NormFloat64()
		x := 0.0
		for j := 0; j <= i; j++ {
			x += g.roots[kind][i][j] * z[j]
		}
		v[i] = quantile(&fits[kind].columns[i], .5*math.Erfc(-x/math.Sqrt2))
	}
	return Account{math.Round(math.Expm1(v[0])), math.Round(math.Expm1(v[1])), math.Round(math.Expm1(v[2])), math.Round(v[3]), math.Round(v[4])}
}

func quantile(column *[len(shares)]float64, share float64) float64 {
	i := 1
	for i < len(shares)-1 && share > shares[i] {
		i++
	}
	return column[i-1] + (column[i]-column[i-1])*(share-shares[i-1])/(shares[i]-shares[i-1])
}

// cholesky is the lower triangle whose product with its transpose is a positive definite matrix.
func cholesky(a [5][5]float64) (l [5][5]float64) {
	for i := range a {
		for j := 0; j <= i; j++ {
			sum := a[i][j]
			for k := range j {
				sum -= l[i][k] * l[j][k]
			}
			if i == j {
				l[i][j] = math.Sqrt(sum)
			} else {
				l[i][j] = sum / l[j][j]
			}
		}
	}
	return l
}

// Table is a population of accounts that somebody labelled: even rows for training, odd ones for the simulated time.
type Table struct{ rows [2][2][]Account } // by kind, and whether for training

// ReadTable reads a CSV file with the columns label_polluter, followings, followers, tweets, screen_name_len and description_len.
func ReadTable(r io.Reader) (*Table, error) {
	columns := []string{"label_polluter", "followings", "followers", "tweets", "screen_name_len", "description_len"}
	in := csv.NewReader(r)
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("the table of accounts has no head: %w", err)
	}
	at := map[string]int{}
	for i, name := range head {
		at[name] = i
	}
	for _, c := range columns {
		if _, ok := at[c]; !ok {
			return nil, fmt.Errorf("the table of accounts has no column %s", c)
		}
	}
	t := new(Table)
	for n := range 1 << 22 {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		var v [6]float64
		for i, c := range columns {
			v[i], err = strconv.ParseFloat(row[at[c]], 64)
			if err != nil || !(v[i] >= 0) || math.IsInf(v[i], 0) {
				return nil, fmt.Errorf("account %d: %s is %q, not a number from 0 on", n+1, c, row[at[c]])
			}
		}
		kind := 0
		if v[0] != 0 {
			kind = 1
		}
		part := &t.rows[kind][(len(t.rows[kind][0])+len(t.rows[kind][1]))%2]
		*part = append(*part, Account{v[1], v[2], v[3], v[4], v[5]})
	}
	for _, kind := range t.rows {
		if len(kind[0]) < 100 || len(kind[1]) < 100 {
			return nil, errors.New("the table of accounts needs 200 accounts of either label")
		}
	}
	return t, nil
}

// Draw is one of the accounts.
func (t *Table) Draw(rng *rand.Rand, violating, training bool) Account {
	kind, part := 0, 0
	if violating {
		kind = 1
	}
	if training {
		part = 1
	}
	rows := t.rows[kind][part]
	return rows[rng.IntN(len(rows))]
}
