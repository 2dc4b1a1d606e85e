package files

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"
)

// ---- kind.go ----

// Every kind of file by its first bytes.
func TestIdentify(t *testing.T) {
	for name, c := range map[string]struct {
		head string
		want *Kind
	}{
		"IDX images":          {"\x00\x00\x08\x03\x00\x00\xea\x60", IDXImages},
		"IDX labels":          {"\x00\x00\x08\x01\x00\x00\xea\x60", IDXLabels},
		"CSV":                 {"5,0,0,12\n4,0,0,0\n", CSV},
		"CSV, a header":       {"label,1x1,1x2\r\n5,0,0\r\n", CSV},
		"CSV, a quoted one":   {"\"label\",\"pixel0\"\n", CSV},
		"CSV, by Excel":       {"\ufefflabel,1x1\n", CSV},
		"npz":                 {"PK\x03\x04" + strings.Repeat("\x00", 26) + "x_test.npy", NPZ},
		"npy":                 {"\x93NUMPY\x01\x00", NPY},
		"torch":               {"PK\x03\x04" + strings.Repeat("\x00", 26) + "archive/data.pkl", Torch},
		"torch before 1.6":    {"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.", Torch},
		"zip":                 {"PK\x03\x04\x14\x00", Zip},
		"HDF5":                {"\x89HDF\r\n\x1a\n\x00", HDF5},
		"MATLAB":              {"MATLAB 5.0 MAT-file, Platform: GLNXA64", MATLAB},
		"xz":                  {"\xfd7zXZ\x00\x00\x04", XZ},
		"bzip2":               {"BZh91AY&SY", Bzip2},
		"gzip":                {"\x1f\x8b\x08", Gzip},
		"parquet":             {"PAR1\x15\x04", Parquet},
		"JSON":                {" {\"images\": [[0", JSON},
		"a JSON list":         {"[[[0, 1", JSON},
		"a saved network":     {`{"sizes": [784, 30, 10], "weights"`, SavedNetwork},
		"weights first":       {`{"weights": [[[0.5`, SavedNetwork},
		"PNG":                 {"\x89PNG\r\n\x1a\n\x00", PNG},
		"JPEG":                {"\xff\xd8\xff\xe0", JPEG},
		"GIF":                 {"GIF89a", GIF},
		"git-lfs":             {"version https://git-lfs.github.com/spec/v1\n", GitLFS},
		"git-lfs, shouted":    {"VERSION https://git-lfs.github.com/spec/v1\n", GitLFS},
		"a web page":          {"\n<!DOCTYPE html>", WebPage},
		"nothing":             {"", Empty},
		"blank lines":         {"\n \r\n\t\n", Blank},
		"joblib":              {"\x80\x04\x95\x01\x00\x00\x8c\x13joblib.numpy_pickle", Joblib},
		"joblib, compressed":  {"x\x9c\x00", Zlib},
		"a pickle":            {"\x80\x02cnumpy.core.multiarray\n_reconstruct\n", Pickle},
		"a pickle of text":    {"(lp0\n", Pickle},
		"a protocol 1 list":   {"]q\x00(", Pickle},
		"a protocol 1 dict":   {"}q\x00(", Pickle},
		"CSV, one column":     {"5\n4\n", nil},
		"CSV, a cut letter":   {"label,pixel0,p\xc3", CSV},
		"bytes that are none": {"\xff\xfe\xfd", nil},
		"a page with a logo":  {"<html><svg width='1'></svg>", WebPage},
		"CSV, in quotes":      {"\"a label\", \"pixel 1\", \"pix", CSV},
		"CSV, empty cells":    {"label,,\n1,2,3", CSV},
		"code":                {"import os, sys\nx = 1\n", nil},
		"prose":               {"In 1998, there were digits", nil},
		"a formula":           {"x^2, y", nil},
		"a name":              {"BZhao", nil},
		"a section":           {"[1,2] settings", nil},
		"a set of names":      {"{a, b}", nil},
		"an empty list":       {"[]", JSON},
		"a list of numbers":   {"[1, -2.5e-3]\n", JSON},
		"a dict, cut":         {"{\n", JSON},
		"an SVG":              {"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>", SVG},
		"tar":                 {"mnist/" + strings.Repeat("\x00", 251) + "ustar\x00", Tar},
		"tar, the first part": {"mnist/" + strings.Repeat("\x00", 251) + "ust", nil},
		"7z":                  {"7z\xbc\xaf\x27\x1c\x00\x04", SevenZip},
		"RAR":                 {"Rar!\x1a\x07\x01\x00", RAR},
		"zstd":                {"\x28\xb5\x2f\xfd\x04", Zstd},
		"lzma":                {"\x5d\x00\x00\x80\x00", LZMA},
		"lz4":                 {"\x04\x22\x4d\x18\x64", LZ4},
		"Arrow":               {"ARROW1\x00\x00", Arrow},
		"ARFF":                {"% MNIST, 1998\n@RELATION mnist_784\n", ARFF},
		"UTF-16":              {"\xff\xfe5\x00,\x000\x00", UTF16},
		"UTF-16, big-endian":  {"\xfe\xff\x005\x00,", UTF16},
		"TIFF":                {"II*\x00\x08", TIFF},
		"TIFF, big-endian":    {"MM\x00*\x00", TIFF},
		"BMP":                 {"BM\x36\x00\x00\x00\x00\x00", BMP},
		"BMW":                 {"BMW and Audi", nil},
		"WebP":                {"RIFF\x24\x00\x00\x00WEBPVP8 ", WebP},
		"HEIC":                {"\x00\x00\x00\x18ftypheic", HEIC},
		"HEIF":                {"\x00\x00\x00\x18ftypmif1", HEIF},
		"AVIF":                {"\x00\x00\x00\x1cftypavif", AVIF},
		"PDF":                 {"%PDF-1.4\n", PDF},
		"text":                {"digits, digits", CSV},
		"text without commas": {"digits and digits", nil},
		"commas in no text":   {"a,\x00\x01", nil},
		"a tar file":          {"mnist/\x00\x00", nil},
		"one x":               {"x", nil},
		"one byte of gzip":    {"\x1f", nil},
	} {
		if got := Identify([]byte(c.head)); got != c.want {
			t.Errorf("%s: Identify(%q) = %v, want %v", name, c.head, got, c.want)
		}
	}
}

