package errs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
)

// like is as if it were a PathError.
type like struct{ error }

func (like) As(target any) bool {
	p, ok := target.(**os.PathError)
	if ok {
		*p = &os.PathError{Op: "like"}
	}
	return ok
}

// TestAs compares with errors.As.
func TestAs(t *testing.T) {
	path := &os.PathError{Op: "open", Err: io.EOF}
	for _, err := range []error{nil, io.EOF, path, fmt.Errorf("a: %w", path), like{io.EOF},
		errors.Join(io.EOF, fmt.Errorf("a: %w", path)), errors.Join(io.EOF, io.EOF),
		fmt.Errorf("%w, %w", errors.Join(io.EOF, like{io.EOF}), path)} {
		var want *os.PathError
		found := errors.As(err, &want)
		got, ok := As[*os.PathError](err)
		if ok != found || ok && got.Op != want.Op {
			t.Errorf("of %v %v, %v, want %v, %v", err, got, ok, want, found)
		}
	}
}

func TestJoin(t *testing.T) {
	if err := Join(nil, nil); err != nil {
		t.Error(err)
	}
	if err := Join(nil, io.EOF); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
