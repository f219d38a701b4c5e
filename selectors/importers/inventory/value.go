package inventory

import (
	"strconv"
	"strings"
)

// value is a variable as a label: its text, or why it is none.
type value struct{ text, why string }

func plainText(s string) value {
	if strings.Contains(s, "{{") || strings.Contains(s, "{%") {
		return value{why: "is a template"}
	}
	return value{text: s}
}

func truth(b bool) value { return value{text: strconv.FormatBool(b)} }

const (
	manyValues = "is a list or a mapping"
	noValue    = "is null"
)

// pythonValue reads a value of an INI file, which Ansible takes for a literal of Python if it
// is one and for text otherwise.
func pythonValue(s string) value {
	t := strings.TrimSpace(s)
	switch t {
	case "True", "False":
		return truth(t == "True")
	case "None":
		return value{why: noValue}
	case "":
		return plainText(s)
	}
	if n, ok := pythonNumber(t); ok {
		return value{text: n}
	}
	switch first, last := t[0], t[len(t)-1]; {
	case (first == '\'' || first == '"') && len(t) > 1 && last == first && !strings.ContainsAny(t[1:len(t)-1], "\\"+string(first)):
		return plainText(t[1 : len(t)-1])
	case strings.Contains(t, "{{"), strings.Contains(t, "{%"):
		return plainText(t)
	case strings.IndexByte("[{(", first) >= 0, first == '\'', first == '"':
		return value{why: manyValues}
	}
	return plainText(s)
}

// pythonNumber is the text of an integer or a fraction as Python prints it.
func pythonNumber(s string) (string, bool) {
	digits := strings.TrimLeft(s, "+-")
	if digits == "" || len(s)-len(digits) > 1 || digits[0] < '0' || digits[0] > '9' {
		return "", false
	}
	whole := strings.Trim(digits, "0123456789_") == ""
	switch {
	case whole && strings.Trim(digits, "0_") == "":
		return "0", true
	case whole && digits[0] == '0': // 010 is no number there
		return "", false
	}
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		return strconv.FormatInt(n, 10), true
	}
	if strings.Trim(digits, "0123456789.") != "" {
		return "", false
	}
	return pythonFraction(s)
}

// pythonFraction is the text of 1.5 or 2. as Python prints it.
func pythonFraction(s string) (string, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f >= 1e16 || f <= -1e16 || f != 0 && f < 1e-4 && f > -1e-4 {
		return "", false
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text, true
}
