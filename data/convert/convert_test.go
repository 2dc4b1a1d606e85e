package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"digits/internal/files"
	"digits/internal/pickle"
)

// pixel and label are the digits of testdata/make_kinds.py: pixel j, 0 to 255, and the
// label of digit i.
func pixel(i, j int) int { return (i*37 + j*23) % 256 * ((i + j) % 2) }
func label(i int) int    { return i * 3 % 10 }

// inOrder are the numbers of the digits that the sets should have: 10, 2 and 2.
var inOrder = [3][]int{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {10, 11}, {12, 13}}

// inColumns are those of files with sorted training digits, as mnist-original.mat: every
// sixth is for validation.
var inColumns = func() [3][]int {
	sorted := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	slices.SortStableFunc(sorted, func(a, b int) int { return label(a) - label(b) })
	return [3][]int{slices.Concat(sorted[:5], sorted[6:11]), {sorted[5], sorted[11]}, {12, 13}}
}()

// convertAs runs the command with the arguments and an output file, and returns that
// file's name, and what the command wrote.
func convertAs(t *testing.T, args ...string) (out, stdout, stderr string, status int) {
	t.Helper()
	out = filepath.Join(t.TempDir(), "digits.pkl.gz")
	var o, e strings.Builder
	status = run(append([]string{"-o", out}, args...), &o, &e)
	return out, o.String(), e.String(), status
}

// digits are the three sets of a file.
type digits [3]struct {
	images [][]float64
	labels []int
}

// load reads a file as the program wants it.
func load(t *testing.T, name string) (sets digits) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	inflated, err := files.Gunzip(f)
	if err != nil {
		t.Fatal(err)
	}
	v, err := pickle.Read(inflated, pickle.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	pairs, _ := v.(pickle.Tuple)
	if len(pairs) != 3 {
		t.Fatalf("%s holds %s, want a tuple of 3", name, pickle.Describe(v))
	}
	for s, pair := range pairs {
		images, labels := pair.(pickle.Tuple)[0].(*pickle.Array), pair.(pickle.Tuple)[1].(*pickle.Array)
		if images.Type.String() != "f4" || labels.Type.String() != "i8" || len(images.Shape) != 2 ||
			!slices.Equal(labels.Shape, images.Shape[:1]) {
			t.Fatalf("set %d: images are %v of %v, labels %v of %v, want n×pixels of f4 and n of i8",
				s, images.Shape, images.Type, labels.Shape, labels.Type)
		}
		for i := range labels.Shape[0] {
			image := make([]float64, images.Shape[1])
			images.Floats(image, i*len(image))
			sets[s].images = append(sets[s].images, image)
			sets[s].labels = append(sets[s].labels, int(labels.Value(i).(int64)))
		}
	}
	return sets
}

// wantDigits compares the digits in a file with those of testdata/make_kinds.py.
func wantDigits(t *testing.T, name string, want [3][]int) {
	t.Helper()
	for s, set := range load(t, name) {
		if len(set.labels) != len(want[s]) {
			t.Errorf("set %d has %d digits, want %d", s, len(set.labels), len(want[s]))
			continue
		}
		for row, i := range want[s] {
			if got := set.labels[row]; got != label(i) {
				t.Errorf("set %d, digit %d is labelled %d, want %d", s, row, got, label(i))
			}
			if len(set.images[row]) != 12 {
				t.Fatalf("set %d, digit %d has %d pixels, want 12", s, row, len(set.images[row]))
			}
			for j, got := range set.images[row] {
				if want := float64(pixel(i, j)) / 255; math.Abs(got-want) > 1e-6 {
					t.Errorf("set %d, digit %d, pixel %d is %v, want %v", s, row, j, got, want)
				}
			}
		}
	}
}

// Every kind of file that Go reads.
func TestConvert(t *testing.T) {
	for args, want := range map[string][3][]int{
		"idx/train-images-idx3-ubyte.gz": inOrder,
		"idx/train-labels-idx1-ubyte":    inOrder,
		"idx/t10k-images-idx3-ubyte":     inOrder,
		"idx/t10k-labels-idx1-ubyte.gz":  inOrder,
		"header.csv":                     inOrder,
		"plain.csv.gz":                   inOrder,
		"openml.csv":                     inOrder, // the label is in the last column
		"npy/images.npy npy/LABELS.npy":  inOrder,
		"npy/LABELS.npy npy/images.npy":  inOrder,
		"keras.npz":                      inOrder,
		"fortran.npz":                    inOrder, // first index fastest, and big-endian
		"positions.npz":                  inOrder, // arr_0 to arr_5
		"all.npz":                        inOrder, // images twice, and texts
		"columns.npz":                    inColumns,
		"dict.pkl":                       inOrder,
		"dict.pkl.gz":                    inOrder,
		"pickle.pkl":                     inOrder,
		"list.pkl":                       inOrder, // images are lists of arrays
		"pairs.json":                     inOrder,
		"twice.pkl.gz.gz":                inOrder,
		"twice.pkl.bz2.gz":               inOrder,
		"pickle.bz2":                     inOrder,
		"pickle.zip":                     inOrder,
		"tables.zip":                     inOrder,                                                      // two tables, a folder, and a README
		"shared.pkl":                     {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {12, 13}, {12, 13}}, // one pair twice over
	} {
		var names []string
		for _, name := range strings.Fields(args) {
			names = append(names, filepath.Join("testdata", "kinds", filepath.FromSlash(name)))
		}
		out, stdout, stderr, status := convertAs(t, names...)
		if status != 0 || stderr != "" || strings.Count(stdout, "\n") != 1 ||
			!strings.Contains(stdout, fmt.Sprintf("%d training, %d validation, %d test digits of 12 pixels",
				len(want[0]), len(want[1]), len(want[2]))) ||
			!strings.Contains(stdout, filepath.Base(names[0])) || !strings.Contains(stdout, "go run . -data") {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q, want one line about the digits", args, status, stdout, stderr)
			continue
		}
		t.Run(args, func(t *testing.T) { wantDigits(t, out, want) })
	}
}