// allKinds are the kinds that the table of TestIdentify has.
var allKinds = []*Kind{Empty, Blank, WebPage, GitLFS, IDXImages, IDXLabels, NPY, NPZ, Torch, Zip, HDF5, MATLAB, XZ,
	Bzip2, Gzip, Zlib, Joblib, Parquet, PNG, JPEG, GIF, SavedNetwork, JSON, CSV, Pickle, Tar, SevenZip, RAR, Zstd, LZMA, LZ4, Arrow, ARFF, UTF16,
	SVG, PDF, HEIC, HEIF, AVIF, WebP, TIFF, BMP}

// A wrong file is reported in one line of at most 200 characters besides its name,
// and what is around "What; Mend" takes at most 31 of them.
func TestMendsAreShort(t *testing.T) {
	const around = "digits: : in the gzip is no pickle but "
	for _, k := range allKinds {
		line := around + k.What + "; " + k.Mend("")
		if len(line) > 200 || strings.Contains(line, "\n") {
			t.Errorf("%d characters: %q, want one line of at most 200", len(line), line)
		}
		if k.What == "" || k.mend == "" {
			t.Errorf("of %q the mend is %q, want something of both", k.What, k.mend)
		}
	}
	if mend := MendPickle("torch._utils", false, ""); len(mend) > 90 {
		t.Errorf("%d characters: %q, want at most 90, because the module is named before them", len(mend), mend)
	}
}

// A line for the shell means the same to every shell: nothing in it is expanded.
func TestMendsAreSafe(t *testing.T) {
	for _, k := range allKinds {
		line := k.Mend("a name")
		if strings.ContainsAny(line, "$`!%\\") || strings.Count(line, `"`)%2 != 0 {
			t.Errorf("%s: %s: a shell would find more than words in it", k.What, line)
		}
		if strings.Contains(line, "FILE") {
			t.Errorf("%s: %s: the name is not in it", k.What, line)
		}
	}
}

