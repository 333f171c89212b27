package match

// Walks have budgets of steps, so that the time is linear in the text whatever is in it: a start of a word takes no more than
// stepsPerStart, and all starts together what stepsOf says. Beside these ownSteps are every start's own, so that what uses up all
// the others hides little: most disguises of one or two ways take no more. A start that is cut short is followed by a straight
// walk, so that nothing hides a term as it is listed.
//
// There are two starts for each symbol at most, so all walks together take no more steps than stepsOf says and, for each of them,
// its own and the letters of the longest term.
const (
	stepsPerStart  = 1000
	stepsPerSymbol = 50
	stepsPerText   = 10_000 // and so many beside
	ownSteps       = 40     // in long texts a quarter

	longText = 1 << 14 // symbols, beyond which a text has a fifth of the steps for each
)

// ownOf is how many steps of own are a start's own in a text of so many symbols.
func ownOf(symbols, own int) int {
	if symbols > longText {
		return own / 4
	}
	return own
}

// stepsOf is how many steps the starts of a text of so many symbols may take in all, beside their own.
func stepsOf(symbols, perSymbol, perText int) int {
	return perText + perSymbol*min(symbols, longText) + perSymbol/5*max(symbols-longText, 0)
}
