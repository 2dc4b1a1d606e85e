package picture

import (
	"math"
	"testing"
)

func TestLineWidth(t *testing.T) {
	line := newPlane(10, 100)
	for k := range line.data {
		line.data[k] = 1
	}
	for _, p := range []*plane{line, transposed(line)} {
		if got, want := lineWidth(p), 2*1000.0/220; math.Abs(got-want) > 0.1 { // one corner counts as √2, not 2
			t.Errorf("%d×%d: got %v, want about %v", p.rows, p.cols, got, want)
		}
	}
}

func TestResample(t *testing.T) {
	for _, c := range []struct{ row, want []float64 }{
		{[]float64{3, 0, 0, 6}, []float64{1.5, 3}},
		{[]float64{3, 9, 6}, []float64{5, 7}},
		{[]float64{3, 9, 6}, []float64{3, 9, 6}},
		{[]float64{0, 8}, []float64{0, 2, 6, 8}},
		{[]float64{5}, []float64{5, 5, 5}},
	} {
		got := resample(&plane{1, len(c.row), c.row}, len(c.want)).data
		for k, want := range c.want {
			if math.Abs(got[k]-want) > 1e-9 {
				t.Errorf("%v: got %v, want %v", c.row, got, c.want)
				break
			}
		}
	}
}

// A line that is too thin is made thicker: one of 40 pixels by 1.51 pixels on each side, which
// is 2, and becomes 2 wide; one of 39 by 1.46, which is 1, and stays 1 wide.
func TestFitThickens(t *testing.T) {
	for long, want := range map[int]int{39: 1, 40: 2} {
		bar := newPlane(long, 1)
		for k := range bar.data {
			bar.data[k] = 1
		}
		if got := fit(bar); got.cols != want || got.rows != digitSize {
			t.Errorf("a line of %d pixels: got %d×%d, want %d×%d", long, got.rows, got.cols, digitSize, want)
		}
	}
}
