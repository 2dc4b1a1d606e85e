package picture

import (
	"math"
	"slices"
)

// This file has what MNIST's makers did to a digit
// (http://yann.lecun.com/exdb/mnist): it is fitted in 20×20 pixels, its grey
// levels kept, and placed in 28×28, its centre of mass in the middle.

const digitSize = 20 // of the longer side of a digit

// crop returns the part of the picture that has all the ink.
func crop(ink *plane) *plane { return part(ink, boxOf(ink)) }

// fit makes the longer side of the digit digitSize pixels long, and the other
// in proportion. Lines that would be much thinner than MNIST's, which are two
// pixels wide, a tenth of the longer side, are first made as wide as these.
func fit(ink *plane) *plane {
	wanted := float64(max(ink.rows, ink.cols)) / 10
	if width := lineWidth(ink); width < wanted/1.6 {
		ink = thicken(ink, int((wanted-width)/2+0.5))
	}
	longer := max(ink.rows, ink.cols)
	size := func(n int) int { return max(1, (n*digitSize+longer/2)/longer) } // rounded
	small := resample(ink, size(ink.cols))
	small = transposed(resample(transposed(small), size(ink.rows)))
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
	at := func(i, j int) float64 {
		if i < 0 || i >= ink.rows || j < 0 || j >= ink.cols {
			return 0
		}
		return ink.data[i*ink.cols+j]
	}
	mass, outline := 0.0, 0.0
	for i := -1; i < ink.rows; i++ {
		for j := -1; j < ink.cols; j++ {
			v := at(i, j)
			mass += v
			outline += math.Hypot(at(i, j+1)-v, at(i+1, j)-v)
		}
	}
	return 2 * mass / max(outline, 1e-9)
}

// thicken makes lines wider by n pixels on either side: every pixel becomes as
// dark as the darkest within a circle of radius n around it.
func thicken(ink *plane, n int) *plane {
	wide := newPlane(ink.rows+2*n, ink.cols+2*n)
	for i := range ink.rows {
		for j, v := range ink.row(i) {
			if v == 0 {
				continue
			}
			for y := -n; y <= n; y++ {
				reach := int(math.Sqrt(float64(n*n - y*y)))
				chord := wide.row(i + n + y)[j+n-reach : j+n+reach+1]
				for x := range chord {
					chord[x] = max(chord[x], v)
				}
			}
		}
	}
	return wide
}

// resample makes the rows of p n pixels long. If they get shorter, a pixel is
// the mean of what it covers; if longer, it lies between two of p and is their
// mean, weighted by how near they are.
func resample(p *plane, n int) *plane {
	out := newPlane(p.rows, n)
	scale := float64(p.cols) / float64(n)
	for x := range n {
		from, to := float64(x)*scale, float64(x+1)*scale // what pixel x covers of a row of p
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

// transposed returns p with its rows as columns.
func transposed(p *plane) *plane {
	t := newPlane(p.cols, p.rows)
	for i := range p.rows {
		for j, v := range p.row(i) {
			t.row(j)[i] = v
		}
	}
	return t
}

// centre places a digit of at most 20×20 pixels in Width×Width, and returns
// these. Its centre of mass gets 14 to 15 pixels from the left and from the top,
// where MNIST has it, or as near as it can without the digit leaving the picture.
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
