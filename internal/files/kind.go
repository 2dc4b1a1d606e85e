// Package files knows what people's files are, and replaces files whole.
//
// Identify tells by the first bytes of a file what Kind of file it is, and Kind.Mend
// what to do with it. Gunzip inflates a gzip file, and says whether one that it cannot
// inflate is cut short or damaged. Replace writes a file whole or not at all; Output says
// before a long run whether it can. A program that wants a gzip'd pickle says
//
//	kind := files.Identify(head)
//	fmt.Errorf("%s: not a gzip file but %s; %s", name, kind.What, kind.Mend(name))
//
// of another file, which makes one line of at most 200 characters besides the name:
//
//	mnist.npz: not a gzip file but numpy arrays in a zip archive (.npz); run: go run ./data/convert "mnist.npz"
package files

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
	"strings"
	"unicode"
)

// HeadSize is how many bytes of a file tell what it is.
const HeadSize = 512

// A Kind is a kind of file that somebody may give us in place of another.
type Kind struct {
	What  string // with an article: "an HDF5 file"
	mend  string // "FILE" in it stands for the file's name
	magic string // the first bytes, unless Identify looks for other signs
	at    int    // where in the file they are, if not at its beginning
}

// What to do with a file. data/convert makes a file that the program reads. npz.py, beside
// it, makes FILE.npz of what only Python reads, and unxz.py inflates FILE. None of these
// lines writes to FILE, whatever its name.
const (
	again     = "download it again (README.md has the line for MNIST)"
	convert   = `run: go run ./data/convert "FILE"`
	toNPZ     = `python3 data/convert/npz.py "FILE" && go run ./data/convert "FILE.npz"`
	python    = "run: " + toNPZ
	trusted   = "if you trust it: " + toNPZ // Python runs what such a file says
	unxz      = `run: python3 data/convert/unxz.py "FILE" && go run ./data/convert "FILE.out"`
	asPicture = `to have the digit in it read, run: go run . "FILE"`
	asPNG     = "save it as PNG or JPEG"
	otherForm = "get the same digits as .npz, .csv or IDX, which data/convert reads"
	unpack    = "unpack it, and give the files of digits in it to data/convert"
)

// The kinds that Identify knows.
var (
	Empty        = &Kind{"an empty file", again, "", 0}
	Blank        = &Kind{"a file of blank lines", again, "", 0}
	WebPage      = &Kind{"a web page", "download the file itself (README.md has the line for MNIST)", "", 0}
	GitLFS       = &Kind{"a git-lfs pointer, not the file it stands for", "run: git lfs pull", "", 0}
	IDXImages    = &Kind{"images in IDX, MNIST's first form, which has four files", convert, "\x00\x00\x08\x03", 0}
	IDXLabels    = &Kind{"labels in IDX, MNIST's first form, which has four files", convert, "\x00\x00\x08\x01", 0}
	NPY          = &Kind{"a numpy array (.npy): images or labels alone", convert + ` "LABELS.npy"`, "\x93NUMPY", 0}
	NPZ          = &Kind{"numpy arrays in a zip archive (.npz)", convert, "", 0}
	Torch        = &Kind{"a file by torch.save", trusted, "\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", 0} // a zip since 2020
	Zip          = &Kind{"a zip archive", convert, "PK\x03\x04", 0}
	Tar          = &Kind{"a tar archive", unpack, "ustar", 257}
	SevenZip     = &Kind{"a 7z archive", unpack, "7z\xbc\xaf\x27\x1c", 0}
	RAR          = &Kind{"a RAR archive", unpack, "Rar!\x1a\x07", 0}
	HDF5         = &Kind{"an HDF5 file", python, "\x89HDF\r\n\x1a\n", 0}
	MATLAB       = &Kind{"a MATLAB file", python, "MATLAB", 0}
	LZMA         = &Kind{"a file compressed by lzma", unxz, "\x5d\x00\x00", 0}
	LZ4          = &Kind{"a file compressed by lz4", unpack, "\x04\x22\x4d\x18", 0}
	XZ           = &Kind{"a file compressed by xz", unxz, "\xfd7zXZ\x00", 0}
	Zstd         = &Kind{"a file compressed by zstd", `run: zstd -d "FILE" -o "FILE.out" && go run ./data/convert "FILE.out"`, "\x28\xb5\x2f\xfd", 0}
	Bzip2        = &Kind{"a file compressed by bzip2", convert, "1AY&SY", 4} // the first block begins so: π, after "BZh9"
	Gzip         = &Kind{"a gzip file", convert, "\x1f\x8b", 0}
	Zlib         = &Kind{"a file compressed by zlib, as by joblib.dump", trusted, "", 0}
	Joblib       = &Kind{"a file by joblib.dump", trusted, "", 0}
	Parquet      = &Kind{"a parquet file", otherForm, "PAR1", 0}
	Arrow        = &Kind{"an Arrow file", otherForm, "ARROW1", 0}
	ARFF         = &Kind{"an ARFF file", otherForm, "", 0}
	UTF16        = &Kind{"text in UTF-16", "save it as UTF-8", "", 0}
	PNG          = &Kind{"a picture (PNG)", asPicture, "\x89PNG\r\n\x1a\n", 0}
	JPEG         = &Kind{"a picture (JPEG)", asPicture, "\xff\xd8\xff", 0}
	GIF          = &Kind{"a picture (GIF)", asPicture, "GIF8", 0}
	SavedNetwork = &Kind{"a saved network (JSON)", `run: go run . -load "FILE"`, "", 0}
	JSON         = &Kind{"JSON", convert, "", 0}
	CSV          = &Kind{"a table in text (CSV)", convert, "", 0}
	Pickle       = &Kind{"a bare pickle", convert, "", 0}

	// Pictures that Go does not read.
	SVG  = &Kind{"a drawing (SVG)", asPNG, "", 0}
	PDF  = &Kind{"a PDF", asPNG, "%PDF", 0}
	HEIC = &Kind{"a picture (HEIC)", asPNG, "ftyphe", 4}
	HEIF = &Kind{"a picture (HEIF)", asPNG, "ftypm", 4}
	AVIF = &Kind{"a picture (AVIF)", asPNG, "ftypavi", 4}
	WebP = &Kind{"a picture (WebP)", asPNG, "WEBP", 8}
	TIFF = &Kind{"a picture (TIFF)", asPNG, "", 0}
	BMP  = &Kind{"a picture (BMP)", asPNG, "", 0}

	withMagic = []*Kind{IDXImages, IDXLabels, NPY, Torch, Zip, Tar, SevenZip, RAR, HDF5, MATLAB, LZMA, LZ4, XZ, Zstd, Bzip2, Gzip, Parquet, Arrow,
		PNG, JPEG, GIF, PDF, HEIC, HEIF, AVIF, WebP}
)

