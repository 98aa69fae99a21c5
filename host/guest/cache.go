package guest

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/tetratelabs/wazero"
)

// cachedMax is how many compiled modules stay on disk, each of some 27 MB: several versions of
// redlet side by side, but not each build of a developer's day.
const cachedMax = 8

// cacheFolder returns where compiled modules are kept, or "" if nowhere.
func cacheFolder(dir string) string {
	if dir != "" {
		return dir
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(user, "redlet")
}

// openCache opens the cache on disk, or one in memory where there can be none.
func openCache(dir string) wazero.CompilationCache {
	if dir != "" {
		if cache, err := wazero.NewCompilationCacheWithDir(dir); err == nil {
			return cache
		}
	}
	return wazero.NewCompilationCache()
}

// compiledName is how wazero names the file of a compiled module.
var compiledName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// pruneCache removes the oldest compiled modules beyond cachedMax. A process that reads one of
// them goes on; what cannot be removed stays.
func pruneCache(dir string) {
	paths, err := filepath.Glob(filepath.Join(dir, "wazero-*", "*"))
	if dir == "" || err != nil {
		return
	}
	var files []os.FileInfo
	where := map[os.FileInfo]string{}
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err == nil && info.Mode().IsRegular() && compiledName.MatchString(info.Name()) {
			files = append(files, info)
			where[info] = path
		}
	}
	slices.SortFunc(files, func(a, b os.FileInfo) int {
		return cmp.Compare(b.ModTime().UnixNano(), a.ModTime().UnixNano())
	})
	for _, old := range files[min(cachedMax, len(files)):] {
		_ = os.Remove(where[old])
	}
}