// The files that Python reads: the line that files.Mend gives is the one that is said,
// and makes a file of it that convert reads. Python has the last word.
func TestConvertByPython(t *testing.T) {
	bin := pythonWithNumpy(t)
	for name, c := range map[string]struct {
		needs, said string
		want        [3][]int
	}{
		"keras.h5":         {"h5py", "an HDF5 file; run: ", inOrder},
		"keras.h5.gz":      {"h5py", "an HDF5 file; run: ", inOrder},
		"groups.h5":        {"h5py", "an HDF5 file; run: ", inOrder},
		"original.mat":     {"scipy", "a MATLAB file; run: ", inColumns},
		"matlab73.mat":     {"h5py", "a MATLAB file; run: ", inColumns},
		"dump.joblib":      {"joblib", "a file by joblib.dump; if you trust it: ", inOrder},
		"dump.joblib.z":    {"joblib", "as by joblib.dump; if you trust it: ", inOrder},
		"pandas.pkl.gz":    {"pandas", `"pandas.core.frame" is no name`, inOrder},
		"masked.pkl.gz":    {"numpy", `"numpy.ma.core" is no name`, inOrder},
		"sparse.pkl.gz":    {"scipy", `"scipy.sparse._csr" is no name`, inOrder},
		"protocol0.pkl.gz": {"numpy", "; if you trust it: ", inOrder},
		"half.pkl.gz":      {"numpy", `an array of dtype "f2"`, inOrder},
		"ones.pkl.gz":      {"numpy", `a number of type f8`, inOrder},
		"pickle.xz":        {"lzma", "a file compressed by xz; run: ", inOrder},
		"pickle.xz.gz":     {"lzma", "a file compressed by xz; run: ", inOrder},
		"tensors.pt":       {"numpy", "a file by torch.save; if you trust it: ", inOrder},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, name)
			content, err := os.ReadFile(filepath.Join("testdata", "kinds", name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, content, 0o666); err != nil {
				t.Fatal(err)
			}
			_, stdout, stderr, status := convertAs(t, file)
			if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.said) ||
				strings.Contains(c.said, " is no name") && !strings.Contains(stderr, "; if you trust it: ") {
				t.Fatalf("exit status %d, stdout %q, stderr %q, want 1, nothing and one line with %q",
					status, stdout, stderr, c.said)
			}
			_, line, ok1 := strings.Cut(strings.TrimSpace(stderr), ": python3 ")
			python, convert, ok2 := strings.Cut("python3 "+line, ` && go run ./data/convert "`)
			if !ok1 || !ok2 {
				t.Fatalf("stderr is %q, want a line that runs Python, then convert", stderr)
			}
			switch {
			case bin == "":
				t.Skip("skipped: there is no sh, or no Python that has numpy")
			case os.Getenv("DIGITS_TEST") != "all" && c.needs != "lzma":
				t.Skip("skipped: takes a second; DIGITS_TEST=all runs it")
			case exec.Command(filepath.Join(bin, "python3"), "-c", "import "+c.needs).Run() != nil:
				t.Skipf("skipped: this Python has no %s", c.needs)
			}
			sh := exec.Command("sh", "-c", python)
			sh.Dir = filepath.Join("..", "..") // the root of the repository
			sh.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"),
				"PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH="+standIns(t))
			if output, err := sh.CombinedOutput(); err != nil || len(output) > 0 {
				t.Fatalf("%s: %v: %s", python, err, output)
			}
			out, _, stderr, status := convertAs(t, strings.TrimSuffix(convert, `"`))
			if status != 0 {
				t.Fatalf("exit status %d, stderr %q", status, stderr)
			}
			wantDigits(t, out, c.want)
			if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, content) {
				t.Errorf("%s is not what it was, error %v", name, err)
			}
		})
	}
}

// standIns returns a folder with a module that stands in for PyTorch, of which hardly
// any machine has the gigabytes.
func standIns(t *testing.T) string {
	dir := t.TempDir()
	const torch = "import pickle, zipfile\n" +
		"def load(f):\n    return pickle.loads(zipfile.ZipFile(f).read('archive/data.pkl'))\n"
	if err := os.WriteFile(filepath.Join(dir, "torch.py"), []byte(torch), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// pythonWithNumpy returns a folder in which python3 has numpy, or "", also where there is
// no shell to run it.
func pythonWithNumpy(t *testing.T) string {
	if _, err := exec.LookPath("sh"); err != nil || runtime.GOOS == "windows" {
		return ""
	}
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		python, err := exec.LookPath(name)
		if err != nil || exec.Command(python, "-c", "import numpy").Run() != nil {
			continue
		}
		bin := t.TempDir()
		run := "#!/bin/sh\nexec '" + python + "' \"$@\"\n"
		if err := os.WriteFile(filepath.Join(bin, "python3"), []byte(run), 0o777); err != nil {
			t.Fatal(err)
		}
		return bin
	}
	return ""
}

// fileOf writes a file into a new folder, and returns its name.
func fileOf(t testing.TB, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

// gzipped returns text as a gzip file.
func gzipped(text string) string {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

// zipped returns a zip archive of files: name, content, name, content, ...
func zipped(files ...string) string {
	var b strings.Builder
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, _ := z.Create(files[i])
		io.WriteString(w, files[i+1])
	}
	z.Close()
	return b.String()
}

// npy returns a .npy file: its heading says the type, order and shape, and numbers
// are written as they are.
func npy(descr, fortran, shape string, numbers any) string {
	order := binary.ByteOrder(binary.LittleEndian)
	if descr[0] == '>' {
		order = binary.BigEndian
	}
	var data bytes.Buffer
	if several, ok := numbers.([]any); ok {
		for _, v := range several {
			binary.Write(&data, order, v)
		}
	} else {
		binary.Write(&data, order, numbers)
	}
	heading := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }\n", descr, fortran, shape)
	return "\x93NUMPY\x01\x00" + string([]byte{byte(len(heading)), 0}) + heading + data.String()
}

// csv returns a table of n digits in order, with labels in the first column.
func csv(n int, label func(i int) int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,%d,%d,255\n", label(i), i%200, i/200)
	}
	return b.String()
}

