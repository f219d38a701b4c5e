package selectors

// Stand-ins so that algebra builds until the language lands. Whoever brings the real
// methods deletes this file.

func (x Compare) Subject() Key            { return x.Key }
func (x In) Subject() Key                 { return x.Key }
func (x Has) Subject() Key                { return x.Key }
func (x Compare) Holds(string, bool) bool { return false }
func (x In) Holds(string, bool) bool      { return false }
func (x Has) Holds(string, bool) bool     { return false }

// Print is a stand-in.
func Print(Expr) string { return "" }

// Fold is a stand-in.
func Fold([]string) string { return "" }
