package files

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace calls write with a temporary file beside file, and gives it the name of
// file when all of it is on the disk: whatever stops the program, there is the old
// file or the new one. The new one keeps the old one's mode. A link is itself replaced:
// call Target first. Errors here leave out the names of files: the caller adds the name
// that the user has typed.
func Replace(file string, write func(io.Writer) error) error {
	f, err := createBeside(file)
	if err != nil {
		return Bare(err)
	}
	w := bufio.NewWriter(f)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if info, e := os.Stat(file); err == nil && e == nil {
		err = f.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = sync(f)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = rename(f.Name(), file)
	}
	if err != nil {
		os.Remove(f.Name())
		return Bare(err)
	}
	if folder, err := os.Open(filepath.Dir(file)); err == nil { // the new name is to be on the disk too
		sync(folder) // some systems cannot do that, and need not
		folder.Close()
	}
	return nil
}

// The steps whose order a power failure would show. The tests watch them.
var (
	sync   = (*os.File).Sync
	rename = os.Rename
)

// createBeside creates a new file in the folder of file, under a name that no file
// and no link has.
func createBeside(file string) (f *os.File, err error) {
	for n := range 1000 {
		name := fmt.Sprintf("%s.%d.tmp", file, n)
		if f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return f, err
}

// Target returns the file to give to Replace: the one that file leads to, link after
// link, if file is a link, whether there is such a file or not; else file itself. It
// fails if Replace could not replace that one. To find out, it makes a temporary file and
// removes it.
func Target(file string) (string, error) {
	for links := 0; ; links++ {
		to, err := os.Readlink(file)
		if err != nil {
			break // not a link
		}
		if links == 100 {
			return "", errors.New("a link that leads to itself")
		}
		if !filepath.IsAbs(to) {
			folder, _ := filepath.Split(file)
			to = folder + to
		}
		file = to
	}
	if info, err := os.Stat(file); err == nil {
		if !info.Mode().IsRegular() {
			return "", errors.New("not an ordinary file")
		}
		f, err := os.OpenFile(file, os.O_WRONLY, 0) // one that may not be written to is not to be replaced
		if err != nil {
			return "", Bare(err)
		}
		f.Close()
	}
	f, err := createBeside(file)
	if err != nil {
		return "", Bare(err)
	}
	return file, Bare(errors.Join(f.Close(), os.Remove(f.Name())))
}

// Output returns the file to give to Replace for an output called file, as Target does.
// It fails also if that is one of the files read.
func Output(file string, read ...string) (string, error) {
	target, err := Target(file)
	if err != nil {
		return "", err
	}
	for _, input := range read {
		if Same(input, target) {
			return "", fmt.Errorf("it would replace %s, which is to be read", input)
		}
	}
	return target, nil
}

// Same reports whether two names are those of one file.
func Same(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// Bare returns what is wrong with a file, without its name.
func Bare(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