func tenth(i int) int { return i % 10 }

// Files that are not good, and what is said of them: one line with the name of the
// file, where it is wrong, and what to do.
func TestConvertRefuses(t *testing.T) {
	images, labels := npy("|u1", "False", "8, 2, 2", make([]byte, 32)), npy("|u1", "False", "8,", make([]byte, 8))
	idx := "\x00\x00\x08\x03\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01ab"
	table := csv(20, tenth)
	damaged := []byte(gzipped("5,0,0,12\n4,0,0\n")) // and its second line is too short
	damaged[len(damaged)-8]++
	for name, c := range map[string]struct{ file, content, want string }{
		"nothing":                       {"x.csv", "", "x.csv: an empty file; download it again"},
		"a web page":                    {"x.csv", "<!doctype html>", "a web page; download the file itself"},
		"a web page in a gzip":          {"x.csv.gz", gzipped("<!doctype html>"), "a web page; download the file itself"},
		"no kind of file":               {"x", "digits", `begins "digi", which is no kind of file that convert knows`},
		"HDF5":                          {"x.h5", "\x89HDF\r\n\x1a\n", `x.h5.npz"`},
		"HDF5 in bzip2 and a zip":       {"x.zip", zipped("a/x.h5", "\x89HDF\r\n\x1a\n"), "a/x.h5 in it: an HDF5 file; unpack it and name the file in it"},
		"pictures in a zip":             {"x.zip", zipped("0.png", "\x89PNG\r\n\x1a\n", "1.png", "\x89PNG\r\n\x1a\n"), "1.png in it: a picture (PNG)"},
		"an empty zip":                  {"x.zip", zipped(), "begins \"PK\\x05\\x06\""},
		"a zip of a folder":             {"x.zip", zipped("x/", ""), "no images and labels in it"},
		"half a zip":                    {"x.zip", zipped("x.csv", table)[:100], "the file is damaged (zip: not a valid zip file); download it again"},
		"a damaged zip":                 {"x.zip", strings.Replace(zipped("x.csv", table), "\x08\x00\x00", "\x63\x00\x00", 2), "unpack it and name the file in it"},
		"an encrypted zip":              {"x.zip", strings.Replace(zipped("x.csv", table), "PK\x01\x02\x14\x00\x14\x00\x08", "PK\x01\x02\x14\x00\x14\x00\x09", 1), "x.csv in it: encrypted, or compressed in a rare way; unpack it"},
		"an odd name in a zip":          {"x.zip", zipped("\x1b[2J.h5", "\x89HDF\r\n\x1a\n"), `"\x1b[2J.h5" in it`},
		"half a gzip":                   {"x.gz", gzipped(table)[:50], "the file is cut short; download it again"},
		"damage before all else":        {"x.gz", string(damaged), "the file is damaged (gzip: invalid checksum); download it again"},
		"half a bzip2":                  {"x.bz2", "BZh91AY&SY\x00", "the file is cut short"},
		"damaged bzip2":                 {"x.bz2", "BZh91AY&SYabcdefghijklmnop", "the file is damaged (bzip2 data invalid"},
		"gzip nine times over":          {"x.gz", gzipped(gzipped(gzipped(gzipped(gzipped(gzipped(gzipped(gzipped(table)))))))), "compressed 8 times over"},
		"half an IDX heading":           {"x", idx[:7], "the file is cut short"},
		"half an IDX file":              {"x", idx[:17], "the file is cut short"},
		"more than an IDX file":         {"x", idx + "c", "more bytes than an array of shape [2 1 1] of u1 has"},
		"one IDX file":                  {"train-images-idx3-ubyte", idx, "there is no train-labels... beside it"},
		"IDX without a name":            {"x", idx, "x (2×1×1) has no labels with it, an array of 2 numbers"},
		"npy of texts":                  {"x.npy", npy("<U5", "False", "8,", make([]byte, 160)), "not an array of float32, float64 or integers: \"{'descr': '<U5'"},
		"npy of half floats":            {"x.npy", npy("<f2", "False", "8,", make([]byte, 16)), "not an array of float32"},
		"npy of a negative shape":       {"x.npy", npy("|u1", "False", "-8, 2", make([]byte, 16)), "not an array of"},
		"npy without a heading":         {"x.npy", "\x93NUMPY\x01\x00\x05\x00abcde", "not an array of"},
		"half an npy heading":           {"x.npy", images[:30], "the file is cut short"},
		"half an npy file":              {"x.npy", images[:len(images)-1], "the file is cut short"},
		"more than an npy file":         {"x.npy", images + "x", "more bytes than"},
		"images alone":                  {"x.npy", images, "x.npy (8×2×2) has no labels with it, an array of 8 numbers"},
		"labels alone":                  {"x.npy", labels, "x.npy (8) is of one dimension, and no images are with it"},
		"npz of too few labels":         {"x.npz", zipped("x.npy", images, "y.npy", npy("|u1", "False", "7,", make([]byte, 7))), "x.npy (8×2×2) has no labels"},
		"npz of two labels":             {"x.npz", zipped("x.npy", images, "y.npy", labels, "z.npy", npy("|u1", "False", "8,", []byte("\x01\x01\x01\x01\x01\x01\x01\x01"))), "which of them is to be taken?"},
		"npz of other digits":           {"x.npz", zipped("x_train.npy", images, "y_train.npy", labels, "x_test.npy", npy("|u1", "False", "8, 3", make([]byte, 24)), "y_test.npy", labels), "test images have 3 pixels, but training images 4"},
		"too few digits":                {"x.csv", csv(6, tenth), "too few digits: there are none for the test set"},
		"a label of 10":                 {"x.csv", csv(20, func(i int) int { return i }), "x.csv: label (20), number 10: 10 is not a digit from 0 to 9"},
		"a label of 0.5":                {"x.csv", table + "0.5,1,1,1\n", "number 20: 0.5 is not a digit"},
		"a label of -1":                 {"x.csv", table + "-1,1,1,1\n", "number 20: -1 is not a digit"},
		"a label that is NaN":           {"x.csv", table + "nan,1,1,1\n", "number 20: NaN is not a digit"},
		"a pixel of 256":                {"x.csv", table + "1,1,256,1\n", "test images, row 2, pixel 1: 256 is not from 0 to 1, nor from 0 to 255"},
		"a pixel of -1":                 {"x.csv", "1,1,-1,1\n" + table, "training images, row 0, pixel 1: -1 is not from 0 to 1"},
		"a pixel that is NaN":           {"x.csv", "1,nan,1,1\n" + table, "row 0, pixel 0: NaN is not"},
		"a line that is short":          {"x.csv", table + "1,2,3\n", "line 21: 3 columns, but the first line has 4"},
		"a cell that is no number":      {"x.csv", table + "1,2,x\x1by,4\n", `begins "0,0,"`},
		"a cell that is a word":         {"x.csv", table + "1,2,word,4\n", `line 21: column 3: "word" is not a number`},
		"no labels":                     {"x.csv", "pixel0,pixel1,pixel2\n" + table, `no column called label, but "pixel0" is the first`},
		"a heading alone":               {"x.csv", "label,a,b\n", "no images and labels in it"},
		"a line without an end":         {"x.csv", "1," + strings.Repeat("1,", 1<<20), "line 1 is of more than 1048576 bytes"},
		"a dict in JSON":                {"x.json", `{"x": [[1]]}`, "want [[images, labels], [images, labels], ...] in JSON"},
		"words in JSON":                 {"x.json", `[[["a"]]]`, "want [[images, labels], "},
		"numbers alone in JSON":         {"x.json", "[1, 2]", "want [[images, labels], "},
		"half of JSON's lists":          {"x.json", "[[[[1, 2], [3, 4]", "the file is cut short"},
		"half of JSON":                  {"x.json", "[[[[1, 2], [3", "the file is cut short"},
		"two in JSON":                   {"x.json", "[] []", "want [[images, labels], "},
		"a long number in JSON":         {"x.json", "[[[" + strings.Repeat("1", 101), "want [[images, labels], "},
		"a bad number in JSON":          {"x.json", "[[[1-1]]]", "want [[images, labels], "},
		"ragged JSON":                   {"x.json", "[[[[1, 2], [3]], [1, 2]]]", "image 1 has 1 pixels, but the first one 2"},
		"mixed JSON":                    {"x.json", "[[[3, [1, 2]], [1, 2]]]", "numbers and lists of them side by side"},
		"nested JSON":                   {"x.json", strings.Repeat("[", 9), "want [[images, labels], "},
		"half a pickle":                 {"x.pkl", "\x80\x02]", "cut short"},
		"a pickle of os.system":         {"x.pkl", "\x80\x02cos\nsystem\n.", `"system" of module "os" is no name`},
		"a pickle of None":              {"x.pkl", "\x80\x02N.", "no images and labels in it"},
		"a list in itself":              {"x.pkl", "\x80\x02]q\x00h\x00a.", "more than 8 lists in one another"},
		"numbers and None":              {"x.pkl", "\x80\x02](K\x01K\x02Ne.", "item 2 of a list is None, and the first 1"},
		"an array not built, in a list": {"x.pkl", "\x80\x02](K\x01cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87Re.", "the pickle holds an array that was never built"},
		"an array not built":            {"x.pkl", "\x80\x02](cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87RK\x01e.", "an array that was never built"},
		"1001 arrays":                   {"x.pkl", "\x80\x02](" + strings.Repeat("](K\x01e", 1001) + "e.", "more than 1000 arrays"},
		"10,001 files":                  {"x.zip", zipped(strings.Split(strings.Repeat("x,,", 10_001)+"x", ",")[:20_002]...), "more than 10000 files in the archive"},
	} {
		file := fileOf(t, c.file, c.content)
		out, stdout, stderr, status := convertAs(t, file)
		if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "convert: ") ||
			!strings.Contains(stderr, filepath.Base(file)) || !strings.Contains(stderr, c.want) ||
			strings.ContainsFunc(strings.TrimSpace(stderr), func(c rune) bool { return c < ' ' }) {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q, want 1, nothing, and one line with %q",
				name, status, stdout, stderr, c.want)
		}
		if strings.Contains(stderr, "os.system") || strings.Contains(stderr, `"os"`) && strings.Contains(stderr, "python3") {
			t.Errorf("%s: Python is to run it: %s", name, stderr)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: there is an output", name)
		}
	}
}

