package core

// cmdHelp is the HELP subcommand of every container. It has the shape of Redis's help and says
// what the table says.
func cmdHelp(c *call) {
	container := c.e.find(c.args[0])
	var lines []string
	for i := range container.Sub {
		sub := &container.Sub[i]
		if sub.Name == "help" || !c.e.visible(sub) {
			continue
		}
		usage := upper(sub.Name)
		if sub.Syntax != "" {
			usage += " " + shownSyntax(sub.Syntax)
		}
		lines = append(lines, usage, "    "+sub.Summary)
	}
	c.array(len(lines) + 3)
	c.status(upper(container.Name) +
		" <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, line := range lines {
		c.status(line)
	}
	c.status("HELP")
	c.status("    Print this help.")
}

// shownSyntax leaves out of a Syntax what only machines need: names of groups, types, versions.
func shownSyntax(syntax string) string {
	var out []byte
	word := 0 // where the word under way begins in out
	for i := 0; i < len(syntax); i++ {
		switch b := syntax[i]; b {
		case ' ', '|', '[', ']', '(', ')', '{', '}':
			if b == '(' || b == '{' {
				out = out[:word]
			}
			out = append(out, b)
			word = len(out)
		case ':':
			for i+1 < len(syntax) && syntax[i+1] >= 'a' && syntax[i+1] <= 'z' {
				i++
			}
			if i+1 < len(syntax) && syntax[i+1] >= 'A' && syntax[i+1] <= 'Z' {
				out = out[:word]
			}
		case '^', '!', '@':
			for i+1 < len(syntax) && (syntax[i+1] == '.' && i+2 < len(syntax) &&
				syntax[i+2] != '.' || syntax[i+1] >= '0' && syntax[i+1] <= '9') {
				i++
			}
		default:
			out = append(out, b)
		}
	}
	return string(out)
}
