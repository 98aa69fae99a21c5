package miniredis

import (
	"bytes"
	"errors"
	"strconv"
)

// errorsByText are the errors that have a name.
var errorsByText = map[string]error{}

// known makes an error that replies of its text are.
func known(text string) error {
	err := errors.New(text)
	errorsByText[text] = err
	return err
}

// appendRequest appends a command as clients send it.
func appendRequest(dst []byte, args []string) []byte {
	dst = append(strconv.AppendInt(append(dst, '*'), int64(len(args)), 10), "\r\n"...)
	for _, arg := range args {
		dst = append(strconv.AppendInt(append(dst, '$'), int64(len(arg)), 10), "\r\n"...)
		dst = append(append(dst, arg...), "\r\n"...)
	}
	return dst
}

// parse reads a reply of RESP2: a string, an int, an error, nil or a []any of those. The engine
// wrote it, so nothing in it is malformed.
func parse(b []byte) (reply any, rest []byte) {
	line, rest, _ := bytes.Cut(b[1:], []byte("\r\n"))
	text := string(line)
	switch b[0] {
	case '+':
		return text, rest
	case '-':
		if err := errorsByText[text]; err != nil {
			return err, rest
		}
		return errors.New(text), rest
	}
	n, _ := strconv.Atoi(text)
	switch {
	case b[0] == ':':
		return n, rest
	case n < 0:
		return nil, rest
	case b[0] == '$':
		return string(rest[:n]), rest[n+2:]
	}
	items := make([]any, n)
	for i := range items {
		items[i], rest = parse(rest)
	}
	return items, rest
}

// list is an array's items, nil of anything else.
func list(reply any) []any {
	items, _ := reply.([]any)
	return items
}

// texts are the strings of an array, or its error.
func texts(reply any) ([]string, error) {
	if err, failed := reply.(error); failed {
		return nil, err
	}
	var all []string
	for _, item := range list(reply) {
		text, _ := item.(string)
		all = append(all, text)
	}
	return all, nil
}

// number is an int, or its error.
func number(reply any) (int, error) {
	err, _ := reply.(error)
	n, _ := reply.(int)
	return n, err
}

// text is a string, "" of null, or its error.
func text(reply any) (string, error) {
	err, _ := reply.(error)
	s, _ := reply.(string)
	return s, err
}

// float is the double that a string tells, or its error.
func float(reply any) (float64, error) {
	s, err := text(reply)
	if err != nil || s == "" {
		return 0, err
	}
	return strconv.ParseFloat(s, 64)
}