// A .npy file may have its numbers in any type and order.
func TestConvertTypes(t *testing.T) {
	// Digit i of 8 is labelled 3i mod 8 and has the pixels i, 10+i, 20+i and 200.
	at := func(i, j int) int { return []int{i, 10 + i, 20 + i, 200}[j] }
	labels := npy("|u1", "False", "8L,", []byte{0, 3, 6, 1, 4, 7, 2, 5})
	labels = labels[:6] + "\x02\x00" + labels[8:10] + "\x00\x00" + labels[10:] // version 2 has a longer length
	for descr, number := range map[string]func(v int) any{
		"|u1": func(v int) any { return uint8(v) },
		"<u2": func(v int) any { return uint16(v) },
		">u2": func(v int) any { return uint16(v) },
		"<i2": func(v int) any { return int16(v) },
		">i4": func(v int) any { return int32(v) },
		"<i8": func(v int) any { return int64(v) },
		">u8": func(v int) any { return uint64(v) },
		"<f4": func(v int) any { return float32(v) },
		">f4": func(v int) any { return float32(v) / 255 },
		"<f8": func(v int) any { return float64(v) },
		">f8": func(v int) any { return float64(v) / 255 },
	} {
		for _, fortran := range []string{"False", "True"} {
			var numbers []any
			for k := range 8 * 4 {
				i, j := k/4, k%4
				if fortran == "True" { // of 8×2×2, the first index runs fastest, then the second
					i, j = k%8, k/8%2*2+k/16
				}
				numbers = append(numbers, number(at(i, j)))
			}
			images := npy(descr, fortran, "8, 2, 2", numbers)
			out, _, stderr, status := convertAs(t, fileOf(t, "y.npy", labels), fileOf(t, "x.npy", images))
			if status != 0 {
				t.Errorf("%s, fortran_order %s: %s", descr, fortran, stderr)
				continue
			}
			i := 0
			for _, set := range load(t, out) {
				for row, image := range set.images {
					if set.labels[row] != 3*i%8 {
						t.Errorf("%s, fortran_order %s: digit %d is labelled %d", descr, fortran, i, set.labels[row])
					}
					for j, got := range image {
						if want := float64(at(i, j)) / 255; math.Abs(got-want) > 1e-6 {
							t.Errorf("%s, fortran_order %s: digit %d, pixel %d is %v, want %v", descr, fortran, i, j, got, want)
						}
					}
					i++
				}
			}
			if i != 8 {
				t.Errorf("%s, fortran_order %s: %d digits, want 8", descr, fortran, i)
			}
		}
	}
}

