package core

// arityOf counts the words of a command's syntax that must be there: negative where more may come.
func arityOf(cmd *Command, sub bool) int {
	n := 1
	if sub {
		n++
	}
	if len(cmd.Sub) > 0 {
		return -n - 1
	}
	more, depth, word := false, 0, false
	s := cmd.Syntax
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '[':
			more = true
			depth++
			word = false
		case ']':
			depth--
			word = false
		case '(':
			if depth == 0 {
				n++
			}
			depth++
		case ')':
			depth--
			word = false
		case '.':
			more = true
		case ' ':
			word = false
		default:
			if depth == 0 && !word {
				n++
			}
			word = true
		}
	}
	if more {
		return -n
	}
	return n
}
