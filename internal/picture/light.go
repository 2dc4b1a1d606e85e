package picture

import (
	"math"
	"slices"
)

// This file evens out the light of a lamp.

// flatten returns a picture in one colour without the light that falls from one side or is
// brightest in the middle: the paper is subtracted, and its mean added. The paper is the surface
//
//	p(x, y) = p₀ + p₁x + p₂y + p₃(x² − ⅓) + p₄xy + p₅(y² − ⅓)
//
// that lies closest to the pixels of the paper. Which pixels these are is not known
// before the surface is, so both are found in turns. It begins level, at the median of
// all pixels; then it is fitted to the pixels near it, then to those near the new one,
// and so on. A few thousand pixels are enough. A picture stays as it is if few are near in
// the end, or near is far, as where a shadow has an edge, or if its paper is even already.
func flatten(v *plane) *plane {
	const samples, rounds = 4000, 20
	var at [][6]float64 // the terms at some pixels
	var rest []float64  // their brightness, less the surface
	for k := 0; k < len(v.data); k += 1 + len(v.data)/samples {
		at, rest = append(at, terms(v, k)), append(rest, v.data[k])
	}
	p := [6]float64{quantile(rest, 0.5)}
	distance, limit, near := make([]float64, len(rest)), 0.0, 0
	for range rounds {
		for n := range rest {
			rest[n] = v.data[n*(1+len(v.data)/samples)] - height(p, at[n])
			distance[n] = math.Abs(rest[n])
		}
		limit, near = 2.5*quantile(distance, 0.5)+0.01, 0 // most of the paper is nearer, ink hardly ever
		for i := range p {                                // what the other terms leave, this one takes
			sum, squares, count := 0.0, 1e-9, 0
			for n, r := range rest {
				if distance[n] <= limit {
					sum, squares, count = sum+r*at[n][i], squares+at[n][i]*at[n][i], count+1
				}
			}
			for n := range rest {
				rest[n] -= sum / squares * at[n][i]
			}
			p[i], near = p[i]+sum/squares, count
		}
	}
	paper, flat := newPlane(v.rows, v.cols), newPlane(v.rows, v.cols)
	mean := 0.0
	for k := range paper.data {
		paper.data[k] = height(p, terms(v, k))
		mean += paper.data[k] / float64(len(paper.data))
	}
	if limit > 0.06 || near < len(rest)*6/10 || slices.Max(paper.data)-slices.Min(paper.data) < 0.1 {
		return v
	}
	for k := range flat.data {
		flat.data[k] = v.data[k] - paper.data[k] + mean
	}
	return flat
}

// terms returns 1, x, y, x² − ⅓, xy and y² − ⅓ at pixel k, where x and y go from −1 to 1
// across the picture. Over a whole picture the product of any two is 0 on average, so each
// can be fitted alone, in turns.
func terms(p *plane, k int) [6]float64 {
	x := (2*float64(k%p.cols)+1)/float64(p.cols) - 1
	y := (2*float64(k/p.cols)+1)/float64(p.rows) - 1
	return [6]float64{1, x, y, x*x - 1.0/3, x * y, y*y - 1.0/3}
}

// height returns p₀ + p₁x + …, the height of the surface p where the terms are t.
func height(p, t [6]float64) (sum float64) {
	for i := range p {
		sum += p[i] * t[i]
	}
	return sum
}