// Peek returns the kind of the file that r is at the beginning of, as Identify does, and leaves
// r there. After an error of r it is the kind of what could be read.
func Peek(r *bufio.Reader) (*Kind, error) {
	head, err := r.Peek(HeadSize)
	if err == io.EOF { // a short file
		err = nil
	}
	return Identify(head), err
}

// Identify returns the kind of a file that begins with head: its first HeadSize
// bytes, or all of it if it is shorter. It returns nil if it does not know the kind.
func Identify(head []byte) *Kind {
	valid := bytes.ToValidUTF8(head, nil) // the last character may be cut
	text := string(bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(valid, []byte("\ufeff")))))
	isText := strings.IndexFunc(text, isBinary) < 0
	begins := func(with string) bool { return bytes.HasPrefix(head, []byte(with)) }
	has := func(part string) bool { return bytes.Contains(head, []byte(part)) }
	switch isZip := begins("PK"); {
	case len(head) == 0:
		return Empty
	case len(text) == 0 && len(valid) > 0:
		return Blank
	case strings.HasPrefix(text, "<") && strings.Contains(text, "<svg") && !strings.Contains(text, "<html"):
		return SVG
	case strings.HasPrefix(text, "<"):
		return WebPage
	case strings.HasPrefix(text, "version https://git-lfs"):
		return GitLFS
	case isText && strings.Contains(text, "@relation"):
		return ARFF
	case begins("\xff\xfe") && has("\x00"), begins("\xfe\xff\x00"):
		return UTF16
	case isZip && has(".npy"):
		return NPZ
	case isZip && has("/data.pkl"):
		return Torch
	case head[0] == '\x80' && has("joblib"):
		return Joblib
	case len(head) > 1 && head[0] == 'x' && strings.IndexByte("\x01^\x9c\xda", head[1]) >= 0 && !isText:
		return Zlib
	case begins("II*\x00"), begins("MM\x00*"):
		return TIFF
	case begins("BM") && !isText:
		return BMP
	case isText && strings.HasPrefix(text, "{") && (has(`"sizes"`) || has(`"weights"`)):
		return SavedNetwork
	case isText && listOrDict.MatchString(text):
		return JSON
	}
	for _, k := range withMagic {
		if len(head) >= k.at && bytes.HasPrefix(head[k.at:], []byte(k.magic)) {
			return k
		}
	}
	// A pickle begins with PROTO or, in protocols 0 and 1, with what it holds: a tuple,
	// a list or a dict.
	if strings.IndexByte("\x80(]}", head[0]) >= 0 {
		return Pickle
	}
	if line, _, _ := strings.Cut(text, "\n"); isText && tableLine.MatchString(line) {
		return CSV
	}
	return nil
}

// listOrDict matches the beginning of JSON that may hold digits or a network: a dict with
// a key, a list of lists, or a list of numbers.
var listOrDict = regexp.MustCompile(`^(\{\s*("|\}|$)|\[[\s\d.,e+-]*(\[|\]\s*\[|\]?$))`)

// tableLine matches the first line of a table: numbers, single words, or anything in quotes,
// with commas between them. What is in a cell may be cut.
var tableLine = regexp.MustCompile(`^\s*(("[^"]*"|[\pL\pN_.+-]*)\s*,\s*)+("[^"]*"?|[\pL\pN_.+-]*)\s*$`)

// isBinary reports whether a character does not belong in text.
func isBinary(c rune) bool { return c < ' ' && c != '\t' && c != '\r' && c != '\n' }

// Mend returns what to do with the file called name, which is of the kind k.
func (k *Kind) Mend(name string) string { return withName(k.mend, name) }

// digitModules are the modules whose objects may be digits, to Python. Of numpy's, these
// have its classes; others have functions that run anything.
var digitModules = regexp.MustCompile(`^((joblib|pandas|scipy|torch)\.|` +
	`numpy(\.(ma|rec|char|core|_core|matrixlib|lib|polynomial|random)(\..*)?)?$)`)

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
