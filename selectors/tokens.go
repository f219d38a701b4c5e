package selectors

// TokenKind is what a piece of text is before any grammar looks at it.
type TokenKind uint8

// The kinds of tokens.
const (
	WordToken   TokenKind = iota + 1 // arch, 8GiB, eu-west, 10.20.0.0/16
	StringToken                      // "berlin"
	NameToken                        // @prod
	SignToken                        // an operator or a bracket
	BadToken                         // nothing of the language, or text without its closing quote
)

// Token is a piece of a text, for who colours or completes what is being typed.
type Token struct {
	Kind TokenKind
	At   Span
	// Text is what the token says: a text without its quotes, a name without its @.
	// Of a BadToken it is why it is bad.
	Text string
}

// Tokens cuts a text, right or wrong, into tokens as Parse would, in their order; what no
// token covers is blank. A nodeset is cut like any other text.
func Tokens(text string) []Token {
	var out []Token
	for lex := (lexer{text: text}); ; {
		t := lex.next()
		if t.kind == endToken {
			return out
		}
		out = append(out, Token{exported(t.kind), t.at, t.text})
	}
}

func exported(k tokenKind) TokenKind {
	switch k {
	case wordToken:
		return WordToken
	case stringToken:
		return StringToken
	case nameToken:
		return NameToken
	case signToken:
		return SignToken
	case badToken:
		return BadToken
	case endToken:
	}
	panic("selectors: unknown token")
}
