// Package page holds the playground page that `make playground` builds from js/playground.
//
// The built page is not committed. A program built without it works, but serves no page.
package page

import (
	"embed"
	"errors"
	"io/fs"
)

//go:embed all:built
var built embed.FS

// ErrMissing is what Files answers in a program that was built before the page.
var ErrMissing = errors.New("this program was built without the playground page: run " +
	"`make playground build` in redlet's source, or name a folder by playground-dir")

// Files returns the page: index.html and what belongs to it.
func Files() (fs.FS, error) {
	files, err := fs.Sub(built, "built")
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(files, "index.html"); err != nil {
		return nil, ErrMissing
	}
	return files, nil
}
