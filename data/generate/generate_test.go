package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"digits/internal/pickle"
	"digits/internal/strokes"
)

// The first digits in data/digits.pkl.gz are those that are drawn today. A change of a form, or
// of the order in which chance is asked, would show here.
func TestBuiltIn(t *testing.T) {
	if testing.Short() || runtime.GOARCH != "amd64" {
		t.Skip("skipped: reads 50 MB, and another processor may round a grey otherwise")
	}
	sets, err := readSets(filepath.Join("..", "digits.pkl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 0))
	var drawn set
	for _, k := range rng.Perm(12000)[:300] {
		drawn.add(draw(rng, strokes.Draw(rng, k%10)), k%10)
	}
	if !bytes.HasPrefix(sets[0].images, drawn.images) || !bytes.HasPrefix(sets[0].labels, drawn.labels) {
		t.Error("data/digits.pkl.gz begins with other digits than those drawn now")
	}
}

// A picture is in MNIST's form: its ink spans 20 pixels the longer way, a little less or more
// for its soft edges, and its centre of mass is in the middle.
func TestDraw(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	for k := range 300 {
		lines := strokes.Draw(rng, k%10)
		if k%3 == 0 {
			lines = strokes.DrawEuropean(rng, k%10)
		}
		var mass, x, y float64
		left, right, top, bottom := side, -1, side, -1
		for p, v := range draw(rng, lines) {
			i, j := p/side, p%side
			if v < 0 || v >= 1 {
				t.Fatalf("picture %d, pixel %d is %v, want at least 0 and below 1", k, p, v)
			}
			if v > 0 {
				left, right, top, bottom = min(left, j), max(right, j), min(top, i), max(bottom, i)
			}
			mass, x, y = mass+float64(v), x+float64(v)*(float64(j)+0.5), y+float64(v)*(float64(i)+0.5)
		}
		if span := max(right-left, bottom-top) + 1; span < box-2 || span > box+2 {
			t.Errorf("picture %d: the ink spans %d pixels, want about %d", k, span, box)
		}
		if x, y = x/mass, y/mass; math.Abs(x-side/2) > 0.6 || math.Abs(y-side/2) > 0.6 {
			t.Errorf("picture %d: the centre of mass is at %.2f, %.2f, want 14, 14", k, x, y)
		}
	}
}

// drawnFile writes a file of a few digits, and returns its name and the sets in it.
func drawnFile(t *testing.T) (path string, sets [3]set) {
	t.Helper()
	rng := rand.New(rand.NewPCG(6, 0))
	for s, n := range []int{20, 10, 10} {
		sets[s].draw(rng, n, strokes.Draw)
	}
	path = filepath.Join(t.TempDir(), "few.pkl.gz")
	if err := writeSets(path, sets); err != nil {
		t.Fatal(err)
	}
	return path, sets
}

// The digits of the first file stay where they are, and as many of each digit as of any other
// come behind those for training. Each time they are the same ones.
func TestEnlarge(t *testing.T) {
	from, before := drawnFile(t)
	to := filepath.Join(t.TempDir(), "more.pkl.gz")
	if err := enlarge(from, to, 60); err != nil {
		t.Fatal(err)
	}
	after, err := readSets(to)
	if err != nil {
		t.Fatal(err)
	}
	for s := range before {
		if !bytes.HasPrefix(after[s].images, before[s].images) || !bytes.HasPrefix(after[s].labels, before[s].labels) {
			t.Errorf("set %d does not begin with the digits of the first file", s)
		}
		if want := [3]int{80, 10, 10}[s]; len(after[s].labels) != 8*want || len(after[s].images) != 4*pixels*want {
			t.Errorf("set %d has %d labels and %d bytes of images, want %d digits",
				s, len(after[s].labels)/8, len(after[s].images), want)
		}
	}
	var counts [10]int
	for labels := after[0].labels[8*20:]; len(labels) > 0; labels = labels[8:] {
		counts[binary.LittleEndian.Uint64(labels)]++
	}
	if want := [10]int{6, 6, 6, 6, 6, 6, 6, 6, 6, 6}; counts != want {
		t.Errorf("of the digits 0 to 9 were added %v, want 6 of each", counts)
	}
	var drawn set
	drawn.draw(rand.New(rand.NewPCG(2, 0)), 60, strokes.DrawEuropean)
	if !bytes.HasSuffix(after[0].images, drawn.images) {
		t.Error("the digits added are not those of a European hand")
	}
	first, err1 := os.ReadFile(to)
	err2 := enlarge(from, to, 60)
	second, err3 := os.ReadFile(to)
	if err1 != nil || err2 != nil || err3 != nil || !bytes.Equal(first, second) {
		t.Errorf("the same command writes another file, errors %v, %v, %v", err1, err2, err3)
	}
}

// A file is never written over itself, by whatever name.
func TestEnlargeSameFile(t *testing.T) {
	from, _ := drawnFile(t)
	before, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.pkl.gz")
	if err := os.Symlink(from, link); err != nil {
		link = from // where links are not allowed
	}
	for _, to := range []string{from, filepath.Dir(from) + "/./few.pkl.gz", link} {
		if err := enlarge(from, to, 3); err == nil || !strings.Contains(err.Error(), "it would replace "+from) {
			t.Errorf("writing %s over %s: error %v", to, from, err)
		}
	}
	if after, err := os.ReadFile(from); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file is not what it was, error %v", err)
	}
}

// Files that enlarge does not read, and what it says of them. It writes nothing then.
func TestEnlargeRefuses(t *testing.T) {
	floats := func(shape ...int) any {
		return pickle.NewArray(pickle.Type{Kind: 'f', Size: 4}, make([]byte, 4*product(shape)), shape...)
	}
	ints := func(shape ...int) any {
		return pickle.NewArray(pickle.Type{Kind: 'i', Size: 8}, make([]byte, 8*product(shape)), shape...)
	}
	bytesOf := func(shape ...int) any {
		return pickle.NewArray(pickle.Type{Kind: 'u', Size: 1}, make([]byte, product(shape)), shape...)
	}
	pair := func(images, labels any) pickle.Tuple { return pickle.Tuple{images, labels} }
	good := pair(floats(2, pixels), ints(2))
	for name, c := range map[string]struct {
		content, want string
	}{
		"no gzip":            {"digits, but not in a gzip", "the file is damaged (gzip: invalid header)"},
		"a bare pickle":      {"\x80\x02N.", "not a gzip file but a bare pickle; run: go run ./data/convert"},
		"half a file":        {gzipped(t, pickle.Tuple{good, good, good})[:100], "the file is cut short"},
		"no tuple":           {gzipped(t, int64(1)), "want three pairs"},
		"two sets":           {gzipped(t, pickle.Tuple{good, good}), "want three pairs"},
		"a set without pair": {gzipped(t, pickle.Tuple{good, good, int64(1)}), "want three pairs"},
		"no arrays":          {gzipped(t, pickle.Tuple{good, pair(int64(1), int64(1)), good}), "want three pairs"},
		"bytes":              {gzipped(t, pickle.Tuple{pair(bytesOf(2, pixels), ints(2)), good, good}), "go run ./data/convert"},
		"labels of bytes":    {gzipped(t, pickle.Tuple{pair(floats(2, pixels), bytesOf(2)), good, good}), "want three pairs"},
		"squares":            {gzipped(t, pickle.Tuple{good, good, pair(floats(2, side, side), ints(2))}), "want three pairs"},
		"other pixels":       {gzipped(t, pickle.Tuple{good, good, pair(floats(2, 12), ints(2))}), "want three pairs"},
		"too few labels":     {gzipped(t, pickle.Tuple{good, good, pair(floats(2, pixels), ints(1))}), "want three pairs"},
	} {
		folder := t.TempDir()
		from, to := filepath.Join(folder, "x.pkl.gz"), filepath.Join(folder, "more.pkl.gz")
		if err := os.WriteFile(from, []byte(c.content), 0o666); err != nil {
			t.Fatal(err)
		}
		err := enlarge(from, to, 3)
		if err == nil || !strings.HasPrefix(err.Error(), from+": ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
		if _, err := os.Stat(to); err == nil {
			t.Errorf("%s: the second file is there", name)
		}
	}
}

// product returns the number of elements of an array.
func product(shape []int) int {
	n := 1
	for _, length := range shape {
		n *= length
	}
	return n
}

// gzipped returns a file with v in it.
func gzipped(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := errors.Join(pickle.Write(z, v), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
