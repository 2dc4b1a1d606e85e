package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"digits/internal/files"
	"digits/internal/show"
)

// What files may hold. MNIST is 55 million numbers, EMNIST's digits are 220 million.
const (
	maxNumbers = min(1<<28, math.MaxInt>>4) // in all arrays together, at 4 bytes each
	maxArrays  = 1000
	maxBytes   = 2 << 30 // read and unpacked in all
	maxZip     = 1 << 29 // bytes of a zip archive inside another file
	maxEntries = 10_000  // files in one zip archive
	maxLine    = 1 << 20 // bytes of a line of a table
	maxDepth   = 8       // wrappings around a file, and lists in one another
)

// A reader reads files of digits, and keeps the arrays that it finds in them.
type reader struct {
	named   []string // files on the command line
	files   []string // files that have been read
	arrays  []*array
	numbers int   // for how many more there is room
	bytes   int64 // likewise
}

// newReader returns a reader for the files called names.
func newReader(names ...string) *reader {
	return &reader{named: names, numbers: maxNumbers, bytes: maxBytes}
}

// A source is something to be read: a file, or something in it.
type source struct {
	file   string   // on the disk
	names  []string // that lead to it in the file, if that is an archive or holds arrays with names
	depth  int      // how many wrappings are around it
	packed bool     // in another wrapping than gzip
}

// in returns the source that names lead to inside s.
func (s source) in(names ...string) source {
	s.names = append(slices.Clip(s.names), names...)
	return s
}

// readFile reads the file called name and, if that is one of the four IDX files, the
// three others.
func (r *reader) readFile(name string) error {
	if slices.Contains(r.files, name) {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return files.Bare(err)
	}
	defer f.Close()
	r.files = append(r.files, name)
	kind, err := r.read(f, source{file: name})
	if err == nil && (kind == files.IDXImages || kind == files.IDXLabels) {
		err = r.readOthers(name)
	}
	return files.Bare(err)
}

// idxName takes the name of an IDX file apart: train-images-idx3-ubyte.gz.
var idxName = regexp.MustCompile(`^(.*)(?:train|t10k|test)(.*)(?:images|labels)`)

// readOthers reads the IDX files that belong to the one called name, if its name says
// which of the four it is. Those that the user names may be elsewhere.
func (r *reader) readOthers(name string) error {
	folder, base := filepath.Split(name)
	parts := idxName.FindStringSubmatch(base)
	if parts == nil {
		return nil
	}
	beside, err := os.ReadDir(filepath.Clean(folder + "."))
	if err != nil {
		return err
	}
	for _, words := range [][2]string{{"train", "images"}, {"train", "labels"}, {"t10k", "images"}, {"t10k", "labels"}} {
		name := parts[1] + words[0] + parts[2] + words[1]
		isIt := func(file string) bool {
			base := filepath.Base(file)
			return strings.HasPrefix(base, name) || strings.HasPrefix(base, strings.ReplaceAll(name, "t10k", "test"))
		}
		if slices.ContainsFunc(r.files, isIt) || slices.ContainsFunc(r.named, isIt) {
			continue
		}
		i := slices.IndexFunc(beside, func(e os.DirEntry) bool { return isIt(e.Name()) })
		if i < 0 {
			return fmt.Errorf("one of four IDX files, but there is no %s... beside it", show.Name(name))
		}
		if err := r.readFile(folder + beside[i].Name()); err != nil {
			return fmt.Errorf("%s beside it: %w", show.Name(beside[i].Name()), err)
		}
	}
	return nil
}

// errNoDigits is the error of a file that is of no kind that holds digits.
type errNoDigits struct{ error }

