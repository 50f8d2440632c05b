package manifest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// maxFiles bounds what is read of directories.
const maxFiles = 1000

// extensions are the names of manifests in a directory; a file that is named
// itself may be called anything.
// Source: k8s.io/cli-runtime/pkg/resource/builder.go:FileExtensions.
var extensions = []string{".json", ".yaml", ".yml"}

// Expand replaces each directory among the paths by the manifests in it, in the
// order of their names: files that end in .json, .yaml or .yml. As kubectl with
// -R it also takes those of the directories below if recursive is set, and does
// not follow symbolic links to directories. Other paths stay as they are.
//
// A directory without a manifest is an error, and so are more than 1000 files.
// Every error is an [*Error].
func Expand(recursive bool, paths ...string) ([]string, error) {
	var all []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() || path == Stdin {
			all = append(all, path) // for Load to say what is wrong with it
			continue
		}
		files, err := manifestsIn(path, recursive)
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	return all, nil
}

func manifestsIn(dir string, recursive bool) ([]string, error) {
	var files []string
	// Of a file system, so that dir itself may be a symbolic link.
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		path := filepath.Join(dir, name)
		switch {
		case err != nil:
			return fileError(path, err)
		case entry.IsDir() && !recursive && name != ".":
			return fs.SkipDir
		case entry.IsDir() || !slices.Contains(extensions, filepath.Ext(name)):
			return nil
		case len(files) == maxFiles:
			return &Error{File: dir, Text: fmt.Sprintf("has more than %d manifests in it", maxFiles)}
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return &Error{File: path, Text: "is a link to a directory, which is not followed"}
		}
		files = append(files, path)
		return nil
	})
	if err == nil && len(files) == 0 {
		return nil, &Error{File: dir, Text: "is a directory without a file that ends in .json, .yaml or .yml"}
	}
	return files, err
}
