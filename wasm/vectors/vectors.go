// Package vectors reads and writes the test vectors of the guest's ABI, which every host passes.
// README.md beside it says what stands in them.
package vectors

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Step is a line of a vector: what a host hands to the guest, and what must come of it.
type Step struct {
	About    string   `json:"about,omitempty"`  // what the step shows
	Fresh    bool     `json:"fresh,omitempty"`  // a new instance takes the place of the one before
	Copy     bool     `json:"copy,omitempty"`   // a copy of the instance takes its place
	Now      int64    `json:"now"`              // the time, in microseconds
	In       []Frame  `json:"in,omitempty"`     // the input
	Raw      string   `json:"raw,omitempty"`    // the input instead, in hexadecimal digits
	Grows    bool     `json:"grows,omitempty"`  // the memory is larger than before the step
	Status   int32    `json:"status,omitempty"` // what step answers
	Out      []Frame  `json:"out"`              // the output
	Deadline *float64 `json:"deadline"`         // of the control block; null is +Infinity
}

// A Frame is [kind, conn, ticket, piece ...] in a vector. The pieces are the payload: a string, of
// which each character is a byte, or [string, count], a string that many times.
type Frame struct {
	Kind, Conn, Ticket uint32
	Payload            []byte
}

// runMin is how many equal bytes are written as a count of them.
const runMin = 64

// MarshalJSON implements json.Marshaler.
func (f Frame) MarshalJSON() ([]byte, error) {
	items := []any{f.Kind, f.Conn, f.Ticket}
	plain := 0 // where the piece begins that is not yet written
	for at := 0; at < len(f.Payload); {
		end := at + 1
		for end < len(f.Payload) && f.Payload[end] == f.Payload[at] {
			end++
		}
		if end-at >= runMin {
			if plain < at {
				items = append(items, text(f.Payload[plain:at]))
			}
			items = append(items, []any{text(f.Payload[at : at+1]), end - at})
			plain = end
		}
		at = end
	}
	if plain < len(f.Payload) {
		items = append(items, text(f.Payload[plain:]))
	}
	return encode(items)
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *Frame) UnmarshalJSON(b []byte) error {
	var items []json.RawMessage
	if err := json.Unmarshal(b, &items); err != nil {
		return err
	}
	if len(items) < 3 {
		return errors.New("a frame has three numbers")
	}
	*f = Frame{}
	for i, number := range []*uint32{&f.Kind, &f.Conn, &f.Ticket} {
		if err := json.Unmarshal(items[i], number); err != nil {
			return err
		}
	}
	for _, item := range items[3:] {
		piece, count := "", 1
		var err error
		if item[0] == '[' {
			err = json.Unmarshal(item, &[]any{&piece, &count})
		} else {
			err = json.Unmarshal(item, &piece)
		}
		if err != nil {
			return err
		}
		one := make([]byte, 0, len(piece))
		for _, r := range piece {
			one = append(one, byte(r))
		}
		f.Payload = append(f.Payload, bytes.Repeat(one, count)...)
	}
	return nil
}

// text has a character for each byte.
func text(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

// Input is what the step hands in, as bytes.
func (s *Step) Input() ([]byte, error) {
	if s.Raw != "" {
		return hex.DecodeString(s.Raw)
	}
	var b []byte
	for _, f := range s.In {
		for _, n := range []uint32{f.Kind, f.Conn, f.Ticket, uint32(len(f.Payload))} {
			b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		}
		b = append(b, f.Payload...)
	}
	return b, nil
}

// Marshal writes a vector.
func Marshal(steps []Step) ([]byte, error) {
	var all []byte
	for _, s := range steps {
		line, err := encode(s)
		if err != nil {
			return nil, err
		}
		all = append(append(all, line...), '\n')
	}
	return all, nil
}

// encode is json.Marshal, which would escape what HTML does.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Load reads the vectors of a folder by their names.
func Load(dir string) (map[string][]Step, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(paths) == 0 {
		return nil, errors.Join(errors.New("no vectors in "+dir), err)
	}
	all := map[string][]Step{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl")
		for i, line := range bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n")) {
			var s Step
			if err := json.Unmarshal(line, &s); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
			}
			all[name] = append(all[name], s)
		}
	}
	return all, nil
}