// sizes converts files and returns how many digits there are in each set, or the error.
func sizes(t *testing.T, names ...string) string {
	t.Helper()
	out, _, stderr, status := convertAs(t, names...)
	if status != 0 {
		return stderr
	}
	sets := load(t, out)
	return fmt.Sprint(len(sets[0].labels), len(sets[1].labels), len(sets[2].labels))
}

// Which files and arrays go together, by their names or places.
func TestConvertNames(t *testing.T) {
	pair := func(n int, x, y string) []string {
		return []string{x, npy("|u1", "False", fmt.Sprintf("%d, 4", n), make([]byte, 4*n)),
			y, npy("|u1", "False", fmt.Sprintf("%d,", n), make([]byte, n))}
	}
	npz := func(pairs ...[]string) string { return zipped(slices.Concat(pairs...)...) }
	for name, c := range map[string]struct {
		files []string // name, content, name, content, ...
		want  string
	}{
		"one pair":         {[]string{"x.npz", npz(pair(70, "data.npy", "target.npy"))}, "50 10 10"},
		"training alone":   {[]string{"x.npz", npz(pair(70, "x_train.npy", "y_train.npy"))}, "50 10 10"},
		"test alone":       {[]string{"test.npz", npz(pair(70, "images.npy", "labels.npy"))}, "50 10 10"},
		"training, test":   {[]string{"x.npz", npz(pair(9, "testX.npy", "testY.npy"), pair(60, "trainX.npy", "trainY.npy"))}, "50 10 9"},
		"all three":        {[]string{"x.npz", npz(pair(9, "x_test.npy", "y_test.npy"), pair(8, "x_val.npy", "y_val.npy"), pair(60, "x_train.npy", "y_train.npy"))}, "60 8 9"},
		"upper case":       {[]string{"x.npz", npz(pair(9, "X_TEST.npy", "Y_TEST.npy"), pair(8, "X_VALID.npy", "Y_VALID.npy"), pair(60, "X_TRAIN.npy", "Y_TRAIN.npy"))}, "60 8 9"},
		"no val in values": {[]string{"x.npz", npz(pair(70, "values.npy", "labels.npy"))}, "50 10 10"},
		"two places":       {[]string{"x.npz", npz(pair(60, "arr_0.npy", "arr_1.npy"), pair(9, "arr_2.npy", "arr_3.npy"))}, "50 10 9"},
		"three places": {[]string{"test.npz", npz(pair(60, "arr_0.npy", "arr_1.npy"), pair(9, "arr_2.npy", "arr_3.npy"),
			pair(8, "arr_4.npy", "arr_5.npy"))}, "60 9 8"},
		"no labels for the test": {[]string{"x.npz", npz(pair(60, "x_train.npy", "y_train.npy"), pair(9, "x_test.npy", "y_test.npy")[:2])},
			"x_test.npy (9×4) has no labels"},
		"six arrays":         {[]string{"x.npz", npz(pair(70, "data.npy", "target.npy"), pair(9, "a.npy", "b.npy"), pair(8, "c.npy", "d.npy"))}, "50 10 10"},
		"others besides":     {[]string{"x.npz", npz(pair(60, "x_train.npy", "y_train.npy"), pair(99, "extra.npy", "ids.npy"))}, "44 8 8"},
		"names of files":     {[]string{"test.npz", npz(pair(9, "x.npy", "y.npy")), "train.npz", npz(pair(60, "x.npy", "y.npy"))}, "50 10 9"},
		"names of tables":    {[]string{"mnist_train.csv", csv(60, tenth), "mnist_test.csv", csv(9, tenth)}, "50 10 9"},
		"names of folders":   {[]string{"test/x.csv", csv(9, tenth), "train/x.csv", csv(60, tenth)}, "50 10 9"},
		"folders in a zip":   {[]string{"x.zip", zipped("test/x.csv", csv(9, tenth), "train/x.csv", csv(60, tenth))}, "50 10 9"},
		"one file too many":  {[]string{"a.csv", csv(60, tenth), "b.csv", csv(9, tenth)}, "b.csv: pixels (9×3) is left over"},
		"one without a name": {[]string{"a_train.csv", csv(60, tenth), "b.csv", csv(9, tenth)}, "b.csv: pixels (9×3) is left over"},
		"the same twice":     {[]string{"x.zip", zipped("a.csv", csv(70, tenth), "b.csv", csv(70, tenth))}, "50 10 10"},
		"two of one size":    {[]string{"x.zip", zipped("a.csv", csv(70, tenth), "b.csv", csv(70, func(int) int { return 0 }))}, "which of them"},
		"EMNIST": {[]string{
			"emnist-train-images-idx3-ubyte", "\x00\x00\x08\x03\x00\x00\x00\x06\x00\x00\x00\x01\x00\x00\x00\x02" + strings.Repeat("ab", 6),
			"-emnist-train-labels-idx1-ubyte.gz", gzipped("\x00\x00\x08\x01\x00\x00\x00\x06\x00\x01\x02\x03\x04\x05"),
			"-emnist-test-images-idx3-ubyte", "\x00\x00\x08\x03\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x01ab",
			"-emnist-test-labels-idx1-ubyte", "\x00\x00\x08\x01\x00\x00\x00\x01\x09",
			"-train-labels-idx1-ubyte", "digits"}, "5 1 1"},
		"IDX apart": {[]string{
			"a/train-images.idx3", "\x00\x00\x08\x03\x00\x00\x00\x06\x00\x00\x00\x01\x00\x00\x00\x02" + strings.Repeat("ab", 6),
			"b/train-labels.idx1", "\x00\x00\x08\x01\x00\x00\x00\x06\x00\x01\x02\x03\x04\x05",
			"c/t10k-images.idx3", "\x00\x00\x08\x03\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x01ab",
			"d/t10k-labels.idx1", "\x00\x00\x08\x01\x00\x00\x00\x01\x09"}, "5 1 1"},
	} {
		dir := t.TempDir()
		var names []string
		for i := 0; i < len(c.files); i += 2 {
			file := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(c.files[i], "-"))) // - is not on the command line
			os.MkdirAll(filepath.Dir(file), 0o777)
			if err := os.WriteFile(file, []byte(c.files[i+1]), 0o666); err != nil {
				t.Fatal(err)
			}
			if c.files[i][0] != '-' {
				names = append(names, file)
			}
		}
		if got := sizes(t, names...); got != c.want && !(strings.HasPrefix(got, "convert: ") && strings.Contains(got, c.want)) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// What a table may look like.
