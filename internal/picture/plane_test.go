package picture

import (
	"image"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// drawn returns the plane that the rows draw, in tenths: 7 is 0.7, # is 1, and a dot
// is 0.
func drawn(rows ...string) *plane {
	p := newPlane(len(rows), len(rows[0]))
	for i, row := range rows {
		for j, c := range row {
			switch {
			case c == '#':
				p.row(i)[j] = 1
			case c != '.':
				p.row(i)[j] = float64(c-'0') / 10
			}
		}
	}
	return p
}

// fill makes the pixels of p in the boxes v.
func fill(p *plane, v float64, boxes ...image.Rectangle) {
	for _, box := range boxes {
		for i := box.Min.Y; i < box.Max.Y; i++ {
			for j := box.Min.X; j < box.Max.X; j++ {
				p.row(i)[j] = v
			}
		}
	}
}

// checkPlane fails unless the planes are equal but for errors of rounding.
func checkPlane(t *testing.T, name string, got, want *plane) {
	t.Helper()
	if got.rows != want.rows || got.cols != want.cols {
		t.Errorf("%s: got %d×%d, want %d×%d", name, got.rows, got.cols, want.rows, want.cols)
		return
	}
	for k, v := range want.data {
		if !(math.Abs(got.data[k]-v) <= 1e-9) {
			t.Errorf("%s: got %.4f in row %d and column %d, want %.4f", name, got.data[k], k/want.cols, k%want.cols, v)
			return
		}
	}
}

// What is marked goes evenly from what is above it to what is below it, in each
// column by itself, or is like one of the two where the other is missing.
func TestBridged(t *testing.T) {
	p := drawn("2995", "9295", "9395", "8895", "8495")
	marks := drawn(".#..", "#...", "#.#.", ".##.", ".##.")
	want := drawn("2295", "4295", "6395", "8395", "8395")
	checkPlane(t, "bridged", bridged(p, marks), want)
}

func TestThicken(t *testing.T) {
	got := thicken(&plane{1, 3, []float64{0.5, 1, 0.2}}, 1)
	want := &plane{3, 5, []float64{
		0, 0.5, 1, 0.2, 0,
		0.5, 1, 1, 1, 0.2,
		0, 0.5, 1, 0.2, 0,
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	circle := drawn("..#..", ".###.", "#####", ".###.", "..#..") // √3 is 1, not 2
	checkPlane(t, "by two", thicken(drawn("#"), 2), circle)
}

// quantile is what sorting would find.
func TestQuantile(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	for n := 1; n < 200; n++ {
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(rng.IntN(1 + n/2)) // some are equal
		}
		before, sorted := slices.Clone(values), slices.Clone(values)
		slices.Sort(sorted)
		for _, q := range []float64{0, 0.25, 0.5, 0.9, 0.999, 1} {
			if got, want := quantile(values, q), sorted[min(int(q*float64(n)), n-1)]; got != want {
				t.Errorf("quantile(%v, %v) = %v, want %v", before, q, got, want)
			}
		}
		if !slices.Equal(values, before) {
			t.Fatalf("quantile has changed the values %v to %v", before, values)
		}
	}
}
