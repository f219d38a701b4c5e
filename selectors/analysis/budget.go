package analysis

// Limits of what is tried before an answer is an error. They are counts, not times, so that the
// same question has the same answer everywhere.
const (
	mostDecisions = 40_000_000 // an atom on a value
	mostStates    = 50_000     // of the automaton of a key's patterns
	mostWords     = 400_000    // ids looked at for one that falls into given samples
	mostRegions   = 20_000     // of one key
	mostBodies    = 16         // different any(deploy: …)
	mostTuples    = 200_000    // combinations of predicates told apart at once
	// MostNodes is the default of Options.Nodes.
	MostNodes = 500_000
)

// Budget is the error of a question that would take too much memory to answer.
type Budget struct{ What string }

func (b *Budget) Error() string { return b.What }