func TestConvertTables(t *testing.T) {
	const rows = "3,0,255\n1,2,3\n4,5,6\n1,2,3\n5,5,5\n9,9,9\n2,2,2\n"
	for name, c := range map[string]struct {
		table string
		want  [3]float64 // the first digit: its label, and its pixels times 255
	}{
		"bare":                    {rows, [3]float64{3, 0, 255}},
		"a heading":               {"label,p0,p1\n" + rows, [3]float64{3, 0, 255}},
		"a heading of words":      {"what,left,right\n" + rows, [3]float64{3, 0, 255}},
		"a heading of numbers":    {"label,0,1\n" + rows, [3]float64{3, 0, 255}},
		"labels in the middle":    {"p0,Class,p1\n0,3,255\n" + rows[8:], [3]float64{3, 0, 255}},
		"labels last, quoted":     {"\"p0\",\"p1\",\"label\"\n\"0\",\"255\",\"3\"\n" + rows[8:], [3]float64{3, 0, 255}},
		"by Excel":                {"\ufefflabel,p0,p1\r\n" + strings.ReplaceAll(rows, "\n", "\r\n"), [3]float64{3, 0, 255}},
		"bare, by Excel":          {"\ufeff" + rows, [3]float64{3, 0, 255}},
		"blank lines and no end":  {"\n\n" + strings.ReplaceAll(rows, "\n", "\n\n") + "1,1,1", [3]float64{3, 0, 255}},
		"spaces":                  {" 3 , 0 ,\t255 \n" + rows[8:], [3]float64{3, 0, 255}},
		"points":                  {"3.0,0.0,255.00\n" + rows[8:], [3]float64{3, 0, 255}},
		"powers":                  {"3e0,0e5,2.55e2\n" + rows[8:], [3]float64{3, 0, 255}},
		"0 to 1":                  {strings.Repeat("3,0,0.5\n1,1,0\n", 4), [3]float64{3, 0, 127.5}},
		"0 to 1, rounded upwards": {strings.Repeat("3,0,0.5\n1,1.0000005,0\n", 4), [3]float64{3, 0, 127.5}},
	} {
		out, _, stderr, status := convertAs(t, fileOf(t, "x.csv", c.table))
		if status != 0 {
			t.Errorf("%s: %s", name, stderr)
			continue
		}
		set := load(t, out)[0]
		got := [3]float64{float64(set.labels[0]), set.images[0][0] * 255, set.images[0][1] * 255}
		for k := range got {
			if math.Abs(got[k]-c.want[k]) > 1e-4 {
				t.Errorf("%s: the first digit is %v, want %v", name, got, c.want)
			}
		}
		for _, image := range set.images {
			if slices.Max(image) > 1 {
				t.Errorf("%s: a pixel of %v, want 0 to 1", name, slices.Max(image))
			}
		}
	}
}