func TestMend(t *testing.T) {
	const line = "run: go run ./data/convert "
	for name, want := range map[string]string{
		"mnist.npz":           line + `"mnist.npz"`,
		"my digits/mnist.npz": line + `"my digits/mnist.npz"`,
		`C:\data\mnist.npz`:   line + `"C:\data\mnist.npz"`,
		"it's.npz":            line + `"it's.npz"`,
		"FILE":                line + `"FILE"`,
		"-x.npz":              line + `"./-x.npz"`,
		"a\".gz":              line + `"FILE"`,
		"$(reboot).gz":        line + `"FILE"`,
		"`reboot`.gz":         line + `"FILE"`,
		"%PATH%":              line + `"FILE"`,
		"!!":                  line + `"FILE"`,
		"a\nb":                line + `"FILE"`,
		"a\x1b[2Jb":           line + `"FILE"`,
		`ends in \`:           line + `"FILE"`,
		`a\\b`:                line + `"FILE"`, // a shell makes one \ of it
	} {
		if got := NPZ.Mend(name); got != want {
			t.Errorf("NPZ.Mend(%q) = %s, want %s", name, got, want)
		}
	}
	for _, c := range []struct{ got, want string }{
		{HDF5.Mend("x.h5"), `run: python3 data/convert/npz.py "x.h5" && go run ./data/convert "x.h5.npz"`},
		{MATLAB.Mend("x.mat"), HDF5.Mend("x.mat")},
		{Joblib.Mend("x"), strings.Replace(HDF5.Mend("x"), "run", "if you trust it", 1)},
		{Zlib.Mend("x"), Joblib.Mend("x")},
		{Torch.Mend("x"), Joblib.Mend("x")},
		{IDXImages.Mend("x"), `run: go run ./data/convert "x"`},
		{NPY.Mend("x.npy"), `run: go run ./data/convert "x.npy" "LABELS.npy"`},
		{XZ.Mend("x.xz"), `run: python3 data/convert/unxz.py "x.xz" && go run ./data/convert "x.xz.out"`},
		{LZMA.Mend("x"), XZ.Mend("x")},
		{Zstd.Mend("x"), `run: zstd -d "x" -o "x.out" && go run ./data/convert "x.out"`},
		{SavedNetwork.Mend("net.json"), `run: go run . -load "net.json"`},
		{PNG.Mend("4.png"), `to have the digit in it read, run: go run . "4.png"`},
		{GitLFS.Mend("x"), "run: git lfs pull"},
		{Empty.Mend("x"), "download it again (README.md has the line for MNIST)"},
	} {
		if c.got != c.want {
			t.Errorf("got  %s\nwant %s", c.got, c.want)
		}
	}
}

// Python is to run only what may well be digits.
func TestMendPickle(t *testing.T) {
	trust := Joblib.Mend("x.pkl.gz")
	for _, c := range []struct {
		module   string
		textForm bool
		want     string
	}{
		{"torch._utils", false, trust},
		{"pandas.core.frame", false, trust},
		{"numpy.ma.core", false, trust},
		{"scipy.sparse._csr", false, trust},
		{"joblib.numpy_pickle", false, trust},
		{"", true, trust},
		{"os", false, ""},
		{"", false, ""},
		{"pandasx.core", false, ""},
		{"numpyxma.core", false, ""},
		{"os.torch.x", false, ""},
		{"numpy", false, trust},
		{"numpy.rec", false, trust},
		{"numpy._core.records", false, trust},
		{"numpy.matrixlib.defmatrix", false, trust},
		{"numpyx", false, ""},
		{"numpy.", false, ""},
		{"numpy.recx", false, ""},
		{"numpy.f2py", false, ""},
		{"numpy.testing._private.utils", false, ""}, // it has runstring, which runs anything
	} {
		if got := MendPickle(c.module, c.textForm, "x.pkl.gz"); got != c.want {
			t.Errorf("MendPickle(%q, %v) = %q, want %q", c.module, c.textForm, got, c.want)
		}
	}
}

// ---- gzip.go ----

// gzipped returns text as a gzip file.
func gzipped(text string) string {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

// gunzip returns what Gunzip makes of r.
func gunzip(r io.Reader) (string, error) {
	inflated, err := Gunzip(r)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(inflated)
	return string(text), err
}

func TestGunzip(t *testing.T) {
	file := gzipped("six digits")
	for name, c := range map[string]struct{ file, want, err string }{
		"one member":                 {file, "six digits", ""},
		"three members":              {file + gzipped("") + gzipped(", two more"), "six digits, two more", ""},
		"zeros behind it":            {file + strings.Repeat("\x00", 512), "", "damaged"},
		"bytes behind it":            {file + "0123456789", "", "damaged"},
		"half a member behind it":    {file + file[:len(file)/2], "", "cut short"},
		"nothing":                    {"", "", "cut short"},
		"two bytes of gzip":          {"\x1f\x8b", "", "cut short"},
		"half a gzip header":         {"\x1f\x8b\x08", "", "cut short"},
		"a gzip method that is none": {"\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x00", "", "damaged"},
		"no gzip file":               {"0123456789", "", "damaged"},
		"a wrong checksum":           {file[:len(file)-8] + "x" + file[len(file)-7:], "", "damaged (gzip: invalid checksum)"},
		"a wrong length":             {file[:len(file)-1] + "x", "", "damaged"},
		"wrong bits":                 {file[:10] + "\xff" + file[11:], "", "damaged (flate: corrupt input before offset"},
	} {
		got, err := gunzip(strings.NewReader(c.file))
		var damaged *DamagedError
		switch {
		case c.err == "" && (err != nil || got != c.want):
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		case c.err == "":
		case !errors.As(err, &damaged) || !strings.Contains(err.Error(), c.err) ||
			!strings.HasSuffix(err.Error(), "; download it again"):
			t.Errorf("%s: the error is %v, want a DamagedError with %q and what to do", name, err, c.err)
		case errors.Is(err, io.ErrUnexpectedEOF) != (c.err == "cut short"):
			t.Errorf("%s: the error is %v, io.ErrUnexpectedEOF if and only if it is cut short", name, err)
		}
	}
}

// Many empty members are no reason to give up: a Read returns something, or an error.
func TestGunzipEmptyMembers(t *testing.T) {
	r, err := Gunzip(strings.NewReader(strings.Repeat(gzipped(""), 200) + gzipped("digits")))
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 6)
	if n, err := r.Read(buf); n == 0 {
		t.Errorf("Read returns %d, %v, want bytes", n, err)
	}
}

// Every beginning of a good file is cut short.
func TestGunzipTruncated(t *testing.T) {
	file := gzipped("digits") + gzipped("more digits")
	end := len(gzipped("digits")) // there the first member ends, and might be all
	for n := range file {
		_, err := gunzip(strings.NewReader(file[:n]))
		if n == end && err != nil || n != end && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the first %d of %d bytes: the error is %v", n, len(file), err)
		}
	}
}

// Whoever reads on after an error gets it again, not what stands behind the damage.
func TestGunzipStaysDamaged(t *testing.T) {
	file := gzipped("digits")
	r, err := Gunzip(strings.NewReader(file + strings.Repeat("\x00", 512) + file))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := io.ReadAll(r); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("the error is %v, want damage", err)
		}
	}
}

// An error of the disk is reported as it is, wherever it comes.
func TestGunzipPassesOnReadErrors(t *testing.T) {
	file := gzipped("digits")
	broken := errors.New("the disk is broken")
	for _, n := range []int{0, 5, 12, len(file) - 4, len(file)} {
		_, err := gunzip(io.MultiReader(strings.NewReader(file[:n]), iotest.ErrReader(broken)))
		if err != broken {
			t.Errorf("after %d bytes: the error is %v, want %v", n, err, broken)
		}
	}
}

// damage keeps the error that it found.
func TestDamage(t *testing.T) {
	for _, err := range []error{flate.CorruptInputError(7), gzip.ErrHeader, gzip.ErrChecksum, io.ErrUnexpectedEOF} {
		var damaged *DamagedError
		if got := damage(err); !errors.As(got, &damaged) || !errors.Is(got, err) {
			t.Errorf("damage(%v) = %v, want a DamagedError that is the same", err, got)
		}
	}
	if err := damage(io.EOF); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("damage(io.EOF) = %v, want io.ErrUnexpectedEOF in it", err)
	}
}

// ---- replace.go ----

var errFull = errors.New("the disk is full")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// Should the power fail, there is the old file or the new one, whole: all of the new one
// is on the disk before it has the name, and then the name is on the disk.
func TestReplaceOrder(t *testing.T) {
	defer func(s func(*os.File) error, r func(string, string) error) { sync, rename = s, r }(sync, rename)
	file := filepath.Join(t.TempDir(), "file")
	var order []string
	sync = func(f *os.File) error {
		if info, err := f.Stat(); err == nil && info.IsDir() {
			order = append(order, "sync the folder")
		} else {
			content, _ := os.ReadFile(f.Name())
			order = append(order, fmt.Sprintf("sync %d bytes", len(content)))
		}
		return nil
	}
	rename = func(from, to string) error {
		order = append(order, "rename to "+filepath.Base(to))
		return os.Rename(from, to)
	}
	if err := Replace(file, func(w io.Writer) error { _, err := w.Write(make([]byte, 10_000)); return err }); err != nil {
		t.Fatal(err)
	}
	if want := []string{"sync 10000 bytes", "rename to file", "sync the folder"}; !slices.Equal(order, want) {
		t.Errorf("the order is %q, want %q", order, want)
	}
	full := errors.New("no space left on device")
	sync = func(*os.File) error { return full }
	if err := Replace(file, func(io.Writer) error { return nil }); err != full {
		t.Errorf("where syncing fails, the error is %v, want %v", err, full)
	}
	if info, err := os.Stat(file); err != nil || info.Size() != 10_000 {
		t.Errorf("where syncing fails, the old file is gone: %v, %v", info, err)
	}
}

// A file is replaced whole or not at all.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	put := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			io.WriteString(w, text)
			if got, e := os.ReadFile(file); e == nil && string(got) == text {
				t.Errorf("%q is in the file while it is being written", text)
			}
			return err
		}
	}
	if err := Replace(file, put("one", nil)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := Replace(file, put("two", nil)); err != nil {
		t.Fatal(err)
	}
	if err := Replace(file, put("three", errFull)); err != errFull {
		t.Errorf("the error is %v, want %v", err, errFull)
	}
	if got, _ := os.ReadFile(file); string(got) != "two" {
		t.Errorf("the file holds %q, want what was there before", got)
	}
	if runtime.GOOS != "windows" {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("the file's mode is %v, want 0640", info.Mode())
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

// A new file has the mode that the system gives to new files.
func TestReplaceMode(t *testing.T) {
	dir := t.TempDir()
	ordinary, file := filepath.Join(dir, "ordinary"), filepath.Join(dir, "file")
	if err := os.WriteFile(ordinary, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Replace(file, func(io.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	want, _ := os.Stat(ordinary)
	if got, err := os.Stat(file); err != nil || got.Mode() != want.Mode() {
		t.Errorf("the new file is %v, error %v, want %v", got, err, want.Mode())
	}
}

// Files that cannot be written, or cannot have the name; errors are without names.
func TestReplaceFails(t *testing.T) {
	dir := t.TempDir()
	text := func(w io.Writer) error {
		_, err := io.WriteString(w, "text")
		return err
	}
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"a folder":  folder,
		"in a file": filepath.Join("files_test.go", "file"),
		"nowhere":   filepath.Join(dir, "no", "file"),
	} {
		if err := Replace(file, text); err == nil || strings.Contains(err.Error(), "file.") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	err := Replace(filepath.Join(dir, "file"), func(w io.Writer) error {
		w.(*bufio.Writer).Reset(fullDisk{}) // as if the disk were full when the last bytes come
		return text(w)
	})
	if err != errFull {
		t.Errorf("where the last bytes cannot be written, the error is %v, want %v", err, errFull)
	}
	full := &fs.PathError{Op: "write", Path: "file.1.tmp", Err: syscall.ENOSPC}
	if err := Replace(filepath.Join(dir, "file"), func(io.Writer) error { return full }); err != syscall.ENOSPC {
		t.Errorf("on a full disk the error is %v, want %v", err, syscall.ENOSPC)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

// The temporary file is a new one, whatever others have left; done removes it, but not a
// file that has been renamed.
func TestCreateBeside(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	seen := map[string]bool{}
	for range 3 {
		f, done, err := createBeside(file)
		if err != nil {
			t.Fatal(err)
		}
		if seen[f.Name()] || filepath.Dir(f.Name()) != dir {
			t.Errorf("%s is not new, or not beside %s", f.Name(), file)
		}
		seen[f.Name()] = true
		defer done()
	}
	f, done, err := createBeside(file)
	if err != nil {
		t.Fatal(err)
	}
	done()
	if _, err := os.Stat(f.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after done the error of Stat is %v", err)
	}
	if f, done, err = createBeside(file); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := os.Rename(f.Name(), file); err != nil {
		t.Fatal(err)
	}
	done()
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the file that was renamed: %v", err)
	}
}

// Signals end the program in the middle of Replace: it dies of them, there is the old file,
// and nothing is left behind. One that it ignores, as under nohup, does not.
func TestReplaceSignals(t *testing.T) {
	if file := os.Getenv("DIGITS_REPLACE"); file != "" { // this is the program that is to die
		err := Replace(file, func(w io.Writer) error {
			fmt.Println("writing")
			io.Copy(w, os.Stdin)
			return nil
		})
		fmt.Println("done", err)
		if self, err := os.FindProcess(os.Getpid()); err == nil && os.Getenv("DIGITS_THEN") != "" {
			self.Signal(syscall.SIGTERM)
			for range 1_000_000 { // the signal may take a moment
				runtime.Gosched()
			}
		}
		return
	}
	if _, err := exec.LookPath("sh"); err != nil || runtime.GOOS == "windows" {
		t.Skip("skipped: there are no signals to send here")
	}
	for name, c := range map[string]struct {
		before string
		signal syscall.Signal
		want   string // in the file
	}{
		"Ctrl-C":                {"", syscall.SIGINT, "old"},
		"kill":                  {"", syscall.SIGTERM, "old"},
		"a terminal is closed":  {"", syscall.SIGHUP, "old"},
		"Ctrl-\\":               {"", syscall.SIGQUIT, "old"},
		"a terminal, and nohup": {"trap '' HUP; ", syscall.SIGHUP, "new"},
		"kill, later":           {"export DIGITS_THEN=die; ", syscall.SIGTERM, "new"},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "file")
		os.WriteFile(file, []byte("old"), 0o666)
		child := exec.Command("sh", "-c", c.before+`exec "$0" -test.run '^TestReplaceSignals$'`, os.Args[0])
		child.Env = append(os.Environ(), "DIGITS_REPLACE="+file)
		stdin, _ := child.StdinPipe()
		stdout, _ := child.StdoutPipe()
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(stdout, make([]byte, len("writing\n"))); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if files, _ := os.ReadDir(dir); len(files) != 2 {
			t.Errorf("%s: while it is written there are %v, want two files", name, files)
		}
		later := strings.Contains(c.before, "DIGITS_THEN") // then it sends the signal itself
		if !later {
			if err := child.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
		}
		if c.want == "new" {
			io.WriteString(stdin, "new")
			stdin.Close()
		}
		io.Copy(io.Discard, stdout)
		err := child.Wait()
		var exit *exec.ExitError
		switch died := errors.As(err, &exit); {
		case later && (!died || exit.Sys().(syscall.WaitStatus).Signal() != c.signal):
			t.Errorf("%s: the program ended with %v, want it to die of %v", name, err, c.signal)
		case later:
		case c.want == "new" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want == "old" && (!died || exit.Sys().(syscall.WaitStatus).Signal() != c.signal) && c.signal != syscall.SIGQUIT:
			t.Errorf("%s: the program ended with %v, want it to die of %v", name, err, c.signal)
		}
		if got, _ := os.ReadFile(file); string(got) != c.want {
			t.Errorf("%s: the file holds %q, want %q", name, got, c.want)
		}
		if files, _ := os.ReadDir(dir); len(files) != 1 {
			t.Errorf("%s: left behind: %v", name, files)
		}
		stdin.Close()
	}
}

// What cannot be renamed over, such as a bind mount, is found out before.
func TestOutputTriesIt(t *testing.T) {
	defer func(r func(string, string) error) { rename = r }(rename)
	file := filepath.Join(t.TempDir(), "file")
	rename = func(from, to string) error {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: syscall.EBUSY}
	}
	if _, err := Output(file); err != nil {
		t.Errorf("of a new file the error is %v", err)
	}
	os.WriteFile(file, []byte("old"), 0o666)
	if _, err := Output(file); !errors.Is(err, syscall.EBUSY) || strings.Contains(err.Error(), file) {
		t.Errorf("the error is %v, want %v without a name", err, syscall.EBUSY)
	}
	rename = os.Rename
	then := time.Unix(1e9, 0)
	if err := os.Chtimes(file, then, then); err != nil {
		t.Fatal(err)
	}
	if _, err := Output(file); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(file); err != nil || !info.ModTime().Equal(then) || info.Size() != 3 {
		t.Errorf("after Output the file is %v, %v, want what it was", info, err)
	}
	if files, _ := os.ReadDir(filepath.Dir(file)); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

// A link stays a link, also one to a file that is yet to be made; and what stands
// beside the file, whatever its name, is not touched.
func TestOutputFollowsLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: on Windows not every user may make links")
	}
	for name, there := range map[string]bool{"to a file": true, "to no file yet": false} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
			t.Fatal(err)
		}
		file, link := filepath.Join(dir, "folder", "net.json"), filepath.Join(dir, "link")
		if there {
			os.WriteFile(file, []byte("old"), 0o666)
		}
		for name, to := range map[string]string{link: "link2", link + "2": "link3",
			link + "3": filepath.Join("folder", "link4"), filepath.Join(dir, "folder", "link4"): file} {
			if err := os.Symlink(to, name); err != nil {
				t.Fatal(err)
			}
		}
		target, err := Output(link)
		if err != nil || target != file {
			t.Fatalf("%s: Output = %q, %v, want %q", name, target, err, file)
		}
		if got, _ := os.ReadFile(file); there && string(got) != "old" || !there && got != nil {
			t.Errorf("%s: after Output the file holds %q", name, got)
		}
		if err := Replace(target, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if to, err := os.Readlink(link); err != nil || to != "link2" {
			t.Errorf("%s: the link leads to %q, error %v", name, to, err)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != "new" {
			t.Errorf("%s: the file holds %q, error %v", name, got, err)
		}
		if files, _ := os.ReadDir(filepath.Dir(file)); len(files) != 2 {
			t.Errorf("%s: besides the file and a link there is left %v", name, files)
		}
	}
	loop := filepath.Join(t.TempDir(), "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	if _, err := Output(loop); err == nil || !strings.Contains(err.Error(), "leads to itself") {
		t.Errorf("of a link to itself, the error is %v", err)
	}
}

// What Replace could not replace, or the user may not write to, Output refuses.
func TestOutputRefuses(t *testing.T) {
	dir := t.TempDir()
	file, readOnly := filepath.Join(dir, "file"), filepath.Join(dir, "read-only")
	os.WriteFile(file, nil, 0o666)
	os.WriteFile(readOnly, nil, 0o444)
	for name, c := range map[string]struct{ file, want string }{
		"a folder":       {dir, "not an ordinary file"},
		"a device":       {os.DevNull, "not an ordinary file"},
		"no such folder": {filepath.Join(dir, "no", "file"), ""},
		"in a file":      {filepath.Join(file, "file"), ""},
		"read-only":      {readOnly, "permission denied"},
	} {
		if f, err := os.OpenFile(readOnly, os.O_WRONLY, 0); err == nil && name == "read-only" {
			f.Close()
			continue // this user may write to any file
		}
		_, err := Output(c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), filepath.Base(dir)) {
			t.Errorf("%s: the error is %v, want one with %q and without a name", name, err, c.want)
		}
	}
	if got, err := Output(file); err != nil || got != file {
		t.Errorf("Output(%q) = %q, %v, want the same", file, got, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("left behind: %v", files)
	}
}

// A file that is read, under whatever name, is no output.
func TestOutput(t *testing.T) {
	dir := t.TempDir()
	input, other := filepath.Join(dir, "input"), filepath.Join(dir, "other")
	os.WriteFile(input, []byte("digits"), 0o666)
	for name, c := range map[string]struct {
		file, want string
		read       []string
	}{
		"a new file":   {other, "", []string{input, ""}},
		"nothing read": {input, "", nil},
		"the input":    {input, "it would replace " + input + ", which is to be read", []string{other, input}},
		"a way about":  {filepath.Join(dir, "x", "..", "input"), "it would replace " + input, []string{input}},
		"a folder":     {dir, "not an ordinary file", []string{input}},
	} {
		target, err := Output(c.file, c.read...)
		if c.want == "" && (err != nil || target != c.file) ||
			c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: Output(%q) = %q, %v, want %q", name, c.file, target, err, c.want)
		}
	}
	link := filepath.Join(dir, "link")
	if os.Symlink(input, link) == nil {
		if _, err := Output(link, input); err == nil {
			t.Error("a link to the input is to be the output, and there is no error")
		}
	}
}

func TestSame(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	os.WriteFile(a, []byte("text"), 0o666)
	os.WriteFile(b, []byte("text"), 0o666)
	hard := filepath.Join(dir, "hard")
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{a, a, true},
		{a, filepath.Join(dir, ".", "x", "..", "a"), true},
		{a, b, false},
		{a, filepath.Join(dir, "none"), false},
		{filepath.Join(dir, "none"), filepath.Join(dir, "none"), true}, // no file yet
		{filepath.Join(dir, "none"), filepath.Join(dir, "NONE"), true}, // perhaps
		{filepath.Join(dir, "none"), filepath.Join(dir, "other"), false},
		{filepath.Join(dir, "none"), filepath.Join(dir, "folder", "none"), false},
		{filepath.Join(dir, "none"), filepath.Join(dir, "no", "none"), false},
		{"", filepath.Join(dir, "none"), false},
	} {
		if got := Same(c.a, c.b); got != c.want {
			t.Errorf("Same(%q, %q) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
	if capital := filepath.Join(dir, "A"); Same(a, capital) {
		if _, err := os.Stat(capital); err != nil {
			t.Errorf("Same(%q, %q) = true, but there is no such file", a, capital)
		}
	}
	if os.Link(a, hard) == nil && !Same(a, hard) {
		t.Errorf("Same(%q, %q) = false for two names of one file", a, hard)
	}
	if link := filepath.Join(dir, "link"); os.Symlink("folder", link) == nil {
		if a, b := filepath.Join(link, "none"), filepath.Join(dir, "folder", "none"); !Same(a, b) {
			t.Errorf("Same(%q, %q) = false, but the folder is one", a, b)
		}
	}
}

func TestIsOpen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for what, got := range map[string]bool{"the file": !IsOpen(f, name), "another": IsOpen(f, "files_test.go"),
		"no file": IsOpen(f, name+"x"), "no open file": IsOpen(io.Discard, name)} {
		if got {
			t.Errorf("of %s IsOpen is wrong", what)
		}
	}
}

func TestBare(t *testing.T) {
	_, noFile := os.Open(filepath.Join(t.TempDir(), "none"))
	noLink := os.Rename(filepath.Join(t.TempDir(), "none"), filepath.Join(t.TempDir(), "other"))
	for _, err := range []error{noFile, noLink} {
		got := Bare(err)
		if !errors.Is(got, fs.ErrNotExist) || strings.Contains(got.Error(), "none") {
			t.Errorf("Bare(%v) = %v, want the same without the name", err, got)
		}
	}
	if err := Bare(errFull); err != errFull {
		t.Errorf("Bare(%v) = %v, want it as it is", errFull, err)
	}
	if err := Bare(nil); err != nil {
		t.Errorf("Bare(nil) = %v", err)
	}
}

// Gunzip takes no more from the file than it has: what stands before stays read, and
// a file that is being inflated may be a reader of single bytes.
func TestGunzipSmallReads(t *testing.T) {
	text := strings.Repeat("digits ", 10_000)
	for name, r := range map[string]io.Reader{
		"single bytes": iotest.OneByteReader(strings.NewReader(gzipped(text) + gzipped(text))),
		"data and EOF": iotest.DataErrReader(bytes.NewReader([]byte(gzipped(text) + gzipped(text)))),
	} {
		if got, err := gunzip(r); err != nil || got != text+text {
			t.Errorf("%s: %d bytes, %v, want %d", name, len(got), err, 2*len(text))
		}
	}
}

// Peek looks far enough, and tells the kind of what could be read before an error.
func TestPeek(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		file io.Reader
		want *Kind
		err  error
	}{
		"a tar archive, whose sign is at byte 257": {strings.NewReader(strings.Repeat("a", 257) + "ustar"), Tar, nil},
		"an empty file":        {strings.NewReader(""), Empty, nil},
		"a gzip file, cut off": {io.MultiReader(strings.NewReader("\x1f\x8b"), iotest.ErrReader(broken)), Gzip, broken},
	} {
		r := bufio.NewReader(c.file)
		if got, err := Peek(r); got != c.want || err != c.err {
			t.Errorf("%s: got %v, %v, want %v, %v", name, got, err, c.want, c.err)
		}
	}
	r := bufio.NewReader(strings.NewReader("\x1f\x8bzip"))
	Peek(r)
	if rest, _ := io.ReadAll(r); string(rest) != "\x1f\x8bzip" {
		t.Errorf("after Peek there is %q left", rest)
	}
}
