package worldfile

import (
	"slices"
	"strings"

	"github.com/musterfleet/muster/internal/diag"
)

// unknownCodes are the language's codes for a name and for a deployment that is not declared.
var unknownCodes = []string{"S040", "S041"}

// noDeployment is what is said where an app that is named has none.
const noDeployment = "no deployment of app "

// Unresolved reports a diagnostic of something that is used and not declared: one more document
// would mend it.
func Unresolved(d diag.Diagnostic) bool {
	return slices.Contains(unknownCodes, d.Code) || strings.Contains(d.Message, ": "+noDeployment)
}