// Sorted digits are not split where one digit ends: every digit is in each set.
func TestConvertSorted(t *testing.T) {
	out, _, stderr, status := convertAs(t, fileOf(t, "x.csv", csv(4200, func(i int) int { return i / 420 })))
	if status != 0 {
		t.Fatal(stderr)
	}
	seen := map[int]bool{}
	for s, set := range load(t, out) {
		var count [10]int
		for row, image := range set.images {
			number := int(math.Round(image[0]*255)) + 200*int(math.Round(image[1]*255)) // see csv
			if seen[number] || set.labels[row] != number/420 {
				t.Fatalf("set %d, row %d: digit %d is labelled %d, or there twice", s, row, number, set.labels[row])
			}
			seen[number] = true
			count[set.labels[row]]++
		}
		if want := []int{300, 60, 60}[s]; slices.Min(count[:]) < want-1 || slices.Max(count[:]) > want+1 {
			t.Errorf("set %d has so many of each digit: %v, want some %d", s, count, want)
		}
	}
	if len(seen) != 4200 {
		t.Errorf("%d digits, want 4200", len(seen))
	}
}

// Exit statuses, and what is not replaced.
func TestConvertCommand(t *testing.T) {
	dir := t.TempDir()
	input := filepath.Join(dir, "digits.pkl.gz")
	table := []byte(csv(20, tenth))
	if err := os.WriteFile(input, table, 0o666); err != nil {
		t.Fatal(err)
	}
	linked, idx := filepath.Join(dir, "linked"), filepath.Join("testdata", "kinds", "idx")
	os.Symlink(input, linked) // where there are links
	for name, c := range map[string]struct {
		args           []string
		status         int
		stdout, stderr string
	}{
		"help":           {[]string{"-h"}, 0, "usage: go run ./data/convert [-o FILE] FILE...", ""},
		"no file":        {nil, 2, "", "convert: name a file of digits (-h says more)"},
		"no such flag":   {[]string{"-x", input}, 2, "", "not defined: -x"},
		"no such file":   {[]string{"-o", input + "2", filepath.Join(dir, "none")}, 1, "", "none: no such file"},
		"a folder":       {[]string{"-o", input + "2", dir}, 1, "", "is a directory"},
		"no such folder": {[]string{"-o", filepath.Join(dir, "no", "x"), input}, 1, "", "no such file"},
		"out a folder":   {[]string{"-o", dir, input}, 1, "", "not an ordinary file"},
		"the input":      {[]string{"-o", input, input}, 1, "", ": it would replace "},
		"a way about":    {[]string{"-o", filepath.Join(dir, "..", filepath.Base(dir), "digits.pkl.gz"), input}, 1, "", "it would replace"},
		"beside it":      {[]string{"-o", filepath.Join(idx, "train-labels-idx1-ubyte"), filepath.Join(idx, "t10k-images-idx3-ubyte")}, 1, "", "it would replace"},
		"a link":         {[]string{"-o", linked, input}, 1, "", "it would replace"},
	} {
		if _, err := os.Lstat(linked); err != nil && name == "a link" || runtime.GOOS == "windows" && name == "a folder" {
			continue
		}
		var stdout, stderr strings.Builder
		status := run(c.args, &stdout, &stderr)
		want := strings.ReplaceAll(c.stderr, "no such file", "")
		if status != c.status || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), want) ||
			(c.stdout == "") != (stdout.Len() == 0) || (c.stderr == "") != (stderr.Len() == 0) {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q, want %d, %q, %q",
				name, status, stdout.String(), stderr.String(), c.status, c.stdout, c.stderr)
		}
	}
	if got, err := os.ReadFile(input); err != nil || !bytes.Equal(got, table) {
		t.Errorf("the input is not what it was, error %v", err)
	}
	var stderr strings.Builder
	if status := run([]string{"-o", filepath.Join(dir, "out"), input}, fullDisk{}, &stderr); status != 1 {
		t.Errorf("where nothing can be printed: exit status %d, stderr %q, want 1", status, stderr.String())
	}
}

// fullDisk is a writer that cannot write.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