// read reads what is in f, and returns the kind of the innermost file.
func (r *reader) read(f io.Reader, s source) (*files.Kind, error) {
	if s.depth++; s.depth > maxDepth {
		return nil, fmt.Errorf("compressed %d times over", maxDepth)
	}
	b := bufio.NewReader(&limited{f, r})
	kind, err := files.Peek(b)
	if err != nil {
		return nil, damage(err)
	}
	switch kind {
	case files.Gzip:
		inflated, err := files.Gunzip(b)
		if err != nil {
			return nil, err
		}
		return r.readInflated(inflated, s)
	case files.Bzip2:
		s.packed = true
		return r.readInflated(bzip2.NewReader(b), s)
	case files.Zip, files.NPZ:
		s.packed = true
		err = r.readZip(f, b, s)
	case files.IDXImages, files.IDXLabels:
		err = r.readIDX(b, s)
	case files.NPY:
		err = r.readNPY(b, s)
	case files.CSV:
		err = r.readCSV(b, s)
	case files.JSON:
		err = r.readJSON(b, s)
	case files.Pickle:
		err = r.readPickle(b, s)
	case nil:
		head, _ := b.Peek(4)
		err = errNoDigits{fmt.Errorf("begins %q, which is no kind of file that convert knows", head)}
	default:
		err = errNoDigits{fmt.Errorf("%s; %s", kind.What, s.mend(kind.Mend(s.file)))}
	}
	return kind, damage(err)
}

// mend returns what to do with s, which convert does not read, if mend is what to do
// with its file.
func (s source) mend(mend string) string {
	if s.packed {
		return "unpack it and name the file in it"
	}
	return mend
}

// readInflated reads what has been compressed. After an error it reads on to the
// checksum at the end: if that is wrong as well, the file is damaged, which is what
// it reports.
func (r *reader) readInflated(inflated io.Reader, s source) (*files.Kind, error) {
	kind, err := r.read(inflated, s)
	if err != nil {
		_, e := io.Copy(io.Discard, &limited{inflated, r})
		var damaged *files.DamagedError
		if errors.As(damage(e), &damaged) {
			err = damaged
		}
	}
	return kind, err
}

// readZip reads each file of a zip archive that holds digits. f is the archive and b
// the same, with its first bytes in a buffer.
func (r *reader) readZip(f io.Reader, b *bufio.Reader, s source) error {
	archive, size := io.ReaderAt(nil), int64(0)
	if file, ok := f.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			archive, size = file, info.Size()
		}
	}
	if archive == nil {
		whole, err := io.ReadAll(io.LimitReader(b, maxZip+1))
		if err != nil {
			return err
		}
		if len(whole) > maxZip {
			return fmt.Errorf("a zip archive of more than %d bytes inside another file; unpack it first", maxZip)
		}
		archive, size = bytes.NewReader(whole), int64(len(whole))
	}
	z, err := zip.NewReader(archive, size)
	if err != nil {
		return err
	}
	if len(z.File) > maxEntries {
		return fmt.Errorf("more than %d files in the archive", maxEntries)
	}
	var skipped error
	before := len(r.arrays)
	for _, entry := range z.File {
		if strings.HasSuffix(entry.Name, "/") || strings.HasPrefix(entry.Name, "__MACOSX/") {
			continue
		}
		err := r.readEntry(entry, s)
		if errors.As(err, &errNoDigits{}) {
			skipped = err
		} else if err != nil {
			return err
		}
	}
	if len(r.arrays) == before && skipped != nil {
		return skipped
	}
	return nil
}

// readEntry reads one file of a zip archive.
func (r *reader) readEntry(entry *zip.File, s source) error {
	f, err := entry.Open()
	switch {
	case err == zip.ErrAlgorithm, entry.Flags&1 != 0:
		err = errors.New("encrypted, or compressed in a rare way; unpack it and name the file in it")
	case err == nil:
		defer f.Close()
		_, err = r.read(f, s.in(strings.Split(entry.Name, "/")...))
	}
	if err != nil {
		return fmt.Errorf("%s in it: %w", show.Name(entry.Name), damage(err))
	}
	return nil
}

// limited is a reader that takes what it reads from what a reader may read.
type limited struct {
	io.Reader
	r *reader
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if l.r.bytes -= int64(n); l.r.bytes < 0 {
		return 0, fmt.Errorf("more than %d bytes, packed and unpacked, in all", int64(maxBytes))
	}
	return n, err
}

// damage returns what to report when reading has failed with err.
func damage(err error) error {
	var flateError flate.CorruptInputError
	var bzip2Error bzip2.StructuralError
	switch {
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return &files.DamagedError{Err: io.ErrUnexpectedEOF}
	case err == zip.ErrFormat, err == zip.ErrChecksum,
		errors.As(err, &flateError), errors.As(err, &bzip2Error):
		return &files.DamagedError{Err: err}
	}
	return err
}
