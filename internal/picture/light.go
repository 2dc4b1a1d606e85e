package picture

import (
	"image"
	"math"
	"slices"
)

// This file undoes what light does to a picture: flatten evens it out before ink
// is looked for, and measure compares the ink with its paper once it is found.

// flatten returns a picture without the light that falls from one side or is
// brightest in the middle: the paper is subtracted, and its mean added. A picture
// stays as it is if no paper fits it, or if its paper is even already.
func flatten(v *plane) *plane {
	paper, ok := fitPaper(v)
	if !ok || slices.Max(paper.data)-slices.Min(paper.data) < 0.1 {
		return v
	}
	mean, flat := 0.0, newPlane(v.rows, v.cols)
	for _, p := range paper.data {
		mean += p / float64(len(paper.data))
	}
	for k, p := range paper.data {
		flat.data[k] = v.data[k] - p + mean
	}
	return flat
}

// fitPaper returns the paper of a picture in one colour: the surface
//
//	p(x, y) = p₀ + p₁x + p₂y + p₃x² + p₄xy + p₅y²
//
// that lies closest to the pixels of the paper. Which pixels these are is not known
// before the surface is, so both are found in turns. It begins level, at the median of
// all pixels; then it is fitted to the pixels near it, then to those near the new one,
// and so on. A few thousand pixels, spread over the picture, are enough. It is not ok
// if few are near in the end, or near is far, as where a shadow has an edge.
func fitPaper(colour *plane) (paper *plane, ok bool) {
	samples := make([]sample, min(4000, len(colour.data)))
	distance := make([]float64, len(samples)) // of each from the surface, which is at 0 first
	for n := range samples {
		_, fraction := math.Modf(float64(n) * 0.618033988749895) // multiples of the golden ratio are spread evenly
		samples[n] = sampleOf(colour, int(fraction*float64(len(colour.data))))
		distance[n] = samples[n][6]
	}
	surface := [6]float64{quantile(distance, 0.5)} // level
	var near []sample
	limit := 0.0
	for range 8 {
		for n, s := range samples {
			distance[n] = math.Abs(s[6] - height(surface, s))
		}
		limit = 2.5*quantile(distance, 0.5) + 0.01 // most of the paper is nearer, ink hardly ever
		near = near[:0]
		for n, s := range samples {
			if distance[n] <= limit {
				near = append(near, s)
			}
		}
		surface = leastSquares(near)
	}
	paper = newPlane(colour.rows, colour.cols)
	for k := range paper.data {
		paper.data[k] = height(surface, sampleOf(paper, k))
	}
	return paper, limit < 0.06 && len(near) > len(samples)*6/10
}

// A sample is a pixel that a surface is fitted to: 1, x, y, x², xy and y², where x and
// y go from −1 to 1 across the picture, and its brightness.
type sample [7]float64

// sampleOf returns pixel k of p as a sample.
func sampleOf(p *plane, k int) sample {
	x := (2*float64(k%p.cols)+1)/float64(p.cols) - 1
	y := (2*float64(k/p.cols)+1)/float64(p.rows) - 1
	return sample{1, x, y, x * x, x * y, y * y, p.data[k]}
}

// height returns p₀ + p₁x + … + p₅y², the height of the surface p at a sample.
func height(p [6]float64, s sample) float64 {
	return p[0]*s[0] + p[1]*s[1] + p[2]*s[2] + p[3]*s[3] + p[4]*s[4] + p[5]*s[5]
}

// leastSquares returns the surface p for which the sum of (brightness − height)² is
// smallest. There its derivatives by p₀ … p₅ are 0, which makes six linear equations,
// the normal equations: Σ t·tᵀ p = Σ t·brightness, where t is a sample's 1, x, … y².
func leastSquares(samples []sample) [6]float64 {
	var a [6][7]float64 // row i is equation i, its right side last
	for _, s := range samples {
		for i := range a {
			for j, v := range s {
				a[i][j] += s[i] * v
			}
		}
	}
	return solve(a)
}

// solve solves six linear equations by Gauss-Jordan elimination. An unknown
// that they leave open becomes 0.
func solve(a [6][7]float64) (p [6]float64) {
	for i := range 6 {
		best := i // the row with the number in column i that is farthest from 0
		for k := i; k < 6; k++ {
			if math.Abs(a[k][i]) > math.Abs(a[best][i]) {
				best = k
			}
		}
		a[i], a[best] = a[best], a[i]
		if math.Abs(a[i][i]) <= 1e-9 { // unknown i is open: let equation i say that it is 0
			a[i] = [7]float64{}
			a[i][i] = 1
		}
		for k := range 6 {
			if factor := a[k][i] / a[i][i]; k != i {
				for j := i; j < 7; j++ {
					a[k][j] -= factor * a[i][j]
				}
			}
		}
	}
	for i := range 6 {
		p[i] = a[i][6] / a[i][i]
	}
	return p
}

// measure returns how much ink is on the pixels where ink has been found, and on those
// close by: the share of the paper's light that the ink takes. So ink in a shadow is
// as dark as ink beside it. The paper under the ink is thought to go evenly from the
// paper on one side of the ink to the paper on the other.
func measure(v, ink *plane) *plane {
	const black = 0.05                       // darker paper counts as this, so that nothing is divided by 0
	reach := max(ink.rows, ink.cols)/100 + 1 // how close, in pixels
	marks := part(thicken(ink, reach), image.Rect(reach, reach, reach+ink.cols, reach+ink.rows))
	down, across := bridged(v, marks), transposed(bridged(transposed(v), transposed(marks)))
	depth, grain := newPlane(ink.rows, ink.cols), grainOf(v)
	var full, rough []float64 // the depth of pixels that are surely ink, the grain of those that are surely paper
	for k, m := range marks.data {
		if m == 0 {
			rough = append(rough, grain[k]/max(v.data[k], black))
			continue
		}
		paper := (down.data[k] + across.data[k]) / 2
		depth.data[k] = (paper - v.data[k]) / max(paper, black)
		if ink.data[k] > half {
			full = append(full, depth.data[k])
		}
	}
	if len(full) == 0 || len(rough) == 0 {
		return ink
	}
	noise, darkest := min(0.2, 3*quantile(rough, 0.5)), quantile(full, 0.9)
	if darkest < 2*noise { // the paper is as rough as the ink is deep: measured, it would be lost
		return ink
	}
	return graded(depth, noise, darkest)
}
