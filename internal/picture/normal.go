package picture

import (
	"math"
	"slices"
)

// This file does what MNIST's makers did (http://yann.lecun.com/exdb/mnist): a digit is
// fitted in 20×20 pixels and placed in 28×28, its centre of mass in the middle.

const digitSize = 20 // of the longer side of a digit

// fit makes the longer side of the digit digitSize pixels long, and the other in
// proportion; its grey levels stay in proportion, the darkest made 1. MNIST's lines are two pixels wide, a tenth of the
// longer side. Lines that would be much thinner are made as wide first.
func fit(digit *plane) *plane {
	wanted := float64(max(digit.rows, digit.cols)) / 10
	if width := lineWidth(digit); width < wanted/1.6 {
		digit = thicken(digit, int((wanted-width)/2+0.5))
	}
	longer := max(digit.rows, digit.cols)
	size := func(n int) int { return max(1, (n*digitSize+longer/2)/longer) } // rounded
	small := resample(digit, size(digit.cols))
	small = transposed(resample(transposed(small), size(digit.rows)))
	darkest := slices.Max(small.data)
	for k := range small.data {
		small.data[k] /= darkest
	}
	return small
}

// lineWidth returns how wide the lines of the digit are, roughly. A line of
// length l and width w has the mass l·w and an outline of 2l, so w is twice the
// mass over the outline. The outline is the sum of how much the ink changes from
// pixel to pixel, the length of its gradient.
func lineWidth(ink *plane) float64 {
	mass, outline := 0.0, 0.0
	for i := -1; i < ink.rows; i++ {
		for j := -1; j < ink.cols; j++ {
			v := ink.at(i, j)
			mass += v
			outline += math.Hypot(ink.at(i, j+1)-v, ink.at(i+1, j)-v)
		}
	}
	return 2 * mass / max(outline, 1e-9)
}

// resample returns p with its rows made n pixels long. If they get shorter, a new
// pixel is the mean of the old ones that it covers; if longer, it lies between two
// old ones, and is their mean, weighted by how near they are.
func resample(p *plane, n int) *plane {
	out := newPlane(p.rows, n)
	scale := float64(p.cols) / float64(n)
	for x := range n {
		from, to := float64(x)*scale, float64(x+1)*scale // the part of a row of p that pixel x covers
		if scale < 1 {
			middle := min(max((from+to)/2, 0.5), float64(p.cols)-0.5)
			from, to = middle-0.5, middle+0.5
		}
		for j := int(from); j < p.cols && float64(j) < to; j++ {
			covered := min(to, float64(j+1)) - max(from, float64(j))
			for i := range p.rows {
				out.row(i)[x] += p.row(i)[j] * covered / (to - from)
			}
		}
	}
	return out
}

// centre places a digit of at most 20×20 pixels in Width×Width, and returns the
// pixels. The digit's centre of mass is 14 to 15 pixels from the left and from the
// top, as in MNIST, or as near to that as the picture has room for the digit.
func centre(digit *plane) []float64 {
	mass, x, y := 0.0, 0.0, 0.0
	for i := range digit.rows {
		for j, v := range digit.row(i) {
			mass, x, y = mass+v, x+v*(float64(j)+0.5), y+v*(float64(i)+0.5)
		}
	}
	// A centre that is 14 but for an error of rounding must not jump to 15.
	place := func(centroid float64, size int) int {
		return min(max(int(math.Ceil(Width/2-centroid-1e-9)), 0), Width-size)
	}
	left, top := place(x/mass, digit.cols), place(y/mass, digit.rows)
	whole := newPlane(Width, Width)
	for i := range digit.rows {
		copy(whole.row(top + i)[left:], digit.row(i))
	}
	return whole.data
}
