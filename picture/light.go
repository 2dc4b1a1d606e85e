package picture

import (
	"image"
	"math"
	"slices"
)

// This file has what light does to a picture, and how it is undone: flatten evens
// it out before ink is looked for, measure compares the ink with its paper once it
// is found.

// flatten returns a picture without what light does to it that falls from one
// side or is brightest in the middle: its paper is subtracted, and the mean of that
// added. It stays as it is if no paper fits it, or its paper is even already.
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
// that lies closest to the pixels of the paper. Which these are is not known
// before the surface is, so both are found in turns: the surface is fitted to
// the pixels that are near it, then those near the new surface are taken, and
// so on. It begins level, at the median of all pixels. A few thousand of them,
// spread over the picture, are enough. It is not ok if
// few are near, or near is not very near, as where a shadow has an edge.
func fitPaper(colour *plane) (paper *plane, ok bool) {
	var samples []sample
	const golden = 0.618033988749895 // the parts of its multiples behind the point are spread evenly, and keep no step with anything in the picture
	for n := range min(4000, len(colour.data)) {
		_, part := math.Modf(float64(n) * golden)
		k := int(part * float64(len(colour.data)))
		samples = append(samples, sample{terms(colour, k), colour.data[k]})
	}
	distance := make([]float64, len(samples))
	for i, s := range samples {
		distance[i] = s.value // from 0, that is
	}
	p := [6]float64{quantile(distance, 0.5)}
	var near []sample
	limit := 0.0
	for range 8 {
		for i, s := range samples {
			distance[i] = math.Abs(s.value - dot(p, s.terms))
		}
		limit = 2.5*quantile(distance, 0.5) + 0.01 // most of the paper is nearer, ink hardly ever
		near = near[:0]
		for i, s := range samples {
			if distance[i] <= limit {
				near = append(near, s)
			}
		}
		p = leastSquares(near)
	}
	paper = newPlane(colour.rows, colour.cols)
	for k := range paper.data {
		paper.data[k] = dot(p, terms(paper, k))
	}
	return paper, limit < 0.06 && len(near) > len(samples)*6/10
}

// A sample is a pixel that a surface is fitted to.
type sample struct {
	terms [6]float64 // 1, x, y, x², xy, y²
	value float64
}

// terms returns 1, x, y, x², xy, y² for pixel k of p; x and y go from −1 to 1.
func terms(p *plane, k int) [6]float64 {
	x := (2*float64(k%p.cols)+1)/float64(p.cols) - 1
	y := (2*float64(k/p.cols)+1)/float64(p.rows) - 1
	return [6]float64{1, x, y, x * x, x * y, y * y}
}

// dot returns p₀t₀ + … + p₅t₅, the height of the surface p where its terms are t.
func dot(p, t [6]float64) float64 {
	sum := 0.0
	for i := range p {
		sum += p[i] * t[i]
	}
	return sum
}

// leastSquares returns the surface p for which the sum over the samples of
// (value − p·terms)² is smallest. There its derivatives by p₀ … p₅ are 0, which
// makes six linear equations, the normal equations: Σ terms·termsᵀ p = Σ terms·value.
func leastSquares(samples []sample) [6]float64 {
	var a [6][7]float64 // row i is equation i, its right side last
	for _, s := range samples {
		for i, t := range s.terms {
			for j, u := range s.terms {
				a[i][j] += t * u
			}
			a[i][6] += t * s.value
		}
	}
	return solve(a)
}

// solve solves six linear equations by Gauss-Jordan elimination. An unknown
// that they leave open becomes 0.
func solve(a [6][7]float64) (p [6]float64) {
	var known [6]bool
	for i := range 6 {
		best := i // the row with the number in column i that is farthest from 0
		for k := i; k < 6; k++ {
			if math.Abs(a[k][i]) > math.Abs(a[best][i]) {
				best = k
			}
		}
		a[i], a[best] = a[best], a[i]
		known[i] = math.Abs(a[i][i]) > 1e-9
		if !known[i] {
			continue
		}
		for k := range 6 {
			if k == i {
				continue
			}
			factor := a[k][i] / a[i][i]
			for j := i; j < 7; j++ {
				a[k][j] -= factor * a[i][j]
			}
		}
	}
	for i := range 6 {
		if known[i] {
			p[i] = a[i][6] / a[i][i]
		}
	}
	return p
}

// measure returns how much ink is where some has been found, and next to that:
// which part of the light it takes from its paper, so that it is as dark in a
// shadow as beside it. The paper under the ink is thought to go evenly from what is
// on one side of it to what is on the other.
func measure(v, ink *plane) *plane {
	r := max(ink.rows, ink.cols)/100 + 1
	marks := part(thicken(ink, r), image.Rect(r, r, r+ink.cols, r+ink.rows))
	down, across := bridged(v, marks), transposed(bridged(transposed(v), transposed(marks)))
	depth, grain := newPlane(ink.rows, ink.cols), grain(v)
	var full, rough []float64 // the depth of what is surely ink; the grain of what is surely paper
	for k, m := range marks.data {
		if m == 0 {
			rough = append(rough, grain[k]/max(v.data[k], 0.05))
			continue
		}
		paper := (down.data[k] + across.data[k]) / 2
		depth.data[k] = (paper - v.data[k]) / max(paper, 0.05)
		if ink.data[k] > 0.5 {
			full = append(full, depth.data[k])
		}
	}
	if len(full) == 0 || len(rough) == 0 {
		return ink
	}
	noise, darkest := min(0.2, 3*quantile(rough, 0.5)), quantile(full, 0.9)
	if darkest < 2*noise { // the paper varies as much: what has been found is as good
		return ink
	}
	return graded(depth, noise, darkest)
}
