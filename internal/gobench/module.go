//go:build !redlet && !miniredis

package main

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

const (
	ours    = "github.com/redlet/redlet"
	version = "v0.0.0" // as go.mod has it
	root    = "../.."  // the checkout
)

// place is where commands run, and what their environment has beside this process's.
var place struct {
	dir string
	env []string
}

// settle writes the module that is measured: this one, but for where it has redlet from, which is
// the checkout, put into a proxy of files. So both come out of a cache of modules, as they do for
// who uses them. In a folder that replaces a module the go command looks at every file anew.
func settle(dir string) error {
	if err := publish(filepath.Join(dir, "proxy", ours, "@v")); err != nil {
		return err
	}
	out, err := command(nil, "go", "env", "GOMODCACHE", "GOPROXY", "GOFLAGS")
	if err != nil {
		return err
	}
	user := strings.Split(out, "\n")
	place.dir = filepath.Join(dir, "bench")
	place.env = []string{
		"GOPROXY=file://" + filepath.Join(dir, "proxy") + ",file://" + user[0] + "/cache/download," +
			user[1],
		"GONOSUMDB=" + ours,
		"GOMODCACHE=" + filepath.Join(dir, "mod"), // nothing stays in the user's
		"GOFLAGS=" + user[2] + " -modcacherw",
	}
	if err := os.CopyFS(place.dir, os.DirFS(".")); err != nil {
		return err
	}
	if _, err := command(nil, "go", "mod", "edit", "-dropreplace", ours); err != nil {
		return err
	}
	_, err = command(nil, "go", "get", ours+"@"+version)
	return err
}

// publish writes the files of a module proxy for the checkout.
func publish(dir string) (err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	info := `{"Version":"` + version + `","Time":"2000-01-01T00:00:00Z"}`
	for ext, text := range map[string][]byte{".mod": mod, ".info": []byte(info)} {
		if err := os.WriteFile(filepath.Join(dir, version+ext), text, 0o666); err != nil {
			return err
		}
	}
	f, err := os.Create(filepath.Join(dir, version+".zip"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return pack(f)
}

// pack writes the checkout's files as a module's, without the modules within it.
func pack(w io.Writer) error {
	list, err := command(nil, "git", "-C", root, "ls-files", "-z", "--cached", "--others",
		"--exclude-standard")
	if err != nil {
		return err
	}
	names := strings.Split(strings.TrimSuffix(list, "\x00"), "\x00")
	within := map[string]bool{}
	for _, name := range names {
		within[path.Dir(name)] = within[path.Dir(name)] || path.Base(name) == "go.mod"
	}
	z := zip.NewWriter(w)
	for _, name := range names {
		in := path.Dir(name) // the folder of the module that the file belongs to
		for in != "." && !within[in] {
			in = path.Dir(in)
		}
		data, err := os.ReadFile(filepath.Join(root, name))
		switch {
		case in != "." || errors.Is(err, os.ErrNotExist): // deleted, but not from the index
			continue
		case err != nil:
			return err
		}
		file, err := z.Create(ours + "@" + version + "/" + name)
		if err != nil {
			return err
		}
		if _, err := file.Write(data); err != nil {
			return err
		}
	}
	return z.Close()
}
