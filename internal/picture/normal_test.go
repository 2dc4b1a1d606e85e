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