// A file that Go reads has digits.pkl.gz as its output in the current folder.
func TestConvertHere(t *testing.T) {
	file, err := filepath.Abs(filepath.Join("testdata", "kinds", "header.csv"))
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Chdir(dir); err != nil {
		t.Fatal(err)
	}
	defer os.Chdir(before)
	var stdout, stderr strings.Builder
	if status := run([]string{file}, &stdout, &stderr); status != 0 {
		t.Fatalf("exit status %d, stderr %s", status, &stderr)
	}
	const want = "digits.pkl.gz: 10 training, 2 validation, 2 test digits of 12 pixels, from header.csv; " +
		"now run: go run . -data \"digits.pkl.gz\"\n"
	if stdout.String() != want {
		t.Errorf("stdout is %q, want %q", stdout.String(), want)
	}
	wantDigits(t, "digits.pkl.gz", inOrder)

	// A file of that name is not replaced.
	for _, name := range []string{"pickle.pkl", "twice.pkl.gz.gz", "pickle.bz2", "keras.npz"} {
		content, err := os.ReadFile(filepath.Join(before, "testdata", "kinds", name))
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile("digits.pkl.gz", content, 0o666)
		stdout.Reset()
		status := run([]string{filepath.Join("..", filepath.Base(dir), "digits.pkl.gz")}, &stdout, &stderr)
		if status != 0 || !strings.HasPrefix(stdout.String(), "digits-2.pkl.gz: 10 training") {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q", name, status, stdout.String(), stderr.String())
			continue
		}
		wantDigits(t, "digits-2.pkl.gz", inOrder)
		os.Remove("digits-2.pkl.gz")
		if after, err := os.ReadFile("digits.pkl.gz"); err != nil || !bytes.Equal(after, content) {
			t.Errorf("%s is not what it was, error %v", name, err)
		}
	}
}

// Every beginning of a file is refused, and no bit that is wrong makes a panic.
func TestConvertDamaged(t *testing.T) {
	for _, name := range []string{"keras.npz", "pickle.bz2", "dict.pkl.gz", "idx/t10k-images-idx3-ubyte", "npy/images.npy",
		"list.pkl", "tables.zip", "pairs.json"} {
		content, err := os.ReadFile(filepath.Join("testdata", "kinds", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		for n := range content {
			if n%17 > 0 && os.Getenv("DIGITS_TEST") != "all" { // all of them take seconds
				continue
			}
			damaged := slices.Clone(content)
			damaged[n] ^= 1 << (n % 8)
			for _, part := range [][]byte{content[:n], damaged} {
				r := newReader()
				_, err := r.read(bytes.NewReader(part), source{file: name})
				if err == nil {
					_, err = makeSets(r.arrays)
				}
				if err == nil && len(part) == n && name != "pairs.json" {
					t.Errorf("%s: the first %d of %d bytes are read", name, n, len(content))
				}
			}
		}
	}
}

// Bombs end in an error, soon.
func TestConvertIsLimited(t *testing.T) {
	ones := "\x93NUMPY\x01\x00\x45\x00{'descr': '|u1', 'fortran_order': False, 'shape': (900000000, 2), }   \n"
	ways := "]q\x00"
	for n := range 8 {
		ways = "](" + ways + strings.Repeat(fmt.Sprintf("h%c", n), 9) + fmt.Sprintf("eq%c", n+1)
	}
	for name, c := range map[string]struct {
		content string
		numbers int
		bytes   int64
		want    string
	}{
		"a claim of bytes":   {ones, maxNumbers, 1 << 20, "cut short"},
		"IDX of 2⁶²":         {"\x00\x00\x08\x03\x7f\xff\xff\xff\x7f\xff\xff\xff\x7f\xff\xff\xff", maxNumbers, 1 << 20, "cut short"},
		"many numbers":       {csv(1000, tenth), 3999, 1 << 20, "numbers in all"},
		"as many as may be":  {csv(1000, tenth), 4000, 1 << 20, ""},
		"many in JSON":       {"[[[" + strings.Repeat("1,", 1002), 1000, 1 << 20, "numbers in all"},
		"many in an array":   {ones + strings.Repeat("1", 70_000), 1000, 1 << 20, "numbers in all"},
		"many in a pickle":   {"\x80\x02](" + strings.Repeat("K\x01", 1001) + "e.", 1000, 1 << 20, "numbers in all"},
		"zeros in a gzip":    {gzipped(strings.Repeat("0,", 1<<20)), maxNumbers, 1 << 20, "bytes, packed and unpacked, in all"},
		"zeros in a zip":     {zipped("x.csv", strings.Repeat("0,0\n", 1<<20)), maxNumbers, 1 << 20, "bytes, packed and unpacked, in all"},
		"one list, 10⁸ ways": {"\x80\x02" + ways + ".", 1 << 20, 1 << 20, "numbers in all"},
	} {
		r := newReader()
		r.numbers, r.bytes = c.numbers, c.bytes
		_, err := r.read(strings.NewReader(c.content), source{file: "x"})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: the error is %v, want %q", name, err, c.want)
		}
	}
}

// Whatever is in a file, it is read without a panic, and what comes out is digits.
func FuzzConvert(f *testing.F) {
	kinds := filepath.Join("testdata", "kinds")
	filepath.WalkDir(kinds, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			content, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(content)
		}
		return nil
	})
	f.Fuzz(func(t *testing.T, content []byte) {
		r := newReader()
		r.numbers, r.bytes = 1<<20, 1<<22
		if _, err := r.read(bytes.NewReader(content), source{file: "x"}); err != nil {
			if strings.ContainsFunc(err.Error(), func(c rune) bool { return c < ' ' }) {
				t.Errorf("the error is %q, want one line", err)
			}
			return
		}
		sets, err := makeSets(r.arrays)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := write(&out, sets); err != nil {
			t.Fatal(err)
		}
		for _, set := range load(t, fileOf(t, "digits.pkl.gz", out.String())) {
			for row, image := range set.images {
				if set.labels[row] < 0 || set.labels[row] > 9 || !(slices.Min(image) >= 0 && slices.Max(image) <= 1) {
					t.Errorf("row %d: label %d, pixels %v", row, set.labels[row], image)
				}
			}
		}
	})
}
