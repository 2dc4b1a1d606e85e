// Package files knows what people's files are, and replaces files whole.
//
// Identify tells by the first bytes of a file what Kind of file it is, and Kind.Mend
// what to do with it. Gunzip inflates a gzip file, and says whether one that it cannot
// inflate is cut short or damaged. Replace writes a file whole or not at all; Target and
// Output say before a long run whether it can. A program that wants a gzip'd pickle says
//
//	kind := files.Identify(head)
//	fmt.Errorf("%s: not a gzip file but %s; %s", name, kind.What, kind.Mend(name))
//
// of another file, which makes one line of at most 200 characters besides the name:
//
//	mnist.npz: not a gzip file but numpy arrays in a zip archive (.npz); run: go run ./data/convert "mnist.npz"
package files

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// HeadSize is how many bytes of a file tell what it is.
const HeadSize = 512

// A Kind is a kind of file that somebody may give us in place of a gzip'd pickle.
type Kind struct {
	What  string // with an article: "an HDF5 file"
	mend  string // "FILE" in it stands for the file's name
	magic string // the first bytes, unless Identify looks for other signs
}

// What to do with a file. data/convert makes a file that the program reads. npz.py, beside
// it, makes FILE.npz of what only Python reads. None of these lines opens FILE for writing,
// whatever its name.
const (
	again     = "download it again (README.md has the line for MNIST)"
	convert   = `run: go run ./data/convert "FILE"`
	toNPZ     = `python3 data/convert/npz.py "FILE" && go run ./data/convert "FILE.npz"`
	python    = "run: " + toNPZ
	trusted   = "if you trust it: " + toNPZ // Python runs what such a file says
	inflateXZ = `run: python3 -c "import sys,lzma;n=sys.argv[1];open(n+'.out','xb').write(lzma.open(n).read())" "FILE"` +
		` && go run ./data/convert "FILE.out"`
	asPicture = `to have the digit in it read, run: go run . "FILE"`
)

// The kinds that Identify knows.
var (
	Empty        = &Kind{"an empty file", again, ""}
	Blank        = &Kind{"a file of blank lines", again, ""}
	WebPage      = &Kind{"a web page", "download the file itself (README.md has the line for MNIST)", ""}
	GitLFS       = &Kind{"a git-lfs pointer, not the file it stands for", "run: git lfs pull", ""}
	IDXImages    = &Kind{"images in IDX, MNIST's first form, which has four files", convert, "\x00\x00\x08\x03"}
	IDXLabels    = &Kind{"labels in IDX, MNIST's first form, which has four files", convert, "\x00\x00\x08\x01"}
	NPY          = &Kind{"a numpy array (.npy): images or labels alone", convert + ` "LABELS.npy"`, "\x93NUMPY"}
	NPZ          = &Kind{"numpy arrays in a zip archive (.npz)", convert, ""}
	Torch        = &Kind{"a file by torch.save", trusted, "\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."} // a zip since 2020
	Zip          = &Kind{"a zip archive", convert, "PK\x03\x04"}
	HDF5         = &Kind{"an HDF5 file", python, "\x89HDF\r\n\x1a\n"}
	MATLAB       = &Kind{"a MATLAB file", python, "MATLAB"}
	XZ           = &Kind{"a file compressed by xz", inflateXZ, "\xfd7zXZ\x00"}
	Bzip2        = &Kind{"a file compressed by bzip2", convert, "BZh"}
	Gzip         = &Kind{"a gzip file", convert, "\x1f\x8b"}
	Zlib         = &Kind{"a file compressed by zlib, as by joblib.dump", trusted, ""}
	Joblib       = &Kind{"a file by joblib.dump", trusted, ""}
	Parquet      = &Kind{"a parquet file", "get the same digits as .npz, .csv or IDX, which data/convert reads", "PAR1"}
	PNG          = &Kind{"a picture (PNG)", asPicture, "\x89PNG\r\n\x1a\n"}
	JPEG         = &Kind{"a picture (JPEG)", asPicture, "\xff\xd8\xff"}
	GIF          = &Kind{"a picture (GIF)", asPicture, "GIF8"}
	SavedNetwork = &Kind{"a saved network (JSON)", `run: go run . -load "FILE"`, ""}
	JSON         = &Kind{"JSON", convert, ""}
	CSV          = &Kind{"a table in text (CSV)", convert, ""}
	Pickle       = &Kind{"a bare pickle", convert, ""}

	withMagic = []*Kind{IDXImages, IDXLabels, NPY, Torch, Zip, HDF5, MATLAB, XZ, Bzip2, Gzip, Parquet, PNG, JPEG, GIF}
)

// Identify returns the kind of a file that begins with head: its first HeadSize
// bytes, or all of it if it is shorter. It returns nil if it does not know the kind.
func Identify(head []byte) *Kind {
	text := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\ufeff"))))
	has := func(part string) bool { return bytes.Contains(head, []byte(part)) }
	switch isZip := bytes.HasPrefix(head, []byte("PK")); {
	case len(head) == 0:
		return Empty
	case len(text) == 0:
		return Blank
	case text[0] == '<':
		return WebPage
	case bytes.HasPrefix(text, []byte("version https://git-lfs")):
		return GitLFS
	case isZip && has(".npy"):
		return NPZ
	case isZip && has("/data.pkl"):
		return Torch
	case head[0] == '\x80' && has("joblib"):
		return Joblib
	case len(head) > 1 && head[0] == 'x' && strings.IndexByte("\x01^\x9c\xda", head[1]) >= 0:
		return Zlib
	case text[0] == '{' && (has(`"sizes"`) || has(`"weights"`)):
		return SavedNetwork
	case text[0] == '{', text[0] == '[':
		return JSON
	}
	for _, k := range withMagic {
		if bytes.HasPrefix(head, []byte(k.magic)) {
			return k
		}
	}
	// A pickle begins with PROTO or, in protocols 0 and 1, with what it holds: a tuple,
	// a list or a dict.
	if strings.IndexByte("\x80(]}", head[0]) >= 0 {
		return Pickle
	}
	if line, _, _ := bytes.Cut(text, []byte("\n")); bytes.IndexByte(line, ',') > 0 && bytes.IndexFunc(text, isBinary) < 0 {
		return CSV
	}
	return nil
}

// isBinary reports whether a character does not belong in text.
func isBinary(c rune) bool {
	return c < ' ' && c != '\t' && c != '\r' && c != '\n' || c == utf8.RuneError
}

// Mend returns what to do with the file called name, which is of the kind k.
func (k *Kind) Mend(name string) string { return withName(k.mend, name) }

// digitModules are the modules whose objects may be digits, to Python.
var digitModules = regexp.MustCompile(`^(joblib|numpy\.ma|pandas|scipy|torch)\.`)

// MendPickle returns what to do with a pickle, gzip'd or not, in the file called
// name, if it needs a module whose names its decoder does not know, or is of protocol
// 0, the text form. Of other modules than those of digits it returns "": nobody is
// told to have Python run what may be anything.
func MendPickle(module string, textForm bool, name string) string {
	if !textForm && !digitModules.MatchString(module) {
		return ""
	}
	return withName(trusted, name)
}

// withName puts name in the place of FILE in a mend, unless a shell would find more
// than a name in it. A name that looks like a flag gets "./" before it.
func withName(mend, name string) string {
	if strings.ContainsAny(name, "\"$`!%") || strings.Contains(name+`"`, `\"`) || strings.Contains(name, `\\`) ||
		strings.IndexFunc(name, unicode.IsControl) >= 0 {
		return mend
	}
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	return strings.ReplaceAll(mend, `"FILE`, `"`+name)
}
