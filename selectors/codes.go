package selectors

import "slices"

// Code names a kind of mistake: S034. What it means is in Mistakes; a code never changes its
// meaning.
type Code string

// The codes: 0 for what cannot be read, 2 for sorts, 3 for types, 4 for names.
const (
	emptyText         Code = "S001"
	unfinished        Code = "S002"
	unexpected        Code = "S003"
	badText           Code = "S004"
	mixedOperators    Code = "S010"
	notComparison     Code = "S011"
	badName           Code = "S012"
	badNodes          Code = "S013"
	badAmount         Code = "S014"
	badRule           Code = "S015"
	badFunction       Code = "S016"
	tooLarge          Code = "S017"
	wrongSort         Code = "S020"
	wrongOperator     Code = "S030"
	badCast           Code = "S031"
	badValue          Code = "S032"
	badPattern        Code = "S033"
	unknownValue      Code = "S034"
	badQuantifier     Code = "S035"
	unknownKey        Code = "S036"
	unknownName       Code = "S040"
	unknownDeployment Code = "S041"
)

// Mistake explains a code.
type Mistake struct {
	Code  Code
	Title string
	About string
	// Wrong is a text with the mistake, Right one that says what was meant.
	Wrong, Right string
}

// Mistakes are all kinds of mistakes, in the order of their codes.
func Mistakes() []Mistake { return slices.Clone(mistakes) }

var mistakes = []Mistake{
	{emptyText, "empty text",
		"Empty text is never a selector: whether it meant every device or none would be a guess.", ``, `true`},
	{unfinished, "unfinished text",
		"The text is right as far as it goes. The REPL asks for another line.", `all & (`, `all & ({gw7})`},
	{unexpected, "something else was expected",
		"A word or a sign stands where it cannot. The caret is below it.", `arch = aarch64 os = linux`, `arch = aarch64 & os = linux`},
	{badText, "no word of the language",
		"Text is UTF-8 and stands in double quotes on one line, with the escapes of Go: \\\" and \\\\.", `os = 'linux'`, `os = "linux"`},
	{mixedOperators, "operators that need parentheses",
		"& binds before |. - and ^ mix with nothing, as no two languages agree on what that would mean: parentheses cost a second, a wrong fleet costs a fleet.", `all | {gw7} - {gw8}`, `(all | {gw7}) - {gw8}`},
	{notComparison, "! before a comparison",
		"! applies to a parenthesis, a name, has or a quantifier. Before a comparison it could be read as negating its key.", `!arch = aarch64`, `!(arch = aarch64)`},
	{badName, "no name",
		"A name starts with a letter and has letters, digits and _ - . / only. A - inside a word belongs to the word; for a difference put spaces around it.", `@9lives`, `all`},
	{badNodes, "no nodeset",
		"Braces hold device names with commas between them. Folded they look like edge[001-100], rack[1-2]n[1-8] or edge[0-8/2]; zeros in front are part of a name.", `{edge[9-1]}`, `{edge[1-9]}`},
	{badAmount, "no amount",
		"An amount is a number of devices, or a percentage from 0% to 100% with at most two decimals; a share of a fleet is rounded up.", `take(all, 101%)`, `take(all, 100%)`},
	{badRule, "no rule",
		"A rule is a fleet or a selector, an arrow and deployments: F -> {app@version, app} at PRIORITY. Rules are joined by |, each in parentheses.", `all -> {}`, `all -> {agent@2.1.0}`},
	{badFunction, "no such function",
		"The functions are has, label, num, ver, ip, any, every, sample and take. Of these label, num, ver and ip make a key.", `lable("site") = "a"`, `label("site") = "a"`},
	{tooLarge, "too large",
		"Limits on nesting, operators, names in a nodeset and patterns keep a hostile text from using up the machine. Give a part a name.", `{n[1-99999999]}`, `all`},
	{wrongSort, "sorts that do not fit",
		"A selector is a condition on a device, a fleet a set of devices, an assignment says what runs where. An operator joins two of one sort; F[s] is the devices of F that s admits, all[s] the fleet of a selector.", `all & arch = aarch64`, `all[arch = aarch64]`},
	{wrongOperator, "an operator that the key has not",
		"Text has = in glob =~, and an order only by a cast: num(…), ver(…). Sets have contains, instants have within; numbers, quantities and versions have < <= > >=.", `label("slots") > 3`, `num(label("slots")) > 3`},
	{badCast, "a cast that does not fit",
		"num, ver and ip read the text of a label. What has a type already needs none, and devices are grouped by text.", `num(cpus) > 3`, `cpus > 3`},
	{badValue, "a value that cannot be read",
		"A quantity is 8GiB or 512M, a version 22.04 or 2.1.0-rc.1, a length of time 90s, 5m, 1h30m or 7d, a network 10.20.0.0/16. They stand without quotes.", `mem >= lots`, `mem >= 8GiB`},
	{badPattern, "a bad pattern",
		"A glob knows * ? and [a-c]. A regular expression is RE2 and matches the whole text: no \\b, no ^ and $ within lines, no look-around.", `name =~ "edge-[0-9"`, `name =~ "edge-[0-9]+"`},
	{unknownValue, "a value the key never has",
		"arch and phase have fixed lists of values, so that a slip is seen before anything is selected by it.", `arch = aarhc64`, `arch = aarch64`},
	{badQuantifier, "a quantifier that asks for something else",
		"any(deploy: …) and every(deploy: …) ask about one deployment at a time. Quantifiers do not nest, and what is of the device stands outside.", `any(deploy: any(deploy: app = "web"))`, `any(deploy: app = "web")`},
	{unknownKey, "no such key",
		"A bare word is an attribute of every device; a label is written label(\"…\"). Inside any(deploy: …) the keys are those of a deployment.", `ring = "0"`, `label("ring") = "0"`},
	{unknownName, "no such name",
		"@names are defined by a World (-w DIR) or by let. An unknown name is an error, never empty: in an exclusion it would widen the target.", `@nope`, `all`},
	{unknownDeployment, "no such deployment",
		"A deployment is app@version, or app alone where the World has one version of it.", `all -> {agent@9.9.9}`, `all -> {agent@2.1.0}`},
}
