package files

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Replace calls write with a temporary file beside file, and gives it the name of
// file when all of it is on the disk: whatever stops the program, there is the old
// file or the new one. The new one keeps the old one's permissions. A link is itself replaced:
// call Output first. Errors here leave out the names of files: the caller adds the name
// that the user has typed.
//
// A signal that ends the program, such as that of Ctrl-C, removes the temporary file. One that
// no program can catch leaves it: its name is that of file, a number, and ".tmp".
func Replace(file string, write func(io.Writer) error) error {
	f, done, err := createBeside(file)
	if err != nil {
		return Bare(err)
	}
	defer done()
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
// and no link has. done removes it, unless it has been renamed; a signal that ends the
// program does so, too, until done is called.
func createBeside(file string) (f *os.File, done func(), err error) {
	signals, finished := make(chan os.Signal, 1), make(chan struct{})
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) { // nohup has the program ignore one
			signal.Notify(signals, s)
		}
	}
	for range 1000 {
		name := fmt.Sprintf("%s.%d.tmp", file, rand.Uint32())
		if f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	remove := func() {
		if err == nil {
			f.Close() // Windows removes no open file
			os.Remove(f.Name())
		}
	}
	go func() {
		select {
		case s := <-signals:
			remove()
			die(s)
		case finished <- struct{}{}:
		}
	}()
	done = func() {
		<-finished // for ever, if the program is about to die
		signal.Stop(signals)
		remove()
		select {
		case s := <-signals: // it came just now
			die(s)
		default:
		}
	}
	if err != nil {
		done()
	}
	return f, done, err
}

// die ends the program as the signal s does when nobody catches it.
func die(s os.Signal) {
	signal.Reset(s)
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(s) == nil {
		time.Sleep(time.Second) // it is on its way
	}
	os.Exit(1) // on Windows no program can send it
}

// Output returns the file to give to Replace for an output called file: the one that it leads
// to, link after link, if it is a link, whether there is such a file or not; else file itself.
// It fails if that is one of the files read, or if Replace could not replace it. To find out,
// it replaces the file by a copy of it; if there is none yet, it makes a temporary file
// and removes it.
func Output(file string, read ...string) (string, error) {
	target, err := follow(file)
	if err != nil {
		return "", err
	}
	for _, input := range read {
		if Same(input, target) {
			return "", fmt.Errorf("it would replace %s, which is to be read", input)
		}
	}
	return target, try(target)
}

// follow returns the file that file leads to, link after link, or file itself.
func follow(file string) (string, error) {
	for links := 0; ; links++ {
		to, err := os.Readlink(file)
		if err != nil { // not a link
			return file, nil
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
}

// try fails if Replace could not replace file.
func try(file string) error {
	if info, err := os.Stat(file); err == nil {
		if !info.Mode().IsRegular() {
			return errors.New("not an ordinary file")
		}
		f, err := os.OpenFile(file, os.O_WRONLY, 0) // one that may not be written to is not to be replaced
		if err != nil {
			return Bare(err)
		}
		f.Close()
		return replaceByCopy(file, info)
	}
	_, done, err := createBeside(file)
	if err != nil {
		return Bare(err)
	}
	done()
	return nil
}

// replaceByCopy replaces file by a copy of it, as old.
func replaceByCopy(file string, old fs.FileInfo) error {
	f, err := os.Open(file)
	if err != nil {
		return Bare(err)
	}
	err = Replace(file, func(w io.Writer) error {
		defer f.Close() // Windows replaces no open file
		_, err := io.Copy(w, f)
		return err
	})
	if err != nil {
		f.Close()
		return fmt.Errorf("it cannot be replaced: %w", err)
	}
	return Bare(os.Chtimes(file, old.ModTime(), old.ModTime()))
}

// Same reports whether two names are those of one file, whether there is such a file yet
// or not.
func Same(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA == nil || errB == nil {
		return errA == nil && errB == nil && os.SameFile(infoA, infoB)
	}
	folderA, errA := os.Stat(filepath.Dir(a))
	folderB, errB := os.Stat(filepath.Dir(b))
	return errA == nil && errB == nil && os.SameFile(folderA, folderB) &&
		strings.EqualFold(filepath.Base(a), filepath.Base(b)) // some systems take a capital for the small letter
}

// IsOpen reports whether w is the file called name, as standard output may be.
func IsOpen(w io.Writer, name string) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	infoF, errF := f.Stat()
	info, err := os.Stat(name)
	return errF == nil && err == nil && os.SameFile(infoF, info)
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
