package match

// Walks have budgets of steps, so that the time is linear in the text whatever is in it: a start of a word takes no more than
// stepsPerStart, and all starts together what stepsOf says. A few are every start's own, so that nothing can be hidden behind a text
// that uses up all the others.
const (
	stepsPerStart  = 1000
	stepsPerSymbol = 50
	stepsPerText   = 10_000 // and so many beside
	ownSteps       = 10

	longText = 1 << 14 // symbols, beyond which a text has a fifth of the steps for each
)

// stepsOf is how many steps the starts of a text of so many symbols may take in all, beside their own.
func stepsOf(symbols, perSymbol, perText int) int {
	return perText + perSymbol*min(symbols, longText) + perSymbol/5*max(symbols-longText, 0)
}
