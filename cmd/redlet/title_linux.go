package main

import (
	"os"
	"strconv"
	"strings"
)

// showTitle writes a title where the arguments stood when the program was started, which is what
// ps reads. A longer one goes on into the environment, as programs in C have it; Go has copied
// that. Where the system does not say where they stood, there is no title.
func showTitle(title string) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return
	}
	begin, argumentsEnd, end := argumentArea(string(stat))
	if begin <= 0 || argumentsEnd <= begin || end < argumentsEnd {
		return
	}
	text := make([]byte, max(argumentsEnd-begin, min(int64(len(title))+1, end-begin)))
	copy(text[:len(text)-1], title)
	memory, err := os.OpenFile("/proc/self/mem", os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer memory.Close()
	_, _ = memory.WriteAt(text, begin) // it is for people who look on; the server does without
}

// argumentArea reads where in memory the arguments begin and end, and where the environment behind
// them ends. They are the 48th, 49th and 51st field of /proc/self/stat, of which the second is a
// name in parentheses.
func argumentArea(stat string) (begin, argumentsEnd, end int64) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	number := func(field int) (n int64) {
		if field -= 3; field < len(fields) {
			n, _ = strconv.ParseInt(fields[field], 10, 64)
		}
		return n
	}
	return number(48), number(49), number(51)
}
